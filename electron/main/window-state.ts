import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where the window was; positions in display pixels, absent until it has been somewhere. */
export interface WindowState {
  x?: number
  y?: number
  width: number
  height: number
  maximized: boolean
}

interface Area {
  x: number
  y: number
  width: number
  height: number
}

const initial: WindowState = { width: 1440, height: 900, maximized: false }
const LEAST = { width: 640, height: 480 }
/** So much of the title bar must be on a display for a person to get hold of it. */
const GRIP = 80

/** @param displays work areas; a position on none of them (a display that is gone) is forgotten */
export function readWindowState(file: string, displays: readonly Area[]): WindowState {
  const state = { ...initial, ...parsed(file) }
  const { x, y } = state
  const visible =
    x !== undefined &&
    y !== undefined &&
    displays.some(
      (d) =>
        x + state.width > d.x + GRIP && x < d.x + d.width - GRIP && y >= d.y && y < d.y + d.height - GRIP,
    )
  const size = {
    width: Math.max(LEAST.width, state.width),
    height: Math.max(LEAST.height, state.height),
    maximized: state.maximized,
  }
  return visible ? { x, y, ...size } : size
}

export function writeWindowState(file: string, state: WindowState): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.part`, JSON.stringify(state))
  renameSync(`${file}.part`, file)
}

function parsed(file: string): Partial<WindowState> {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {} // no file yet, or a damaged one: nothing that a person would miss
  }
  const state: Partial<WindowState> = {}
  for (const key of ['x', 'y', 'width', 'height'] as const) {
    const number = value?.[key]
    if (Number.isInteger(number)) state[key] = number as number
  }
  if (value?.maximized === true) state.maximized = true
  return state
}
