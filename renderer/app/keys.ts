/** `Ctrl+K`, `Shift+ArrowLeft`, `?`: a key event as shortcuts are written. Cmd counts as Ctrl. */
export function keyOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): string {
  const letter = event.key.length === 1
  const parts: string[] = []
  if (event.ctrlKey || event.metaKey) parts.push('Ctrl')
  if (event.altKey) parts.push('Alt')
  if (event.shiftKey && (!letter || event.ctrlKey || event.metaKey)) parts.push('Shift')
  parts.push(letter ? event.key.toUpperCase() : event.key)
  return parts.join('+')
}

/** While a person types, only shortcuts with Ctrl count. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

const names: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
}

export const keyText = (key: string): string =>
  key
    .split('+')
    .map((part) => names[part] ?? part)
    .join(key.endsWith('++') ? '' : ' ')
    .trim() || key
