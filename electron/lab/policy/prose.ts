import { policyList } from '../policy-list.ts'

/** The page of a bundled policy; empty where there is none. */
export const policyProse = (resources: string, name: string): string =>
  policyList(resources).find((policy) => policy.name === name)?.prose ?? ''
