import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import { bothAccesses, transfer, transferDoc, transferName, transfers } from './load-store.ts'

/** LDAPUR and STLUR: release-consistent accesses with an unscaled offset (FEAT_LRCPC2). */

export const loadStoreRcpc: readonly Insn[] = transfers.map((k) => {
  const access = bothAccesses({ bytes: k.bytes, aligned: true, acquire: k.load, release: !k.load })
  const stem = k.load ? 'ldapur' : 'stlur'
  return insn({
    name: transferName(k, stem, ''),
    bits: `${k.size}011001${k.opc}0 iiiiiiiii 00 nnnnn ttttt`,
    asm: `${stem}${k.suffix} {${k.reg}:t}, [{xsp:n}<, #{sdec:i}>]`,
    doc: transferDoc(k, k.load ? ' with acquire (RCpc) semantics' : ' with release semantics'),
    needs: 'FEAT_LRCPC2',
    cost: k.load ? 'load' : 'store',
    sem: (o, f) =>
      transfer(
        o,
        k,
        f.t,
        o.add(o.base(f.n), o.imm(signed(f.i, 9))),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})
