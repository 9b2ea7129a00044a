/**
 * Landing pads of FEAT_BTI. Source: DDI 0487, BTypeCompatible_BTI and BTypeCompatible_PACIXSP, and the pages of BRK and HLT,
 * whose own exceptions come first.
 */

/** BTYPE: 1 BR through X16 or X17, or from a page that is not guarded; 2 BLR; 3 any other BR from a guarded page. */
const CALL = 2
const JUMP = 3

const hint = (number: number): number => (0xd503_201f | (number << 5)) >>> 0

/** Whether a hint lets the branch type pass; `strict` is SCTLR_ELx.BT0, BT1 or BT of the EL. Plain BTI lets none. */
const pads = new Map<number, (btype: number, strict: boolean) => boolean>([
  [hint(34), (btype) => btype !== JUMP], // BTI c
  [hint(36), (btype) => btype !== CALL], // BTI j
  [hint(38), () => true], // BTI jc
  // PACIASP and PACIBSP stand for BTI c at the start of functions, also where they do nothing else.
  [hint(25), (btype, strict) => btype !== JUMP || !strict],
  [hint(27), (btype, strict) => btype !== JUMP || !strict],
])

/** BRK and HLT. */
const isDebugCall = (word: number): boolean =>
  (word & 0xffe0_001f) >>> 0 === 0xd420_0000 || (word & 0xffe0_001f) >>> 0 === 0xd440_0000

/** Whether an instruction may be the target of an indirect branch of this type into a guarded page. */
export function isLandingPad(word: number, btype: number, strict: boolean): boolean {
  return isDebugCall(word) || (pads.get(word >>> 0)?.(btype, strict) ?? false)
}
