import { describe, expect, it } from 'vitest'
import { checkSystemOps } from './check.ts'
import { type SystemOpName, sysopByEncoding, sysops } from './sysops.ts'
import type { SystemOp, Trap } from './sysreg.ts'
import { type SysregName, sysregs } from './sysregs.ts'

const names = Object.keys(sysregs) as SysregName[]
const told = (trap: Trap): string =>
  [
    `${trap.from}>${trap.to}`,
    `${trap.bit}${trap.and ? `+${trap.and}` : ''}=${trap.when}`,
    trap.direction,
    trap.inHost === undefined ? undefined : trap.inHost ? 'host' : 'guest',
    trap.e2h === undefined ? undefined : `E2H=${trap.e2h ? 1 : 0}`,
  ]
    .filter(Boolean)
    .join(' ')
const rules = (name: SysregName): string[] => (sysregs[name].traps ?? []).map(told)
const opRules = (name: SystemOpName): string[] => (sysops[name].traps ?? []).map(told)
const trappedBy = (bit: string): SysregName[] =>
  names.filter((name) => sysregs[name].traps?.some((trap) => trap.bit === bit))

describe('who may reach a register, against lists written from the manual', () => {
  it('HCR_EL2.ATA = 0 traps four registers and not GMID_EL1; TID5 traps GMID_EL1 alone', () => {
    expect(trappedBy('HCR_EL2.ATA')).toEqual(['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1', 'TFSRE0_EL1'])
    expect(trappedBy('HCR_EL2.TID5')).toEqual(['GMID_EL1'])
    expect(rules('GCR_EL1')).toEqual(['EL1>EL2 HCR_EL2.ATA=0'])
  })

  it('HCR_EL2.TVM and TRVM', () => {
    const list = [
      'AFSR0_EL1',
      'AFSR1_EL1',
      'AMAIR_EL1',
      'CONTEXTIDR_EL1',
      'ESR_EL1',
      'FAR_EL1',
      'MAIR_EL1',
      'SCTLR_EL1',
      'TCR_EL1',
      'TTBR0_EL1',
      'TTBR1_EL1',
    ]
    expect(trappedBy('HCR_EL2.TVM').sort()).toEqual(list)
    expect(trappedBy('HCR_EL2.TRVM').sort()).toEqual(list)
  })

  it('HCR_EL2.TID1, TID2, TID3', () => {
    expect(trappedBy('HCR_EL2.TID1')).toEqual(['REVIDR_EL1', 'AIDR_EL1'])
    expect(trappedBy('HCR_EL2.TID2').sort()).toEqual(['CCSIDR_EL1', 'CLIDR_EL1', 'CSSELR_EL1', 'CTR_EL0'])
    expect(trappedBy('HCR_EL2.TID3')).toEqual(names.filter((name) => /^(ID|MVFR\d)_/.test(name)))
  })

  it('EL0: what it reads and writes without being UNDEFINED', () => {
    const el0 = (way: 'read' | 'write'): SysregName[] => names.filter((name) => sysregs[name][way] === 'EL0')
    const both = [
      'CNTP_CTL_EL0',
      'CNTP_CVAL_EL0',
      'CNTP_TVAL_EL0',
      'CNTV_CTL_EL0',
      'CNTV_CVAL_EL0',
      'CNTV_TVAL_EL0',
      'DAIF',
      'DBGDTRRX_EL0',
      'DBGDTR_EL0',
      'DIT',
      'FPCR',
      'FPSR',
      'NZCV',
      'SSBS',
      'TCO',
      'TPIDR_EL0',
    ]
    expect(el0('write').sort()).toEqual(both)
    const readOnly = [
      'CNTFRQ_EL0',
      'CNTPCT_EL0',
      'CNTVCT_EL0',
      'CTR_EL0',
      'DCZID_EL0',
      'MDCCSR_EL0',
      'TPIDRRO_EL0',
    ]
    expect(el0('read').sort()).toEqual([...both, ...readOnly].sort())
  })

  it('the order of the traps of CTR_EL0 is that of its accessor', () => {
    expect(rules('CTR_EL0')).toEqual([
      'EL0>EL1 SCTLR_EL1.UCT=0 guest',
      'EL0>EL2 HCR_EL2.TID2=1 guest',
      'EL0>EL2 SCTLR_EL2.UCT=0 host',
      'EL1>EL2 HCR_EL2.TID2=1',
    ])
  })

  it('the physical timer: one enable in each layout of CNTHCTL_EL2', () => {
    expect(rules('CNTP_CTL_EL0')).toEqual([
      'EL0>EL1 CNTKCTL_EL1.EL0PTEN=0 guest',
      'EL0>EL2 CNTHCTL_EL2.EL0PTEN=0 host',
      'EL0>EL2 CNTHCTL_EL2.EL1PCEN=0 E2H=0',
      'EL0>EL2 CNTHCTL_EL2.EL1PTEN=0 guest E2H=1',
      'EL1>EL2 CNTHCTL_EL2.EL1PCEN=0 E2H=0',
      'EL1>EL2 CNTHCTL_EL2.EL1PTEN=0 E2H=1',
    ])
    expect(rules('CNTV_CTL_EL0').filter((rule) => rule.startsWith('EL1'))).toEqual([])
  })

  it('SP_EL0 while it is the stack pointer, SP_EL2 always', () => {
    expect(sysregs.SP_EL0.check).toBe('sp0-not-selected')
    expect([sysregs.SP_EL2.read, sysregs.SP_EL2.write]).toEqual(['none', 'none'])
  })

  it('E2H redirects exactly the registers that have an _EL12 or _EL02 name', () => {
    const redirected = names.filter((name) => sysregs[name].e2h !== undefined)
    const named = names
      .filter((name) => sysregs[name].onlyE2h)
      .map((name) => sysregs[name].alias as SysregName)
    expect(redirected.sort()).toEqual(named.sort())
    const shared: SysregName[] = [
      'PAR_EL1',
      'TPIDR_EL1',
      'CSSELR_EL1',
      'GCR_EL1',
      'RGSR_EL1',
      'TFSRE0_EL1',
      'MDSCR_EL1',
    ]
    expect(shared.filter((name) => sysregs[name].e2h)).toEqual([])
    expect(sysregs.CPACR_EL1.e2h).toBe('CPTR_EL2')
    expect(sysregs.CNTKCTL_EL1.e2h).toBe('CNTHCTL_EL2')
    expect(sysregs.CNTV_CVAL_EL0.e2h).toBe('CNTHV_CVAL_EL2')
  })

  it('an _EL12 name has its target’s encoding but for op1 = 5', () => {
    for (const name of names.filter((n) => sysregs[n].onlyE2h)) {
      const [op0, , ...rest] = sysregs[sysregs[name].alias as SysregName].enc
      expect(sysregs[name].enc, name).toEqual([op0, 5, ...rest])
    }
  })
})

describe('system instructions', () => {
  it('blocks: SCTLR_ELx.DZE and HCR_EL2.TDZ', () => {
    for (const name of ['DC ZVA', 'DC GVA', 'DC GZVA'] as const) {
      expect(opRules(name), name).toEqual([
        'EL0>EL1 SCTLR_EL1.DZE=0 guest',
        'EL0>EL2 HCR_EL2.TDZ=1 guest',
        'EL0>EL2 SCTLR_EL2.DZE=0 host',
        'EL1>EL2 HCR_EL2.TDZ=1',
      ])
    }
  })

  it('tags: the operations that EL0 may use need FEAT_MTE, the others FEAT_MTE2', () => {
    const tagOps = Object.entries(sysops).filter(([name]) => /^DC C?I?G/.test(name))
    expect(tagOps).toHaveLength(18)
    for (const [name, op] of tagOps)
      expect(op.feature, name).toBe(op.from === 'EL0' ? 'FEAT_MTE' : 'FEAT_MTE2')
  })

  it('Inner and Outer Shareable forms broadcast, and do what the plain ones do', () => {
    for (const [name, op] of Object.entries(sysops) as [SystemOpName, SystemOp][]) {
      const shared = /[IO]S$/.test(name)
      expect(op.broadcast ?? false, name).toBe(shared)
      if (shared) expect(op.op, name).toBe(sysops[name.slice(0, -2) as SystemOpName].op)
    }
  })

  it('TLBI exists in all forms, with the traps of EL1', () => {
    const names = Object.keys(sysops).filter((name) => name.startsWith('TLBI'))
    expect(names).toHaveLength(3 * 21)
    expect(opRules('TLBI RVAE1')).toEqual(['EL1>EL2 HCR_EL2.TTLB=1'])
    expect(opRules('TLBI ASIDE1IS')).toEqual(['EL1>EL2 HCR_EL2.TTLB=1', 'EL1>EL2 HCR_EL2.TTLBIS=1'])
    expect(opRules('TLBI RVALE1OS')).toEqual(['EL1>EL2 HCR_EL2.TTLB=1', 'EL1>EL2 HCR_EL2.TTLBOS=1'])
    expect(
      names.filter(
        (name) => sysops[name as SystemOpName].from === 'EL2' && opRules(name as SystemOpName).length > 0,
      ),
    ).toEqual([])
  })

  it('are found by encoding', () => {
    expect(sysopByEncoding(3, 7, 4, 3)).toBe('DC GVA')
    expect(sysopByEncoding(0, 8, 3, 0)).toBe('TLBI VMALLE1IS')
    expect(sysopByEncoding(0, 8, 1, 0)).toBe('TLBI VMALLE1OS')
    expect(sysopByEncoding(4, 8, 4, 3)).toBe('TLBI RIPAS2E1OS')
    expect(sysopByEncoding(0, 9, 1, 0)).toBeUndefined() // TLBI VMALLE1OSNXS needs FEAT_XS
  })

  it('refuses two with one encoding, bad names and unknown traps', () => {
    const ivac = sysops['DC IVAC']
    const bad: Record<string, SystemOp> = {
      'DC A': ivac,
      'DC B': ivac,
      dc: { ...ivac, enc: [0, 7, 6, 7] },
      'DC C': {
        ...ivac,
        enc: [0, 7, 16, 1],
        traps: [{ bit: 'HCR_EL2.XYZ', when: 1, from: 'EL1', to: 'EL2' }],
      },
    }
    expect(checkSystemOps(bad, sysregs)).toEqual([
      'DC B: has the encoding of DC A',
      'dc: is not named as assembly is',
      'DC C: 0,7,16,1 is no encoding',
      'DC C: trap by HCR_EL2.XYZ: no such bit with E2H = 0',
      'DC C: trap by HCR_EL2.XYZ: no such bit with E2H = 1',
    ])
  })
})
