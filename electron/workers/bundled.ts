/**
 * The only file with imports that the bundler must resolve: how the built program starts its worker threads. Tests and
 * scripts that run from the sources start the same files with `new Worker(new URL('./pe-worker.ts', import.meta.url))`.
 */
import type { Worker } from 'node:worker_threads'
import startStore from '../store/worker?nodeWorker'
import startInspector from './inspect/worker?nodeWorker'
import startPe from './pe-worker?nodeWorker'

export const spawnPe = (workerData: unknown): Worker => startPe({ workerData })

export const spawnStore = (workerData: unknown): Worker => startStore({ workerData })

export const spawnInspector = (workerData: unknown): Worker => startInspector({ workerData })
