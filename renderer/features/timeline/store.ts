import { defineStore } from 'pinia'
import type { Calls } from '../../../shared/contract/calls.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

/** What the timeline shows of the range on screen. */
export const useTimeline = defineStore('timeline', () => ({
  slices: question((query: Calls['run.slices']['args']) => lab.call('run.slices', query)),
  events: question((query: Calls['run.events']['args']) => lab.call('run.events', query)),
}))
