import { describe, expect, it } from 'vitest'
import type { Result } from '../../shared/base/result.ts'
import { question } from './question.ts'

function slow(): {
  load: (at: number) => Promise<Result<string>>
  answer(at: number, result: Result<string>): Promise<void>
} {
  const waiting = new Map<number, (result: Result<string>) => void>()
  return {
    load: (at) => new Promise((settled) => waiting.set(at, settled)),
    async answer(at, result) {
      waiting.get(at)?.(result)
      await Promise.resolve()
      await Promise.resolve()
    },
  }
}
const problem = { place: 'p', cause: 'c', remedy: 'r' }

describe('a question', () => {
  it('drops an answer that a later question overtook', async () => {
    const { load, answer } = slow()
    const asked = question(load)
    void asked.ask(1)
    void asked.ask(2)
    await answer(2, { ok: true, value: 'two' })
    await answer(1, { ok: true, value: 'one' })
    expect([asked.answer.value, asked.args.value, asked.busy.value]).toEqual(['two', 2, false])
  })
  it('keeps the last good answer beside a problem, and loses the problem with the next answer', async () => {
    const { load, answer } = slow()
    const asked = question(load)
    void asked.ask(1)
    await answer(1, { ok: true, value: 'one' })
    void asked.ask(2)
    await answer(2, { ok: false, error: problem })
    expect([asked.answer.value, asked.problem.value]).toEqual(['one', problem])
    void asked.again()
    await answer(2, { ok: true, value: 'two' })
    expect([asked.answer.value, asked.problem.value]).toEqual(['two', null])
  })
  it('forgets what is still on its way', async () => {
    const { load, answer } = slow()
    const asked = question(load)
    void asked.ask(1)
    asked.forget()
    await answer(1, { ok: true, value: 'one' })
    expect([asked.answer.value, asked.busy.value]).toEqual([null, false])
  })
  it('shows every answer of a question repeated faster than it is answered, and asks once more', async () => {
    let asked = 0
    const answers: ((result: Result<string>) => void)[] = []
    const repeated = question((_: number) => {
      asked++
      return new Promise<Result<string>>((settled) => answers.push(settled))
    })
    for (let i = 0; i < 5; i++) void repeated.ask(1)
    expect(asked).toBe(1)
    answers[0]?.({ ok: true, value: 'early' })
    await new Promise((resolve) => setTimeout(resolve))
    expect([repeated.answer.value, repeated.busy.value, asked]).toEqual(['early', true, 2])
    answers[1]?.({ ok: true, value: 'late' })
    await new Promise((resolve) => setTimeout(resolve))
    expect([repeated.answer.value, repeated.busy.value, asked]).toEqual(['late', false, 2])
  })
})
