import { type ComputedRef, computed } from 'vue'
import { useCommands } from './commands.ts'
import { keyText } from './keys.ts'

const inCharts = [
  { key: 'Drag', title: 'Select a range of cycles' },
  { key: 'Click', title: 'Select a switch' },
  { key: 'Ctrl wheel', title: 'Zoom at the pointer (plain wheel in a focused chart)' },
  { key: 'Shift wheel', title: 'Move the range' },
  { key: '← →', title: 'Move the range, in a focused chart' },
  { key: '↑ ↓', title: 'Previous, next switch, in a focused chart' },
]
const order = ['Charts', 'Run', 'Machine', 'Experiment', 'Go to', 'Window'] as const

/** Every shortcut there is, by group: for the sheet and for the settings. */
export function useShortcuts(): ComputedRef<{ group: string; keys: { key: string; title: string }[] }[]> {
  const commands = useCommands()
  return computed(() =>
    order.map((group) => ({
      group,
      keys: [
        ...commands.all
          .filter((command) => command.group === group && command.key)
          .map((command) => ({ key: keyText(command.key ?? ''), title: command.title })),
        ...(group === 'Charts' ? inCharts : []),
      ],
    })),
  )
}
