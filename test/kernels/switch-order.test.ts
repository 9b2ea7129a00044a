/**
 * The order of MTE register accesses and barriers of our world switch against that of Debian's own arm64 kernels, which have
 * KVM's switch for both modes. An installer image from a package is one; SWITCHYARD_KERNEL names another file, such as the
 * vmlinuz of a linux-image package. The files carry no symbols: see paths.ts and switch-order.ts for what is looked for.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readElf } from '../../shared/asm/elf-read.ts'
import { buildImage, handoverConfig } from '../guests/run-guest.ts'
import { type Code, codeOf } from './code.ts'
import { accessOf } from './paths.ts'
import { differences, findSequences, type Sequence, type SequenceKind } from './switch-order.ts'

const noKernel = 'no arm64 kernel: Debian’s debian-installer-12-netboot-arm64 is not installed'
const files = [
  ...globSync('/usr/lib/debian-installer/images/*/arm64/text/debian-installer/arm64/linux'),
  process.env.SWITCHYARD_KERNEL ?? '',
].filter((file) => file !== '' && existsSync(file))

const kinds: readonly SequenceKind[] = ['enter', 'exit', 'save', 'restore']
const modes = ['vhe', 'nvhe'] as const
type Mode = (typeof modes)[number]

const banner = (bytes: Uint8Array): string =>
  /Linux version [^\n\0]*/.exec(Buffer.from(bytes).toString('latin1'))?.[0] ?? 'no kernel by its text'

/**
 * The kernel links its code for EL2 of nVHE behind all other code (HYPERVISOR_TEXT in its linker script), so of two copies the
 * later one is that of nVHE.
 */
function kernelSequences(code: Code, mode: Mode): Partial<Record<SequenceKind, Sequence>> {
  const found = findSequences(code, mode === 'vhe')
  return Object.fromEntries(
    kinds.map((kind) => {
      const copies = found.filter((sequence) => sequence.kind === kind)
      expect(copies.length, `${kind}: copies in the kernel`).toBe(2)
      return [kind, copies[mode === 'vhe' ? 0 : 1]]
    }),
  )
}

/** Our image as it is executed: nothing in it is replaced. */
function ourSequences(mode: Mode): Sequence[] {
  const config = handoverConfig().replace(/CFG_PAUTH,\s*0/, 'CFG_PAUTH, 1')
  const image = readElf(buildImage(config, {}, mode), 'image.elf')
  return image.segments
    .filter(({ flags }) => flags & 1)
    .flatMap(({ bytes }) =>
      findSequences({ words: codeOf(bytes).words, alternatives: new Map() }, mode === 'vhe'),
    )
}

const hasKeys = ({ order }: Sequence): boolean => order.some((text) => text.endsWith(' keys'))

/** Every sequence of ours against the kernel's. */
function compareWith(code: Code, mode: Mode): { lines: string[]; compared: number; keys: number } {
  const theirs = kernelSequences(code, mode)
  const ours = ourSequences(mode)
  const lines = ours.flatMap((sequence) => {
    const other = theirs[sequence.kind]!
    return differences(sequence.order, other.order).map((line) => `${mode} ${sequence.kind}: ${line}`)
  })
  for (const kind of kinds)
    expect(
      ours.map((sequence) => sequence.kind),
      mode,
    ).toContain(kind)
  return { lines, compared: ours.length, keys: ours.filter(hasKeys).length }
}

const title = `the order of the switch${files.length === 0 ? ` (${noKernel})` : ''}`
describe.skipIf(files.length === 0)(title, () => {
  it.each(files)('is that of %s', { timeout: 120_000 }, (file) => {
    const code = codeOf(readFileSync(file))
    expect(code.alternatives.size).toBeGreaterThan(1000)
    for (const mode of modes) {
      const { enter, exit } = kernelSequences(code, mode)
      // What the facts about KVM say: TBZ of ATA, RGSR_EL1 first, and the one ISB behind the host's values.
      const pair = ['MRS RGSR_EL1', 'MRS GCR_EL1', 'MSR RGSR_EL1', 'MSR GCR_EL1']
      expect(enter!.withoutKeys.slice(-6)).toEqual([...pair, 'MSR SP_EL0', 'ERET'])
      expect(exit!.withoutKeys.slice(1, 7)).toEqual(['MRS HCR_EL2 for bit 56', ...pair, 'ISB'])
      expect(compareWith(code, mode).lines).toEqual([])
    }
  })

  it('says which kernel it looked at', { timeout: 120_000 }, ({ task }) => {
    task.meta.report = files
      .map((file) => {
        const bytes = readFileSync(file)
        const code = codeOf(bytes)
        const counts = modes.map((mode) => {
          const { compared, keys } = compareWith(code, mode)
          // Keys are switched by the entry and the exit, with an ISB of their own.
          expect(keys).toBe(2)
          return `${compared} sequences of ${mode}`
        })
        return `${banner(bytes)}: the order of ${counts.join(' and ')} is the kernel’s`
      })
      .join('; ')
    expect(task.meta.report).toContain('Linux version')
  })

  /** A copy of the kernel in which the two words of a sequence that access these registers have changed places. */
  function swapped(code: Code, from: number, first: string, second: string): Code {
    const words = code.words.slice()
    const at = (text: string): number => {
      for (let i = from; i < from + 200; i++)
        if (text === 'ISB' ? words[i] === 0xd503_3fdf : accessOf(words[i]!) === text) return i
      throw new Error(`no ${text}`)
    }
    const gate = at(first)
    const other = first === 'MSR GCR_EL1' ? gate + 1 : at(second)
    ;[words[gate], words[other]] = [words[other]!, words[gate]!]
    return { words, alternatives: code.alternatives }
  }

  it.each(modes)(
    'is found to differ where a pair of the kernel is swapped: %s',
    { timeout: 120_000 },
    (mode) => {
      const code = codeOf(readFileSync(files[0]!))
      const { enter, exit, save, restore } = kernelSequences(code, mode)
      const tfsr = mode === 'vhe' ? 'TFSR_EL12' : 'TFSR_EL1'
      const linesOf = (changed: Code): string[] => compareWith(changed, mode).lines
      // The barrier of the exit before the last write.
      expect(linesOf(swapped(code, exit!.offset / 4, 'MSR GCR_EL1', 'ISB'))).toEqual([
        `${mode} exit: step 10: MSR GCR_EL1 here, ISB in the kernel`,
        `${mode} exit: step 11: ISB here, MSR GCR_EL1 in the kernel`,
      ])
      expect(linesOf(swapped(code, enter!.offset / 4, 'MSR RGSR_EL1', 'MSR GCR_EL1'))).toEqual([
        `${mode} enter: step 8: MSR RGSR_EL1 here, MSR GCR_EL1 in the kernel`,
        `${mode} enter: step 9: MSR GCR_EL1 here, MSR RGSR_EL1 in the kernel`,
      ])
      // In the words of the file the name is an alternative in some kernels: then the swapped pair leaves its record behind.
      for (const [list, access] of [
        [save!, 'MRS'],
        [restore!, 'MSR'],
      ] as const) {
        const there = [`${access} ${tfsr}`, `${access} TFSR_EL1`].find((text) =>
          Array.from({ length: 60 }, (_, i) => accessOf(code.words[list.offset / 4 + i]!)).includes(text),
        )!
        const plain = { words: code.words, alternatives: new Map() }
        const lines = linesOf({
          ...swapped(plain, list.offset / 4, there, `${access} TFSRE0_EL1`),
          alternatives: code.alternatives,
        })
        expect(lines.length, lines.join('\n')).toBeGreaterThan(0)
        expect(lines.every((line) => line.startsWith(`${mode} ${list.kind}: `))).toBe(true)
      }
    },
  )
})
