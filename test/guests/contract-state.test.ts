/** The checker beside a machine: it changes nothing in it, and goes with its snapshots. */
import { describe, expect, it } from 'vitest'
import { stateHash } from '../../electron/machine/board/state-hash.ts'
import { SwitchContract } from '../../electron/machine/contract/contract.ts'
import { type Checked, checked, setOf } from '../support/contract.ts'

const MINUTE = 60_000
const mtes = [{ mte: true }, { mte: true }, { mte: false }]
const v12 = ['hypervisor.mode=vhe', 'hypervisor.policy=v12']
const noItfsb = ['hypervisor.policy=no-itfsb']

function until({ board }: Checked, moment: number): void {
  while (board.moment < moment && board.advance(moment - board.moment) > 0);
}

describe('a checked machine', () => {
  it.each([
    ['contract', v12],
    ['contract-fault', noItfsb],
    ['handover', ['machine.sync=seeded', 'machine.syncSeed=5']],
  ])(
    '%s %s has the states of one that is not',
    (name, set) => {
      const watched = checked(name, set)
      const alone = checked(name, set)
      alone.contract.detach()
      watched.finish()
      alone.finish()
      expect(stateHash(watched.board.views)).toBe(stateHash(alone.board.views))
      expect(watched.console()).toBe(alone.console())
      expect(alone.contract.violations()).toEqual([])
    },
    MINUTE,
  )

  it(
    'may be watched from the middle on, and no longer',
    () => {
      const run = checked('contract', v12)
      until(run, 30_000)
      run.contract.detach()
      const seen = setOf(run.contract.violations())
      run.finish()
      expect(setOf(run.contract.violations())).toEqual(seen)
    },
    MINUTE,
  )
})

describe('the state of a checker', () => {
  it.each([
    ['contract', v12, 29_500],
    ['contract', ['hypervisor.policy=no-rgsr'], 33_333],
    ['contract-fault', noItfsb, 21_000],
    ['contract-recycled', ['hypervisor.policy=no-sanitise'], 22_000],
    ['contract-timer', ['hypervisor.policy=loadput-tfsr'], 17_000],
  ])(
    '%s %s goes on from moment %i as before',
    (name, set, moment) => {
      const run = checked(name, set)
      until(run, moment)
      const snapshot = run.board.take()
      const state = run.contract.save()
      const before = setOf(run.contract.violations())
      const digest = run.contract.digest()
      const first = setOf(run.finish())
      const end = run.contract.digest()
      const { statistics } = run.contract
      expect(first.length).toBeGreaterThan(0)

      for (let i = 0; i < 2; i++) {
        run.board.put(snapshot)
        run.contract.restore(state)
        expect(setOf(run.contract.violations())).toEqual(before)
        expect(run.contract.digest()).toBe(digest)
        expect(setOf(run.finish())).toEqual(first)
        expect(run.contract.digest()).toBe(end)
        expect(run.contract.statistics).toEqual(statistics)
      }

      const fork = run.board.fork(snapshot, { console: () => {} })
      const beside = new SwitchContract(fork, { vcpus: mtes, mode: null })
      beside.restore(state)
      beside.attach()
      while (fork.end() === null && fork.advance() > 0);
      expect(setOf(beside.violations())).toEqual(first)
      expect(beside.digest()).toBe(end)
    },
    MINUTE,
  )

  it(
    'is another one where the same values are other writes',
    () => {
      const digests = ['mainline', 'no-gcr'].map((policy) => {
        const run = checked('contract', [`hypervisor.policy=${policy}`])
        run.finish()
        return run.contract.digest()
      })
      expect(digests[0]).not.toBe(digests[1])
    },
    MINUTE,
  )
})

describe('equal masks and seeds', () => {
  const equal = ['host', 'vcpus.0', 'vcpus.1'].flatMap((who) => [`${who}.exclude=0x00f1`, `${who}.seed=4660`])

  it.each([
    [[], 0],
    [['hypervisor.policy=no-gcr'], 6],
    [['hypervisor.policy=no-rgsr'], 8],
    [[...v12], 2],
    [['hypervisor.mode=vhe', 'hypervisor.policy=late-restore'], 4],
  ])(
    'with %s are told apart by who wrote them',
    (set, count) => {
      expect(checked('contract', [...equal, ...set]).finish()).toHaveLength(count)
    },
    MINUTE,
  )
})

describe('the first review question', () => {
  it(
    'the return to a VHE host under v12 leaves GCR_EL1 to the ISB that ends the run function',
    () => {
      const run = checked('contract', [...v12, 'host.probe=none'])
      run.finish()
      const returns = run.contract.boundaries().filter(({ boundary }) => boundary === 'return to the host')
      const open = returns.filter(({ registers }) => registers.length > 0)
      expect(open.map(({ registers }) => registers.map(({ register }) => register))).toEqual([['GCR_EL1']])
      expect(open[0]!.registers[0]!.closedBy).toMatchObject({ event: 'ISB' })
      const entries = run.contract.boundaries().filter(({ boundary }) => boundary === 'entry to the guest')
      expect(entries.length).toBeGreaterThan(0)
      expect(entries.every(({ registers }) => registers.length === 0)).toBe(true)
    },
    MINUTE,
  )

  it(
    'nothing is left under mainline, and under v12 of nVHE, where the ERET synchronises',
    () => {
      for (const set of [['hypervisor.mode=vhe'], ['hypervisor.policy=v12']]) {
        const run = checked('contract', set)
        run.finish()
        expect(run.contract.boundaries().flatMap(({ registers }) => registers)).toEqual([])
      }
    },
    MINUTE,
  )

  it(
    'with EOS = 0 the guest’s GCR_EL1 waits for an event of the guest’s',
    () => {
      const run = checked('contract-exs', ['hypervisor.policy=eos-clear'])
      run.finish()
      const events = run.contract
        .boundaries()
        .filter(({ boundary }) => boundary === 'entry to the guest')
        .flatMap(({ registers }) => registers.map(({ register, closedBy }) => [register, closedBy?.event]))
      expect(events).toContainEqual(['GCR_EL1', 'exception entry to EL2'])
    },
    MINUTE,
  )

  it(
    'a fault may be left to a DSB of the host',
    () => {
      const run = checked('contract-fault', noItfsb)
      run.finish()
      const open = run.contract.boundaries().flatMap(({ registers }) => registers)
      expect(open).toMatchObject([{ register: 'TFSR_EL1', closedBy: { event: 'DSB' } }])
    },
    MINUTE,
  )
})

describe('every late write', () => {
  const eventsOf = (set: string[], text: RegExp): string[] => {
    const run = checked('contract', set)
    run.finish()
    return run.contract
      .closings()
      .filter(({ register, write }) => register === 'GCR_EL1' && text.test(write.instruction))
      .map(({ event, by }) => `${event}: ${by.instruction}`)
  }

  it(
    'has an event that closed it: on the way in the ERET, on the way out an ISB',
    () => {
      // X2 is the entry's, X3 the exit's and, at EL1, the guests' own at boot.
      expect(eventsOf(['hypervisor.mode=vhe'], /x2$/)).toEqual(['exception return from EL2: eret'])
      expect(new Set(eventsOf(['hypervisor.mode=vhe'], /x3$/))).toEqual(new Set(['ISB: isb']))
      expect(new Set(eventsOf(['hypervisor.policy=v12'], /x3$/))).toEqual(
        new Set(['ISB: isb', 'exception return from EL2: eret']),
      )
    },
    MINUTE,
  )

  it(
    'has none where writes take effect at once',
    () => {
      expect(eventsOf(['machine.sync=eager'], /./)).toEqual([])
    },
    MINUTE,
  )
})

describe('what advice is made of', () => {
  it(
    'names a slot that is saved and never loaded',
    () => {
      const dead = (set: string[]): string[] => {
        const run = checked('contract', set)
        run.finish()
        return run.contract
          .slots()
          .filter(({ loads }) => loads === 0)
          .map(({ register }) => register)
      }
      const without = dead([])
      const more = dead(['hypervisor.policy=dead-slot']).filter((register) => !without.includes(register))
      expect(more).toEqual(['TFSRE0_EL1'])
    },
    MINUTE,
  )

  it(
    'tells what a barrier closes',
    () => {
      const run = checked('contract', ['hypervisor.mode=vhe'])
      run.finish()
      const isbs = run.contract.barriers().filter(({ kind }) => kind === 'isb')
      expect(
        isbs
          .filter(({ closed }) => closed.includes('GCR_EL1'))
          .some(({ executed, useful }) => executed === useful),
      ).toBe(true)
      expect(isbs.every(({ instruction }) => instruction === 'isb')).toBe(true)
    },
    MINUTE,
  )
})
