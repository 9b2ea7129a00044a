import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Connection, LabClient } from '../api/lab.ts'

/** Whether there is a lab behind the window, for people to see. */
export const useConnection = defineStore('connection', () => {
  const state = shallowRef<Connection>({ state: 'connecting' })

  /** @param restored called when the lab is back after it had gone */
  function follow(client: LabClient, restored: () => void): void {
    state.value = client.connection()
    let wasLost = false
    client.onConnection((next) => {
      state.value = next
      if (next.state === 'lost') wasLost = true
      if (next.state === 'ready' && wasLost) {
        wasLost = false
        restored()
      }
    })
  }

  return { state, follow }
})
