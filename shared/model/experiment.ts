import Type from 'typebox'
import { defaultScope, scopeItems } from '../arch/synchronisation.ts'

/**
 * What an experiment file may say, declared once. resources/schema/experiment.schema.json, the static types below, the
 * defaults, the checks and the paths that `--set` knows are derived from it. The file is JSON with comments.
 *
 * Every property that has a default may be left out. A description says unit, default and allowed values, since it is
 * what an editor shows and what an error's remedy quotes.
 */

const closed = { additionalProperties: false } as const
const described = <T extends object>(description: string, more: T) => ({ description, ...more })

const seed = (what: string) =>
  Type.Optional(
    Type.Integer(
      described(`${what} 0 to 4294967295; default 1.`, { minimum: 0, maximum: 0xffff_ffff, default: 1 }),
    ),
  )

const exclude = (whose: string) =>
  Type.Optional(
    Type.Union(
      [Type.Integer({ minimum: 0, maximum: 0xffff }), Type.String({ pattern: '^0[xX][0-9a-fA-F]{1,4}$' })],
      described(
        `${whose} GCR_EL1.Exclude: bit t set keeps IRG from drawing tag t. A number, or "0x" and hex digits; 16 bits; default 1 (tag 0).`,
        {
          default: 1,
        },
      ),
    ),
  )

const checks = (whose: string, value: 'none' | 'sync' | 'async' | 'asym') =>
  Type.Optional(
    Type.Enum(
      ['none', 'sync', 'async', 'asym'],
      described(
        `${whose} tag checks (SCTLR_EL1.TCF and TCF0): none, sync, async or asym; default ${value}.`,
        { default: value },
      ),
    ),
  )

const rrnd = (whose: string) =>
  Type.Optional(
    Type.Enum(
      [0, 1],
      described(
        `${whose} GCR_EL1.RRND: 0 draws tags by the RGSR_EL1 sequence, 1 in the machine's own way; default 0.`,
        { default: 0 },
      ),
    ),
  )

const faultEvery = (whose: string) =>
  Type.Optional(
    Type.Integer(
      described(
        `${whose} makes one access with a wrong tag every so many rounds; 0 is never, and the default.`,
        {
          minimum: 0,
          maximum: 0xffff_ffff,
          default: 0,
        },
      ),
    ),
  )

const defaultOf = (text: string, value: unknown, inherited: boolean) =>
  inherited
    ? described(`${text}; default as machine says.`, {})
    : described(`${text}; default ${value}.`, { default: value })

/** What a PE implements: of the whole machine, or (inherited) of one PE that differs from it. */
const features = (inherited: boolean) => ({
  mte: Type.Optional(
    Type.Enum(
      [0, 1, 2, 3],
      defaultOf(
        'ID_AA64PFR1_EL1.MTE: 0 none, 1 instructions only, 2 tag storage and checks, 3 also asymmetric checks',
        3,
        inherited,
      ),
    ),
  ),
  mteAsync: Type.Optional(
    Type.Boolean(
      defaultOf('FEAT_MTE_ASYNC with mte 2 (mte 3 has it in any case): true or false', true, inherited),
    ),
  ),
  ras: Type.Optional(Type.Boolean(defaultOf('FEAT_RAS and FEAT_IESB: true or false', true, inherited))),
  exs: Type.Optional(
    Type.Boolean(
      defaultOf(
        'FEAT_ExS: SCTLR_ELx.EIS and EOS may switch off the synchronisation of exception entry and return',
        false,
        inherited,
      ),
    ),
  ),
  pauth: Type.Optional(
    Type.Boolean(
      defaultOf(
        'FEAT_PAuth (with FEAT_PAuth2, FEAT_FPAC, FEAT_FPACCOMBINE and QARMA5): true or false',
        false,
        inherited,
      ),
    ),
  ),
  vhe: Type.Optional(
    Type.Enum(
      ['on', 'off', 'res1'],
      defaultOf(
        'FEAT_VHE: on, off (HCR_EL2.E2H is RES0), or res1 (E2H is RES1: what runs at EL2 is always a VHE host)',
        'on',
        inherited,
      ),
    ),
  ),
})

const machine = Type.Object(
  {
    pes: Type.Optional(
      Type.Integer(
        described('Physical PEs, each on a worker thread: 1 to 16; default 1.', {
          minimum: 1,
          maximum: 16,
          default: 1,
        }),
      ),
    ),
    memory: Type.Optional(
      Type.Union(
        [Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[1-9][0-9]*[KMG]$' })],
        described(
          'RAM: bytes, or a number with K, M or G such as "64M"; 16M to 3G, a multiple of 2M; default "64M".',
          { default: '64M' },
        ),
      ),
    ),
    ...features(false),
    sync: Type.Optional(
      Type.Enum(
        ['eager', 'latest', 'seeded', 'explore'],
        described(
          'When register writes and asynchronous tag faults take effect: eager (at once), latest (as late as the architecture allows), seeded (each at a legal moment drawn from machine.syncSeed) or explore (every legal execution is tried and judged by the switch contract; the run that is recorded is the one with the latest arrivals); default eager.',
          { default: 'eager' },
        ),
      ),
    ),
    syncSeed: seed(
      'Seed by which sync "seeded" chooses, apart from schedule.seed, so that one interleaving can be met with many arrivals:',
    ),
    syncSamples: Type.Optional(
      Type.Integer(
        described(
          'How many runs the switch contract judges of sync "seeded", each with the next seed from syncSeed on: 1 to 4096; default 16. Runs of more than 1000 switches are not judged.',
          { minimum: 1, maximum: 4096, default: 16 },
        ),
      ),
    ),
    syncScope: Type.Optional(
      Type.Array(
        Type.Enum(scopeItems),
        described(
          `What may be late: ${scopeItems.join(', ')} (SCTLR_ELx: the tag bits; HCR_EL2: ATA, E2H and TGE; TFSR: asynchronous tag faults; aliases: accesses by different names of one register); the rest takes effect at once. keys: those of pointer authentication. TCO: nothing is late, but whether a VHE host gets its PSTATE.TCO back from an exit is judged. Default all but aliases and TCO.`,
          { uniqueItems: true, default: [...defaultScope] },
        ),
      ),
    ),
    syncWindow: Type.Optional(
      Type.Enum(
        ['run', 'switch'],
        described(
          'When it may be late: run (always) or switch (from an exception entry to EL2 until the first context synchronisation event after the return from EL2); default run.',
          { default: 'run' },
        ),
      ),
    ),
    release: Type.Optional(
      Type.Enum(
        ['ddi0487-m', 'xml-2020-09'],
        described(
          'The document whose synchronisation classes hold: ddi0487-m or xml-2020-09 (RGSR_EL1 needs a context synchronisation event there); default ddi0487-m.',
          { default: 'ddi0487-m' },
        ),
      ),
    ),
    perPe: Type.Optional(
      Type.Array(
        Type.Object(
          {
            pe: Type.Integer(described('Which PE, counted from 0. Required.', { minimum: 0, maximum: 15 })),
            ...features(true),
          },
          described('What one PE implements otherwise.', closed),
        ),
        described('PEs that differ from what machine says, one entry a PE; default none.', {
          maxItems: 16,
          default: [],
        }),
      ),
    ),
  },
  described('The emulated machine.', { ...closed, default: {} }),
)

const hypervisor = Type.Object(
  {
    mode: Type.Optional(
      Type.Enum(
        ['nvhe', 'vhe'],
        described(
          'nvhe: the host runs at EL1 (HCR_EL2.E2H = 0); vhe: at EL2 (HCR_EL2.{E2H,TGE} = {1,1}), which needs machine.vhe on or res1; default nvhe.',
          { default: 'nvhe' },
        ),
      ),
    ),
    policy: Type.Optional(
      Type.String(
        described(
          'Which save, restore and barrier steps the hypervisor performs: a name in resources/hyp/policies; default mainline.',
          { minLength: 1, default: 'mainline' },
        ),
      ),
    ),
    source: Type.Optional(
      Type.String(
        described(
          'A file of your own in place of a bundled hypervisor: a policy NAME.inc (instead of hypervisor.policy), an image NAME.S (may include what lies in resources), or an ELF file, which runs as it is (vcpus then says which of its VMs, in the order of their VMIDs, have MTE). By its path from the experiment’s folder or the current one; default none.',
          { minLength: 1 },
        ),
      ),
    ),
    timers: Type.Optional(
      Type.Boolean(
        described(
          'Whether each VM has a virtual timer and its interrupt: the timer (CNTV_*, CNTVOFF_EL2) changes places at vcpu_load and vcpu_put, the virtual GIC (ICH_*) with it and around each run; true or false; default false.',
          { default: false },
        ),
      ),
    ),
    draws: Type.Optional(
      Type.Integer(
        described(
          'How many tags the nVHE hypervisor itself draws right behind each exit, 0 to 16: with any, EL2 has tag access (SCTLR_EL2.ATA = 1), which KVM’s has not; default 0.',
          { minimum: 0, maximum: 16, default: 0 },
        ),
      ),
    ),
  },
  described('The hypervisor at EL2.', { ...closed, default: {} }),
)

const host = Type.Object(
  {
    exclude: exclude("The host's"),
    rrnd: rrnd("The host's"),
    checks: checks("The host's", 'none'),
    seed: seed('Seed that the host writes to RGSR_EL1.SEED (its low 16 bits):'),
    faultEvery: faultEvery('The host'),
    faultBy: Type.Optional(
      Type.Array(
        Type.Enum(['load', 'store', 'task-store'], described('One way to make it.', {})),
        described(
          "Which accesses host.faultEvery makes: load, store, and task-store (STTR to its task's memory: checked by TCF0, reported in TFSRE0_EL1); default all of them, in that order.",
          { uniqueItems: true, minItems: 1, default: ['load', 'store', 'task-store'] },
        ),
      ),
    ),
    faultAt: Type.Optional(
      Type.Enum(
        ['before-load', 'loaded'],
        described(
          'When they are made: before-load (before vcpu_load) or loaded (between vcpu_load and the first entry); default before-load. Under nvhe a load switches nothing, so it is the same.',
          { default: 'before-load' },
        ),
      ),
    ),
    readsTfsr: Type.Optional(
      Type.Boolean(
        described(
          'Whether the host looks at TFSR_EL1 and TFSRE0_EL1 and clears them after each vcpu_put (DSB NSH; ISB; MRS): true, or false as Linux without KASAN and asynchronous tasks; default true.',
          { default: true },
        ),
      ),
    ),
    checksTco: Type.Optional(
      Type.Boolean(
        described(
          'Whether the host compares PSTATE.TCO with host.tco when a run has come back, and counts a difference as bad; default false.',
          { default: false },
        ),
      ),
    ),
    probe: Type.Optional(
      Type.Enum(
        ['none', 'tag-draw'],
        described(
          'What the host executes first when a guest has left: none, or tag-draw (host.draws IRG instructions right behind the exit sequence, as code compiled with stack tagging may); default none.',
          { default: 'none' },
        ),
      ),
    ),
    draws: Type.Optional(
      Type.Integer(
        described('How many tags host.probe "tag-draw" draws: 1 to 16; default 1.', {
          minimum: 1,
          maximum: 16,
          default: 1,
        }),
      ),
    ),
    signs: Type.Optional(
      Type.Boolean(
        described(
          'Whether the host’s code behind an exit signs and authenticates its return address with key IA, as code compiled with branch protection does: true or false; needs machine.pauth; default false.',
          { default: false },
        ),
      ),
    ),
    otherExclude: Type.Optional(
      Type.Union(
        [Type.Integer({ minimum: 0, maximum: 0xffff }), Type.String({ pattern: '^0[xX][0-9a-fA-F]{1,4}$' })],
        described(
          'A second mask, written as host.exclude is: the host changes between the two before each vCPU that it takes, as between threads of its own; by default it keeps the one.',
          {},
        ),
      ),
    ),
    timer: Type.Optional(
      Type.Integer(
        described(
          "The host's timer interrupts a vCPU so many counts of CNTPCT_EL0 after its load (the host looks at TFSR_EL1 as it takes the interrupt); 0 is never, and the default.",
          { minimum: 0, maximum: 0x7fff_ffff, default: 0 },
        ),
      ),
    ),
    pendingEvery: Type.Optional(
      Type.Integer(
        described(
          "At every so many loads of each vCPU the host's timer is pending before the entry, with interrupts masked, so that the entry is given up; 0 is never, and the default.",
          { minimum: 0, maximum: 0xffff_ffff, default: 0 },
        ),
      ),
    ),
    illegalEvery: Type.Optional(
      Type.Integer(
        described(
          'At every so many loads of each vCPU its first entry is an illegal exception return (to EL3): it comes back without an instruction of the guest, and the host repairs it; 0 is never, and the default.',
          { minimum: 0, maximum: 0xffff_ffff, default: 0 },
        ),
      ),
    ),
    saveAt: Type.Optional(
      Type.Integer(
        described(
          'vCPU 0 is saved at the vcpu_put of its so-manieth load (registers, pages and tags), and ends here, to go on where another run restores it; 0 is never, and the default.',
          { minimum: 0, maximum: 0xffff_ffff, default: 0 },
        ),
      ),
    ),
    restore: Type.Optional(
      Type.String(
        described(
          'A file that another run saved its vCPU 0 to (switchyard save-vm): vCPU 0 goes on from it, with the same "mte"; by default it starts anew.',
          { minLength: 1 },
        ),
      ),
    ),
    moveLoaded: Type.Optional(
      Type.Boolean(
        described(
          'Whether the registers of the VM that is saved or restored are read and written while its vCPU is loaded, between vcpu_load and vcpu_put: true or false; default false.',
          { default: false },
        ),
      ),
    ),
    oneReg: Type.Optional(
      Type.Boolean(
        described(
          'Whether the host reads each register of a vCPU by its number at every exit, while the vCPU is loaded, writes it back and reads it again, as a VMM does by KVM_GET_ONE_REG and KVM_SET_ONE_REG; what comes back otherwise counts as bad: true or false; default false.',
          { default: false },
        ),
      ),
    ),
    task: Type.Optional(
      Type.Object(
        {
          checks: Type.Optional(
            Type.Enum(
              ['none', 'sync', 'async', 'asym'],
              described("The task's tag checks (TCF0): none, sync, async or asym; default none.", {
                default: 'none',
              }),
            ),
          ),
          exclude: exclude("The task's"),
          faultEvery: faultEvery('The task'),
        },
        described(
          "A task of the host's at EL0, as a VMM is: the host goes back to it after each vcpu_put. It clears TFSRE0_EL1 on the way and harvests it when the task comes in again; host.checks is then TCF alone. By default there is none.",
          closed,
        ),
      ),
    ),
    tagAccess: Type.Optional(
      Type.Boolean(
        described(
          "SCTLR_ELx.ATA of the host's EL while it schedules: true, or false (its IRG gives tag 0 and leaves RGSR_EL1 alone; it sets the bit only to clear the tags of a VM's pages); default true.",
          { default: true },
        ),
      ),
    ),
    tco: Type.Optional(
      Type.Enum(
        [0, 1],
        described(
          'PSTATE.TCO that the host sets before it takes the next vCPU: 0 its accesses are checked as host.checks says, 1 none is (Linux without KASAN, but for synchronous tasks); default 0.',
          { default: 0 },
        ),
      ),
    ),
  },
  described('The host kernel that schedules the vCPUs.', { ...closed, default: {} }),
)

const vcpu = Type.Object(
  {
    guest: Type.String(
      described(
        'The program that the vCPU runs: a name in resources/guests such as alloc, user or plain. Required.',
        { minLength: 1 },
      ),
    ),
    mte: Type.Optional(Type.Boolean(described('Whether the VM has MTE; default true.', { default: true }))),
    checks: checks("The guest's", 'none'),
    exclude: exclude("The guest's"),
    rrnd: rrnd("The guest's"),
    seed: seed('Seed that the guest writes to RGSR_EL1.SEED (its low 16 bits):'),
    rounds: Type.Optional(
      Type.Integer(
        described('Rounds that the guest works before it ends; 0 is endless; default 100.', {
          minimum: 0,
          maximum: 0xffff_ffff,
          default: 100,
        }),
      ),
    ),
    faultEvery: faultEvery('The guest'),
    faultAt: Type.Optional(
      Type.Enum(
        ['el1', 'el1-high', 'el0'],
        described(
          'Where guest edge makes its accesses with a wrong tag: el1, el1-high (at an address with bit 55 set) or el0; default el1. Other guests have their own places.',
          { default: 'el1' },
        ),
      ),
    ),
  },
  described('One vCPU, alone in its VM.', closed),
)

const schedule = Type.Object(
  {
    kind: Type.Optional(
      Type.Enum(
        ['deterministic', 'parallel'],
        described(
          'deterministic: PEs take turns, and the same experiment ends in the same state; parallel: PEs run freely; default deterministic.',
          { default: 'deterministic' },
        ),
      ),
    ),
    quantum: Type.Optional(
      Type.Integer(
        described(
          'Longest turn of a PE in a deterministic schedule, in instructions: 1 to 1000000; default 1000. A turn lasts between half of it and all of it, drawn from the seed, so that two loops cannot fall into step.',
          {
            minimum: 1,
            maximum: 1_000_000,
            default: 1000,
          },
        ),
      ),
    ),
    seed: seed('Seed of the order of turns:'),
  },
  described('How the PEs interleave.', { ...closed, default: {} }),
)

const injection = Type.Object(
  {
    pe: Type.Optional(
      Type.Integer(
        described('The PE that meets it, counted from 0; default 0.', {
          minimum: 0,
          maximum: 15,
          default: 0,
        }),
      ),
    ),
    instructions: Type.Integer(
      described('It is there when the PE has retired so many instructions. Required.', {
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
      }),
    ),
    kind: Type.Optional(
      Type.Enum(
        ['serror'],
        described('serror: a physical SError, as from a fault in the memory system; the default.', {
          default: 'serror',
        }),
      ),
    ),
    syndrome: Type.Optional(
      Type.Integer(
        described('ESR_ELx.ISS that it reports, on a PE with FEAT_RAS: 0 to 0x1ffffff; default 0.', {
          minimum: 0,
          maximum: 0x1ff_ffff,
          default: 0,
        }),
      ),
    ),
    inFlight: Type.Optional(
      Type.Boolean(
        described(
          'Whether the PE notices it only at its next error synchronization event (ESB, or entry and return with SCTLR_ELx.IESB); default false.',
          { default: false },
        ),
      ),
    ),
  },
  described('An error that happens at one place of the run.', closed),
)

const cost = Type.Object(
  {
    profile: Type.Optional(
      Type.String(
        described(
          'Model cycles per operation class: a name in resources/profiles; default unit (one cycle each).',
          { minLength: 1, default: 'unit' },
        ),
      ),
    ),
  },
  described('What operations cost.', { ...closed, default: {} }),
)

const probes = Type.Object(
  {
    registers: Type.Optional(
      Type.Array(
        Type.String({ minLength: 1 }),
        described(
          'System registers whose changes are recorded, by name; default: the MTE registers that the machine has, SCTLR_EL1 and HCR_EL2.',
          { uniqueItems: true, maxItems: 64 },
        ),
      ),
    ),
    events: Type.Optional(
      Type.Boolean(
        described(
          'Records every exception, barrier, tag draw, interrupt and mark as well, for the timeline (about 5 bytes each); default true.',
          { default: true },
        ),
      ),
    ),
  },
  described('What is recorded besides switches and tag faults, which always are.', {
    ...closed,
    default: {},
  }),
)

const limit = (what: string, maximum: number) =>
  Type.Optional(Type.Integer(described(what, { minimum: 1, maximum })))

const stop = Type.Object(
  {
    switches: limit(
      'Ends the run after so many world switches of all PEs together; no limit by default.',
      Number.MAX_SAFE_INTEGER,
    ),
    instructions: limit(
      'Ends the run after so many instructions of all PEs together; no limit by default.',
      Number.MAX_SAFE_INTEGER,
    ),
    seconds: Type.Optional(
      Type.Number(
        described(
          'Ends the run after so many seconds of host time; such an end is not reproducible; no limit by default.',
          { exclusiveMinimum: 0, maximum: 86_400 },
        ),
      ),
    ),
  },
  described('What ends a run before its guests do.', { ...closed, default: {} }),
)

export const experimentSchema = Type.Object(
  {
    name: Type.String(
      described('Identifier: lower-case letters, digits, dot, hyphen and underscore, at most 64. Required.', {
        pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
      }),
    ),
    title: Type.Optional(
      Type.String(described('One line for people; default: the name.', { minLength: 1, maxLength: 200 })),
    ),
    machine: Type.Optional(machine),
    hypervisor: Type.Optional(hypervisor),
    host: Type.Optional(host),
    vcpus: Type.Array(vcpu, described('The vCPUs: 1 to 8. Required.', { minItems: 1, maxItems: 8 })),
    schedule: Type.Optional(schedule),
    inject: Type.Optional(
      Type.Array(
        injection,
        described('What goes wrong on the way; needs a deterministic schedule; default nothing.', {
          maxItems: 64,
          default: [],
        }),
      ),
    ),
    cost: Type.Optional(cost),
    probes: Type.Optional(probes),
    stop: Type.Optional(stop),
  },
  described('An experiment of Switchyard.', { ...closed, title: 'Switchyard experiment' }),
)

/** An experiment as a file says it: whatever has a default may be absent. */
export type ExperimentFile = Type.Static<typeof experimentSchema>

type Filled<T> = Required<NonNullable<T>>

/** An experiment with its defaults filled in and its notations resolved: what runs, and what the hash is taken of. */
export interface Experiment {
  name: string
  title: string
  /** memory in bytes. */
  machine: Omit<Filled<ExperimentFile['machine']>, 'memory'> & { memory: number }
  hypervisor: Omit<Filled<ExperimentFile['hypervisor']>, 'source'> & { source?: string }
  /** otherExclude is exclude where the file names none; task is null where it has none. */
  host: Omit<Filled<ExperimentFile['host']>, 'exclude' | 'otherExclude' | 'task' | 'restore'> & {
    exclude: number
    otherExclude: number
    /** Path of a saved VM; left out where vCPU 0 starts anew. */
    restore?: string
    task: { checks: 'none' | 'sync' | 'async' | 'asym'; exclude: number; faultEvery: number } | null
  }
  vcpus: (Omit<Filled<ExperimentFile['vcpus'][number]>, 'exclude'> & { exclude: number })[]
  schedule: Filled<ExperimentFile['schedule']>
  inject: Filled<NonNullable<ExperimentFile['inject']>[number]>[]
  cost: Filled<ExperimentFile['cost']>
  probes: Filled<ExperimentFile['probes']>
  stop: NonNullable<ExperimentFile['stop']>
}
