import { type CostClass, costClasses } from '../../shared/arch/cost.ts'
import type { StopReason } from '../../shared/model/trace.ts'
import { spawnPe } from '../workers/bundled.ts'
import { startMachine } from '../workers/machine-client.ts'
import type { MachinePlan } from '../workers/plan.ts'
import { integerFlag, memoryFlag, onOffFlag, secondsFlag } from './arguments.ts'
import { bootUnderGdb } from './boot-gdb.ts'
import { readInput } from './files.ts'
import { forwardInput } from './keyboard.ts'
import { bootStats } from './text.ts'
import { type Arguments, exitOfSignal, exits, type Terminal, type Verb } from './verb.ts'

const MAX_PES = 16
const DEFAULT_MEMORY_BYTES = 256 << 20

export const boot: Verb = {
  name: 'boot',
  summary: 'boots a bare-metal program or a kernel on the emulated board',
  operands: [{ name: 'FILE', doc: 'an AArch64 ELF program, an arm64 Image (also gzipped), or a raw binary' }],
  flags: {
    el: { value: 'N', doc: 'EL that it starts at: 2, the default, or 1 on a machine without EL2' },
    append: { value: 'TEXT', doc: 'command line of the kernel' },
    initrd: { value: 'FILE', doc: 'initial RAM disk of the kernel' },
    cpus: { value: 'N', doc: `PEs, 1 to ${MAX_PES}; default 1` },
    memory: { value: 'SIZE', doc: 'RAM, such as 256M, the default' },
    mte: { value: 'N', doc: 'ID_AA64PFR1_EL1.MTE, 0 to 3; default 3' },
    pauth: { value: 'on|off', doc: 'pointer authentication (QARMA5); default on' },
    'max-instructions': { value: 'N', doc: 'stop after so many instructions of all PEs (exit 124)' },
    timeout: { value: 'S', doc: 'stop after so many seconds (exit 124)' },
    gdb: { value: 'PORT', doc: 'wait for gdb on a port of 127.0.0.1 (0: any); deterministic, model clock' },
    stats: { doc: 'instructions, time and rate on standard error at the end' },
  },
  notes: [
    'The board is that of qemu-system-aarch64 -M virt,gic-version=3,mte=on: --el 2 is its virtualization=on, PSCI by SMC;',
    '--el 1 its virtualization=off, PSCI by HVC. An Image or raw binary finds the device tree by X0; for an ELF program it',
    'is at the start of RAM where the program leaves room. On a terminal every key goes to the UART, Ctrl+C too; Ctrl+A x leaves.',
  ],
  example: 'boot prog.elf --timeout 10 --stats',
  async run(args, terminal) {
    const plan = bootPlan(args)
    const port = integerFlag(args, 'gdb', 0, 65_535)
    if (port !== undefined) {
      const end = await bootUnderGdb(plan, port, terminal)
      return typeof end === 'string' ? exitOfSignal(end) : exitOf(end, terminal)
    }
    const events = { trace() {}, status() {}, console: terminal.out }
    const machine = await startMachine(plan, events, spawnPe)
    const keyboard = forwardInput(terminal.stdin, machine)
    const ended = machine.ended.then(() => null)
    const signal = await Promise.race([terminal.interrupted, ended, keyboard.left.then(() => null)])
    const end = await machine.stop()
    keyboard.release()
    if (args.has('stats')) terminal.err(bootStats(end.pes, end.hostNs))
    return signal ? exitOfSignal(signal) : exitOf(end.reason, terminal)
  },
}

function bootPlan(args: Arguments): MachinePlan {
  const file = args.operands[0]!
  const instructions = integerFlag(args, 'max-instructions', 1, Number.MAX_SAFE_INTEGER)
  const seconds = secondsFlag(args, 'timeout')
  const initrd = args.value('initrd')
  const commandLine = args.value('append')
  return {
    pes: integerFlag(args, 'cpus', 1, MAX_PES) ?? 1,
    memoryBytes: memoryFlag(args, 'memory') ?? DEFAULT_MEMORY_BYTES,
    features: {
      mte: (integerFlag(args, 'mte', 0, 3) ?? 3) as 0 | 1 | 2 | 3,
      mteAsync: true,
      ras: true,
      exs: false,
      pauth: onOffFlag(args, 'pauth') ?? true,
      el2: (integerFlag(args, 'el', 1, 2) ?? 2) === 2,
    },
    sync: 'eager',
    release: 'ddi0487-m',
    schedule: { kind: 'parallel', quantum: 0, seed: 0 },
    costs: Object.fromEntries(costClasses.map((name) => [name, 1])) as Record<CostClass, number>,
    clock: 'host',
    unknown: 'zero',
    inputOpen: true,
    probes: { registers: [], switches: false, faults: false, events: false },
    stop: {
      ...(instructions === undefined ? {} : { instructions }),
      ...(seconds === undefined ? {} : { seconds }),
    },
    image: {
      bytes: readInput(file),
      file,
      ...(initrd === undefined ? {} : { initrd: { bytes: readInput(initrd), file: initrd } }),
      ...(commandLine === undefined ? {} : { commandLine }),
    },
  }
}

function exitOf(reason: StopReason, terminal: Terminal): number {
  switch (reason.kind) {
    case 'exit':
      return reason.code & 0xff
    case 'limit':
      terminal.err(`switchyard: stopped at the limit of ${reason.which}\n`)
      return exits.limit
    case 'lockup':
      terminal.err(`switchyard: PE ${reason.pe} locked up: ${reason.message}\n`)
      return exits.lockup
    case 'stopped':
      return exits.ran
    case 'model-error':
      terminal.err(`switchyard: PE ${reason.pe} cannot go on: ${reason.message}\n`)
      return exits.bug
    case 'failed':
      throw new Error(`${reason.message}\n${reason.stack ?? ''}`)
  }
}
