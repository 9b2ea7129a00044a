import { existsSync } from 'node:fs'

/** Chromium as Debian installs it, or the one that CHROMIUM names. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why tests that need a browser cannot run here; null when they can. */
export const noChromium = existsSync(chromiumPath)
  ? null
  : `there is no ${chromiumPath} (Debian's package chromium)`

export const chromiumArgs = [
  '--no-sandbox', // CI runs as root
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
