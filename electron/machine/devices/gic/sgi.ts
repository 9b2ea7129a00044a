/** What a write to ICC_SGI0R_EL1, ICC_SGI1R_EL1 or ICC_ASGI1R_EL1 asks for. */
export interface SgiRequest {
  intid: number
  /** Packed affinities (layout.ts), or null for every PE but the sender. */
  targets: readonly number[] | null
}

/**
 * The fields of these registers (IHI 0069, 12.2): IRM = 1 means all but the sender, else a list of Aff0 within one cluster.
 * TargetList reaches Aff0 0 to 15; RS is RES0, because the distributor's TYPER.RSS is 0.
 */
export function sgiRequest(value: bigint): SgiRequest {
  const low = Number(value & 0xffff_ffffn)
  const high = Number(value >> 32n)
  const intid = (low >>> 24) & 15
  if (high & (1 << 8)) return { intid, targets: null }
  const cluster = (((high >>> 16) & 0xff) << 24) | ((high & 0xff) << 16) | (((low >>> 16) & 0xff) << 8)
  const targets: number[] = []
  for (let aff0 = 0; aff0 < 16; aff0++) if (low & (1 << aff0)) targets.push(cluster | aff0)
  return { intid, targets }
}
