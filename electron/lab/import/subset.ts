import type { LineLedger } from './line-ledger.ts'
import { slotOfRegister } from './macro-code.ts'
import type { DiffLine, FileDiff } from './quoted-diff.ts'

/** What the patch says outside of the two macros, in terms of a policy. */
export interface PolicyChanges {
  /** Offsets that it declares, by symbol: the slot that each names. */
  offsets: Map<string, string>
  /** Switches of the policy that it decides. */
  switches: Map<string, 0 | 1>
  /** An ISB behind the call of a macro in entry.S. */
  isbBehind: Set<'mte_switch_to_guest' | 'mte_switch_to_hyp'>
}

type ReadFile = (file: FileDiff, changes: PolicyChanges, ledger: LineLedger) => void

/** The files of the subset other than the macros' own, each with its reader. */
export const subsetFiles: Readonly<Record<string, ReadFile>> = {
  'arch/arm64/kernel/asm-offsets.c': readOffsets,
  'arch/arm64/include/asm/kvm_host.h': readSlots,
  'arch/arm64/include/asm/sysreg.h': readControls,
  'arch/arm64/kvm/hyp/entry.S': readEntry,
  'arch/arm64/kvm/hyp/include/hyp/sysreg-sr.h': readSaveLists,
}

/** The file of the macros. */
export const MACRO_FILE = 'arch/arm64/include/asm/kvm_mte.h'

/** Whether a file outside of the subset has a part in the switch, so that to pass over it would be a guess. */
export const isOfSwitch = (path: string): boolean => /^arch\/arm64\/kvm\/hyp\//.test(path)

const EMPTY = /^(\/\*.*\*\/|\/\*.*|\*.*|\/\/.*|#\s*include\b.*)?$/

/** Speaks of each line that a hunk changes; context and comments are passed over. */
function eachChange(
  { hunks }: FileDiff,
  ledger: LineLedger,
  read: (line: DiffLine, context: string) => void,
): void {
  for (const { lines, context } of hunks) {
    let place = context
    for (const line of lines) {
      const named = /\b(\w+)\s*\([^;]*$/.exec(line.text)
      if (named && !/^(if|for|while|switch|return)$/.test(named[1]!)) place = line.text
      if (line.sign === ' ') ledger.ignore(line.line, 'context')
      else if (EMPTY.test(line.text))
        ledger.ignore(line.line, line.text === '' ? 'empty' : 'comment or include')
      else read(line, place)
    }
  }
}

const DEFINE = /^DEFINE\(\s*(\w+)\s*,\s*offsetof\(struct kvm_cpu_context, sys_regs\[(\w+)\]\)\s*\);$/

function readOffsets(file: FileDiff, { offsets }: PolicyChanges, ledger: LineLedger): void {
  eachChange(file, ledger, ({ line, sign, text }) => {
    const [, symbol = '', register = ''] = DEFINE.exec(text) ?? []
    const slot = slotOfRegister[register]
    if (slot === undefined) {
      ledger.reject(line, `the subset takes offsets of ${Object.keys(slotOfRegister).join(', ')} only`)
      return
    }
    if (sign === '+') offsets.set(symbol, slot)
    else offsets.delete(symbol)
    ledger.accept(line, `${sign === '+' ? 'declares' : 'takes out'} the offset ${symbol}`)
  })
}

function readSlots(file: FileDiff, _changes: PolicyChanges, ledger: LineLedger): void {
  eachChange(file, ledger, ({ line, sign, text }) => {
    const register = /^(\w+),(\s*\/\*.*\*\/)?$/.exec(text)?.[1] ?? ''
    if (sign === '+' && register in slotOfRegister)
      ledger.accept(line, `a slot for ${register}: the lab’s context has it`)
    else ledger.reject(line, 'the subset takes new slots of the MTE registers only')
  })
}

/** Flags of SCTLR_EL2 that a policy has a switch for. */
const controls: Readonly<Record<string, string>> = {
  SCTLR_ELx_ITFSB: 'POLICY_EL2_ITFSB',
  SCTLR_EL2_EIS: 'POLICY_EL2_EIS',
  SCTLR_EL2_EOS: 'POLICY_EL2_EOS',
  SCTLR_ELx_EIS: 'POLICY_EL2_EIS',
  SCTLR_ELx_EOS: 'POLICY_EL2_EOS',
}

function readControls(file: FileDiff, { switches }: PolicyChanges, ledger: LineLedger): void {
  for (const { lines } of file.hunks) {
    const flags = (sign: '+' | '-') =>
      new Set(
        lines
          .filter((one) => one.sign === sign)
          .flatMap(({ text }) => text.match(/\bSCTLR_\w+|\bENDIAN_\w+/g) ?? []),
      )
    const [added, removed] = [flags('+'), flags('-')]
    const differing = [...added, ...removed].filter((flag) => added.has(flag) !== removed.has(flag))
    const unknown = differing.find((flag) => !(flag in controls))
    const inInit = lines.some(({ text }) => /\bINIT_SCTLR_EL2_MMU_ON\b/.test(text))
    for (const { line, sign, text } of lines) {
      if (sign === ' ') ledger.ignore(line, 'context')
      else if (EMPTY.test(text)) ledger.ignore(line, 'comment or include')
      else if (/^#define SYS_(RGSR|GCR|TFSR|TFSRE0)_EL/.test(text))
        ledger.ignore(line, 'the encoding of a register, which the assembler knows')
      else if (!inInit) ledger.reject(line, 'the subset takes changes of INIT_SCTLR_EL2_MMU_ON only')
      else if (unknown !== undefined) ledger.reject(line, `no policy has a switch for ${unknown}`)
      else if (!/^[\w\s|()\\#]*$/.test(text)) ledger.reject(line, 'this is no list of flags')
      else
        ledger.accept(
          line,
          differing.length > 0 ? `SCTLR_EL2: ${differing.join(', ')}` : 'the same flags, written otherwise',
        )
    }
    if (inInit && unknown === undefined)
      for (const flag of differing) switches.set(controls[flag]!, added.has(flag) ? 1 : 0)
  }
}

/** How entry.S calls the macros, and what must stand near: the lab's hypervisor has them at the same places. */
const calls = [
  {
    name: 'mte_switch_to_guest',
    text: /^mte_switch_to_guest\s+x29,\s*x1,\s*x2$/,
    near: /ptrauth_switch_to_guest|VCPU_CONTEXT|Restore the guest's sp_el0/,
  },
  {
    name: 'mte_switch_to_hyp',
    text: /^mte_switch_to_hyp\s+x1,\s*x2,\s*x3$/,
    near: /ptrauth_switch_to_hyp|sp_el0/,
  },
] as const

function readEntry({ hunks }: FileDiff, { isbBehind }: PolicyChanges, ledger: LineLedger): void {
  for (const { lines } of hunks) {
    const near = lines.filter(({ sign }) => sign === ' ').map(({ text }) => text)
    let call: (typeof calls)[number] | null = null
    for (const { line, sign, text } of lines) {
      const named = calls.find((one) => one.text.test(text))
      if (named) call = named
      if (sign === ' ') ledger.ignore(line, 'context')
      else if (EMPTY.test(text)) ledger.ignore(line, text === '' ? 'empty' : 'comment or include')
      else if (named && sign === '+') {
        if (near.some((one) => named.near.test(one)))
          ledger.accept(line, `calls ${named.name}, where the lab’s hypervisor does`)
        else ledger.reject(line, `calls ${named.name} at a place where the lab’s hypervisor does not`)
      } else if (text === 'isb' && sign === '+' && call !== null) {
        isbBehind.add(call.name)
        ledger.accept(line, `an ISB behind ${call.name}, for every VM`)
      } else ledger.reject(line, 'the subset takes calls of the two macros in entry.S, and an ISB behind one')
      if (!named && sign !== '-' && text !== '' && text !== 'isb' && !EMPTY.test(text)) call = null
    }
  }
}

const SAVE =
  /^ctxt_sys_reg\(ctxt, (TFSR_EL1|TFSRE0_EL1)\) = read_sysreg(?:_el1|_s)?\(SYS_(TFSR|TFSR_EL1|TFSRE0_EL1)\);$/
const RESTORE =
  /^write_sysreg(?:_el1|_s)?\(ctxt_sys_reg\(ctxt, (TFSR_EL1|TFSRE0_EL1)\),\s*SYS_(TFSR|TFSR_EL1|TFSRE0_EL1)\);$/

/** The lists of C: TFSR_EL1 and TFSRE0_EL1 with the EL1 state, gated by the VM's flag. The gate's own helper is passed over. */
function readSaveLists(file: FileDiff, { switches }: PolicyChanges, ledger: LineLedger): void {
  const gone = new Map<string, Set<'save' | 'restore'>>()
  let helper = 0
  let last = ''
  eachChange(file, ledger, ({ line, sign, text }, place) => {
    if (sign === '+' && /\bctxt_has_mte\(struct kvm_cpu_context \*ctxt\)$/.test(text)) helper = 1
    if (helper > 0) {
      ledger.ignore(line, 'the helper that asks for the VM’s flag: the gate here is that flag')
      if (/^}/.test(text)) helper = 0
      return
    }
    if (/^if \(ctxt_has_mte\(ctxt\)\) {?$/.test(text)) {
      ledger.accept(line, 'for VMs with MTE')
      return
    }
    const save = SAVE.exec(text)
    const restore = RESTORE.exec(text)
    const register = (save ?? restore)?.[1]
    if (/^}$/.test(text) && last !== '') {
      ledger.accept(line, 'ends the gate')
      return
    }
    if (register === undefined) {
      ledger.reject(line, 'the subset takes saves and restores of TFSR_EL1 and TFSRE0_EL1 here')
      return
    }
    last = register
    if (place !== '' && !/__sysreg_(save|restore)_el1_state/.test(place)) {
      ledger.reject(line, `the lab’s hypervisor has ${register} with the EL1 state, not in: ${place}`)
      return
    }
    const what = save ? 'save' : 'restore'
    if (sign === '+') switches.set(`POLICY_${register.replace('_EL1', '')}_SWITCH`, 1)
    else gone.set(register, new Set([...(gone.get(register) ?? []), what]))
    ledger.accept(line, `${sign === '-' ? 'takes out the ' : ''}${what} of ${register} with the EL1 state`)
  })
  for (const [register, which] of gone) {
    if (which.size === 2) switches.set(`POLICY_${register.replace('_EL1', '')}_SWITCH`, 0)
    else
      for (const { lines } of file.hunks)
        for (const { line, sign, text } of lines)
          if (sign === '-' && text.includes(register))
            ledger.reject(line, `a policy has one switch for save and restore of ${register}: take out both`)
  }
}
