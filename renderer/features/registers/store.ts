import { defineStore } from 'pinia'
import type { RunId } from '../../../shared/model/run.ts'
import type { CycleRange } from '../../../shared/model/views.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

export interface RegisterQuery {
  run: RunId
  range: CycleRange | null
  columns: number
  pe: number
  registers: string[]
}

/** The register lanes on screen: what was asked for and what came back. */
export const useRegisterLanes = defineStore('register-lanes', () => ({
  lanes: question((query: RegisterQuery) => lab.call('run.registers', query)),
}))
