import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, posix } from 'node:path'
import ts from 'typescript'
import { bundlerImportsIn, bundlerSuffixes, debt, mayImport, withoutNode } from './import-law.ts'

const README = 'electron/README.md'

/** `npm run imports`: prints every import that the law forbids; with --diagram the diagram that the README must hold. */
export async function main(args: string[]): Promise<number> {
  if (args.includes('--diagram')) {
    console.log(diagram())
    return 0
  }
  const files = globSync('{shared,electron,renderer}/**/*.{ts,mts,mjs,vue}')
  const source = files.filter((file) => !/\.(test|d)\.ts$/.test(file))
  const breaches = source.flatMap((file) => breachesOf(file, readFileSync(file, 'utf8')))
  if (!readFileSync(README, 'utf8').includes(diagram())) {
    breaches.push(
      `${README}: the diagram is not the import law's. Put in what \`npm run imports -- --diagram\` prints.`,
    )
  }
  for (const breach of breaches) console.log(breach)
  return breaches.length === 0 ? 0 : 1
}

/** @param file path from the project's root, with slashes. @returns one sentence per forbidden import */
export function breachesOf(file: string, text: string): string[] {
  const unit = unitOf(file)
  if (!unit)
    return [`${file}: no row of the import law covers this file. Add one to test/gate/import-law.ts.`]
  return importsOf(file, text).flatMap(({ specifier, line }) => {
    const why = objection(unit, file, specifier)
    return why ? [`${file}:${line}: ${specifier}: ${why}`] : []
  })
}

interface Unit {
  key: string
  /** The folder itself: `renderer/features/runs` for the key `renderer/features/*`. */
  path: string
}

function unitOf(path: string): Unit | null {
  const matches = Object.keys(mayImport).flatMap((key) => {
    const pattern = key.split('/')
    const parts = path.split('/').slice(0, pattern.length)
    const covers = parts.length === pattern.length && pattern.every((p, i) => p === '*' || p === parts[i])
    return covers ? [{ key, path: parts.join('/') }] : []
  })
  return matches.toSorted((a, b) => b.path.length - a.path.length)[0] ?? null
}

const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

function objection(unit: Unit, file: string, specifier: string): string | null {
  const [bare, query] = specifier.split('?') as [string, string | undefined]
  if (query && bundlerSuffixes.some((suffix) => query.startsWith(suffix)) && file !== bundlerImportsIn) {
    return `bundler-only imports stand in ${bundlerImportsIn} alone`
  }
  if (isBuiltin(bare)) {
    const folder = Object.keys(withoutNode).find((candidate) => isInside(file, candidate))
    return folder && !withoutNode[folder]?.includes(bare) ? 'this folder must run without Node' : null
  }
  if (!bare.startsWith('.')) return packageObjection(unit, bare)

  const target = posix.normalize(posix.join(dirname(file), bare))
  const to = unitOf(target)
  if (to?.path === unit.path || isInside(target, 'shared/base')) return null
  if (isInside(file, 'electron') && isInside(target, 'electron/base')) return null
  if (debt.some((entry) => isInside(file, entry.from) && isInside(target, entry.to))) return null
  if (isInside(target, 'renderer/features') && isInside(file, 'renderer/features')) {
    return 'features may not import each other; what two need moves down'
  }
  return (mayImport[unit.key] ?? []).some((folder) => isInside(target, folder))
    ? null
    : `${unit.key} may not import ${to?.key ?? target}`
}

function packageObjection(unit: Unit, specifier: string): string | null {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const owners = Object.keys(mayImport).filter((key) => mayImport[key]?.includes(`npm:${name}`))
  if (owners.length === 0 || owners.includes(unit.key)) return null
  return `only ${owners.join(', ')} may import ${name}`
}

function importsOf(file: string, text: string): { specifier: string; line: number }[] {
  const scripts = file.endsWith('.vue') ? [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)] : null
  const parts = scripts
    ? scripts.map((m) => ({ code: m[1] ?? '', at: (m.index ?? 0) + m[0].indexOf('>') + 1 }))
    : null
  return (parts ?? [{ code: text, at: 0 }]).flatMap(({ code, at }) =>
    ts.preProcessFile(code, true, true).importedFiles.map(({ fileName, pos }) => ({
      specifier: fileName,
      line: text.slice(0, at + pos).split('\n').length,
    })),
  )
}

/** The law's folders and arrows as a Mermaid flow chart; shared/base and electron/base, open to all, are left out. */
export function diagram(): string {
  const id = (key: string) => key.replace(/\W+/g, '_').replace(/_$/, '')
  const label = (key: string) =>
    key.endsWith('bundled.ts') ? 'workers/bundled.ts' : key.slice(key.indexOf('/') + 1)
  const keys = Object.keys(mayImport).filter((key) => !key.endsWith('/base'))
  const areas = ['renderer', 'electron', 'shared'].map((area) => {
    const nodes = keys
      .filter((key) => key.startsWith(`${area}/`))
      .map((key) => `    ${id(key)}["${label(key)}"]`)
    return `  subgraph ${area}\n${nodes.join('\n')}\n  end`
  })
  const arrows = keys.flatMap((key) =>
    (mayImport[key] ?? []).filter((to) => !to.startsWith('npm:')).map((to) => `  ${id(key)} --> ${id(to)}`),
  )
  return ['```mermaid', 'flowchart TD', ...areas, ...arrows, '```'].join('\n')
}
