import { contextBridge, ipcRenderer } from 'electron'
import { callNames } from '../../shared/contract/calls.ts'
import type { FromLab, ToLab } from '../../shared/contract/wire.ts'
import { CHANNEL } from '../base/channel.ts'

/** Only what the contract names passes; the lab checks again on its side. */
function isOfContract(message: ToLab): boolean {
  return message?.kind === 'hello' || (message?.kind === 'call' && callNames.includes(message.name))
}

contextBridge.exposeInMainWorld('switchyard', {
  send(message: ToLab): void {
    if (!isOfContract(message)) throw new TypeError('not a message of the contract')
    ipcRenderer.send(CHANNEL, message)
  },
  onMessage(listener: (message: FromLab) => void): void {
    ipcRenderer.on(CHANNEL, (_event, message: FromLab) => listener(message))
  },
})
