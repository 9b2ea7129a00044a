/** A thread that does one thing to the interrupt controller, and says before and after. */
import { parentPort, workerData } from 'node:worker_threads'
import { type SharedMachine, viewsOf } from '../../electron/machine/board/shared-memory.ts'
import { InterruptController } from '../../electron/machine/devices/gic/controller.ts'
import { Distributor } from '../../electron/machine/devices/gic/distributor.ts'
import { Redistributors } from '../../electron/machine/devices/gic/redistributor.ts'

export const actions = {
  'a write to the distributor': (controller: InterruptController) =>
    new Distributor(controller).write(0x428, 1, 0xa0n),
  'a write to a redistributor': (controller: InterruptController) =>
    new Redistributors(controller).write(0x1_0400, 4, 0xa0n),
  'a line of a device': (controller: InterruptController) => controller.setShared(40, true),
  'a private line': (controller: InterruptController) => controller.setPrivate(0, 27, true),
  'an SGI': (controller: InterruptController) => controller.sendSgi(0, 3, 0),
  'a deactivation': (controller: InterruptController) => controller.deactivate(0, 40),
} as const

if (parentPort) {
  const { shared, action } = workerData as { shared: SharedMachine; action: keyof typeof actions }
  const controller = new InterruptController(viewsOf(shared))
  parentPort.postMessage('ready')
  actions[action](controller)
  parentPort.postMessage('done')
}
