// node --import ./register.mjs drive.mjs: starts the built main and prints one JSON line of what the page saw.
import { once } from 'node:events'
import { app, windows } from 'electron'

process.argv = ['switchyard'] // no file: the own session opens
const troubles = []
app.on('fake:page', (page) => {
  page.on('pageerror', (error) => troubles.push(`page error: ${error.message}`))
  page.on('console', (message) => message.type() === 'error' && troubles.push(`console: ${message.text()}`))
})
const shown = once(app, 'fake:shown')
await import('../../../out/main/index.js')
await shown
const { page, title, options } = windows[0]

const seen = await page.evaluate(async (protocol) => {
  const { switchyard } = globalThis
  const messages = []
  switchyard.onMessage((message) => messages.push(message))
  const ask = async (message, isAnswer) => {
    switchyard.send(message)
    for (let tries = 0; tries < 600; tries++) {
      const answer = messages.find(isAnswer)
      if (answer) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`no answer to ${JSON.stringify(message)}`)
  }
  let refusal = null
  try {
    switchyard.send({ kind: 'call', ticket: 1, name: 'file.delete', args: {} })
  } catch (error) {
    refusal = error.name
  }
  const hello = await ask({ kind: 'hello', protocol }, (m) => m.kind === 'hello')
  const ticket = 1_000_000 // far from the page's own
  const info = await ask({ kind: 'call', ticket, name: 'session.info', args: {} }, (m) => m.ticket === ticket)
  return {
    exposed: Object.keys(switchyard).sort(),
    refusal,
    hello,
    info: info.value,
    isolated: globalThis.crossOriginIsolated,
    node: typeof globalThis.process,
    text: document.body.innerText.trim().length > 0,
  }
}, Number(process.env.FAKE_ELECTRON_PROTOCOL))

const quit = once(app, 'fake:quit')
app.emit('window-all-closed')
await quit
process.stdout.write(
  `${JSON.stringify({ ...seen, title, webPreferences: options.webPreferences, troubles })}\n`,
)
