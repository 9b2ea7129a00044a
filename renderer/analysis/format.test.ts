import { describe, expect, it } from 'vitest'
import { HOST, HOST_TASK, UNKNOWN_OWNER } from '../../shared/model/trace.ts'
import {
  addressText,
  count,
  counted,
  duration,
  listed,
  maskText,
  ownerLetter,
  percent,
  rate,
  shortHex,
} from './format.ts'

const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2009', ' ')

describe('numbers', () => {
  it.each([
    [0, 0, '0'],
    [999, 0, '999'],
    [20000, 0, '20 000'],
    [18409156, 0, '18 409 156'],
    [-1204, 0, '−1 204'],
    [1204.56, 1, '1 204.6'],
  ])('%s with %s decimals', (value, decimals, text) => expect(plain(count(value, decimals))).toBe(text))

  it('never breaks a number over two lines', () => expect(count(1904)).toBe('1\u202f904'))
  it('has one fault and two faults', () =>
    expect([counted(1, 'fault'), counted(2, 'fault')]).toEqual(['1 fault', '2 faults']))
  it.each([
    [0, '0 %'],
    [0.0001, '0.1 %'],
    [0.5, '50 %'],
    [0.99999, '99.9 %'],
    [1, '100 %'],
  ])('claims neither nothing nor everything falsely: %s', (share, text) => expect(percent(share)).toBe(text))
  it.each([
    [87, '87'],
    [5230, '5 230'],
    [11_400_000, '11.4 M'],
    [1_240_000, '1.24 M'],
    [312_000, '312 k'],
  ])('a rate of %s', (value, text) => expect(plain(rate(value))).toBe(text))
  it.each([
    [312e6, '312 ms'],
    [4.1e9, '4.1 s'],
    [125e9, '2 min 5 s'],
  ])('%s ns', (ns, text) => expect(plain(duration(ns))).toBe(text))
})

describe('addresses and masks', () => {
  it('shows a lower address without its tag', () =>
    expect(plain(addressText(0x0900_ffff_8200_1040n))).toBe('0000 ffff 8200 1040'))
  it('shows an upper address as bit 55 extends it', () =>
    expect(plain(addressText(0xf3ff_8000_1000_10ccn))).toBe('ffff 8000 1000 10cc'))
  it('keeps two groups of a short value', () => expect(plain(shortHex(0xc001n))).toBe('0000 c001'))
  it('keeps a long one whole', () => expect(plain(shortHex(0x1_0000_0000n))).toBe('0001 0000 0000'))
  it.each([
    [0, 'none'],
    [0xc001, 'f e 0'],
    [0x00ff, '7–0'],
    [0xffff, 'f–0'],
    [0x8001, 'f 0'],
    [0xe007, 'f–d 2–0'],
  ])('mask %s', (mask, text) => expect(maskText(mask)).toBe(text))
})

describe('words', () => {
  it('names owners by letter', () =>
    expect([HOST, HOST_TASK, UNKNOWN_OWNER, 0, 12].map(ownerLetter)).toEqual(['H', 'T', '?', 'v0', 'v12']))
  it('lists', () =>
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]))
})
