import { expect, it } from 'vitest'
import { hashOfLink, isDeepLink } from './deep-link.ts'

it.each([
  ['switchyard://run/3/findings/finding/1/step/4', '#/run/3/findings/finding/1/step/4'],
  ['switchyard://run/3/timeline?cycles=100-200', '#/run/3/timeline?cycles=100-200'],
  ['switchyard://museum/missing-isb/', '#/museum/missing-isb'],
  ['switchyard://compare/1,4/2,5', '#/compare/1,4/2,5'],
  ['switchyard://glossary/GCR_EL1', '#/glossary/GCR_EL1'],
  ['switchyard://experiment/two%20guests', '#/experiment/two%20guests'],
])('%s leads to %s', (link, hash) => {
  expect(isDeepLink(link)).toBe(true)
  expect(hashOfLink(link)).toBe(hash)
})

it.each([
  'https://example.org/run/3',
  'switchyard:run/3',
  'switchyard://',
  'switchyard://evil.example/run/3',
  'switchyard://run/../../etc/passwd#x',
  'switchyard://run/3/<script>',
  'switchyard://run/3?token=1',
  'switchyard://run/3?cycles=1-2&x=1',
  `switchyard://run/${'9'.repeat(200)}`,
  `switchyard://run${'/a'.repeat(50)}`,
  'switchyard://run/3\n#/museum',
])('%s leads nowhere', (link) => expect(hashOfLink(link)).toBeNull())
