import { startSession } from '../../electron/store/session.ts'
import { xorshift } from './trace-rows.ts'

/** A process that draws a whole run and windows of it, and prints by how many megabytes it grew. */
const [path, cycles] = process.argv.slice(2) as [string, string]
const before = process.memoryUsage.rss()
const { handlers } = startSession({ path, version: '0.1.0' })
const random = xorshift(3)
for (let i = 0; i <= 20; i++) {
  const from = random() % Math.floor(Number(cycles) / 2)
  const range = i === 0 ? null : { from, to: from + (random() % Math.floor(Number(cycles) / 2)) }
  const asked = { run: 1, range, columns: 1000, pe: null, vcpu: null }
  handlers['run.latency'](asked)
  handlers['run.distribution']({ ...asked, bins: 60 })
  handlers['run.faults'](asked)
  handlers['run.registers']({ ...asked, pe: 0, registers: ['GCR_EL1', 'RGSR_EL1'] })
  handlers['run.events'](asked)
}
process.stdout.write(`${(process.memoryUsage.rss() - before) / 2 ** 20}\n`)
handlers.close({})
