import { defineStore } from 'pinia'
import type { MuseumCase } from '../../../shared/model/museum.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

/** The bug museum's cases. */
export const useMuseum = defineStore('museum', () => {
  const cases = question((_: Record<string, never>) => lab.call('museum.list', {}))
  const get = (name: string): MuseumCase | null =>
    cases.answer.value?.find((each) => each.name === name) ?? null
  return { cases, get }
})
