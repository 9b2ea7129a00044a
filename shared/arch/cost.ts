/**
 * Operation classes of a cost profile. Every instruction row names one; exception entry and return are charged apart.
 * A profile (resources/profiles/*.json) gives each class nominal, low and high model cycles.
 */
export const costClasses = [
  'alu',
  'multiply',
  'divide',
  'branch',
  'load',
  'store',
  'exclusive',
  'atomic',
  'tag-arithmetic',
  'tag-load',
  'tag-store',
  'mrs',
  'msr',
  'isb',
  'dsb',
  'dmb',
  'hint',
  'cache-maintenance',
  'tlb-maintenance',
  'address-translation',
  'exception-entry',
  'exception-return',
] as const

export type CostClass = (typeof costClasses)[number]
