import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

export const themes = ['system', 'light', 'dark', 'contrast', 'contrast-dark'] as const
export type Theme = (typeof themes)[number]

export const themeTitles: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
  contrast: 'High contrast, light',
  'contrast-dark': 'High contrast, dark',
}

const KEY = 'switchyard.theme'

/** The theme is a person's, not a session's: it is remembered for all of them. */
export const useTheme = defineStore('theme', () => {
  const stored = themes.find((theme) => theme === localStorage.getItem(KEY))
  const chosen = ref<Theme>(stored ?? 'system')
  const systemDark = ref(false)
  const systemContrast = ref(false)

  const shown = computed<Exclude<Theme, 'system'>>(() => {
    if (chosen.value !== 'system') return chosen.value
    if (systemContrast.value) return systemDark.value ? 'contrast-dark' : 'contrast'
    return systemDark.value ? 'dark' : 'light'
  })

  function apply(): void {
    document.documentElement.dataset.theme = shown.value
  }

  function choose(theme: Theme): void {
    chosen.value = theme
    localStorage.setItem(KEY, theme)
    apply()
  }

  /** Follows the system from now on. */
  function follow(): void {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const contrast = matchMedia('(prefers-contrast: more)')
    const read = (): void => {
      systemDark.value = dark.matches
      systemContrast.value = contrast.matches
      apply()
    }
    dark.addEventListener('change', read)
    contrast.addEventListener('change', read)
    read()
  }

  return { chosen, shown, choose, follow }
})
