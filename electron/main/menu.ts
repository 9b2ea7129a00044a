import { basename, dirname } from 'node:path'
import type { MenuItemConstructorOptions } from 'electron'

export interface MenuCommands {
  open(): void
  openRecent(file: string): void
  clearRecent(): void
  savePdf(): void
}

/** Standard roles, and what is ours. */
export function menuTemplate(
  commands: MenuCommands,
  recent: readonly string[],
  isMac: boolean,
): MenuItemConstructorOptions[] {
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        { label: '&Open Session...', accelerator: 'CmdOrCtrl+O', click: commands.open },
        { label: 'Open &Recent', submenu: recentItems(commands, recent) },
        { type: 'separator' },
        { label: 'Save View as &PDF...', accelerator: 'CmdOrCtrl+P', click: commands.savePdf },
        { type: 'separator' },
        isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'reload' },
        { role: 'toggleDevTools' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
  ]
}

function recentItems(commands: MenuCommands, recent: readonly string[]): MenuItemConstructorOptions[] {
  if (recent.length === 0) return [{ label: 'No session was opened yet', enabled: false }]
  return [
    ...recent.map((file) => ({
      label: `${basename(file)}  (${dirname(file)})`,
      click: () => commands.openRecent(file),
    })),
    { type: 'separator' },
    { label: 'Clear This List', click: commands.clearRecent },
  ]
}
