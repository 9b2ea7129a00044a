import { describe, expect, it } from 'vitest'
import { fromHex, hexToValue, PACKET_SIZE, PacketReader, packet, toHex, valueToHex } from './packet.ts'

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0))
const read = (text: string, checked = true) => new PacketReader().read(bytes(text), checked)

describe('packets', () => {
  it('carry the sum of their bytes', () => {
    expect(packet('OK')).toBe('$OK#9a')
    expect(packet('')).toBe('$#00')
    expect(read('$OK#9a')).toEqual([{ kind: 'packet', data: 'OK' }])
    expect(read('$OK#9A$#00')).toEqual([
      { kind: 'packet', data: 'OK' },
      { kind: 'packet', data: '' },
    ])
  })

  it('escape what would end them, in both directions', () => {
    const data = '#$}*\u0003\u00ff\n'
    expect(packet(data)).not.toMatch(/[#$*].*#../)
    expect(read(packet(data))).toEqual([{ kind: 'packet', data }])
  })

  it('are read in whatever pieces they come', () => {
    const reader = new PacketReader()
    const stream = `+${packet('m0,4')}+\u0003-${packet('c')}`
    const found = [...stream].flatMap((c) => reader.read(bytes(c), true))
    expect(found).toEqual([
      { kind: 'packet', data: 'm0,4' },
      { kind: 'interrupt' },
      { kind: 'again' },
      { kind: 'packet', data: 'c' },
    ])
  })

  it('with a wrong sum are refused, unless sums count no more', () => {
    for (const broken of ['$OK#9b', '$OK#zz']) {
      expect(read(broken)).toEqual([{ kind: 'broken', why: 'a packet with a wrong checksum' }])
      expect(read(broken, false)).toEqual([{ kind: 'packet', data: 'OK' }])
    }
  })

  it('begin anew at a dollar sign, and noise between them is passed over', () => {
    expect(read('GET / HTTP/1.1\r\n$half$OK#9a')).toEqual([{ kind: 'packet', data: 'OK' }])
  })

  it('of more than twice the agreed size are refused, and the next one is read', () => {
    const found = read(`${packet('x'.repeat(2 * PACKET_SIZE + 1))}${packet('?')}`)
    expect(found).toEqual([
      { kind: 'broken', why: `a packet of more than ${2 * PACKET_SIZE} bytes` },
      { kind: 'packet', data: '?' },
    ])
    expect(read(packet('x'.repeat(2 * PACKET_SIZE)))).toMatchObject([{ kind: 'packet' }])
  })
})

describe('hex', () => {
  it('is bytes in order, and values little-endian', () => {
    expect(toHex(Uint8Array.of(0, 0x1f, 0xff))).toBe('001fff')
    expect(fromHex('001FFF')).toEqual(Uint8Array.of(0, 0x1f, 0xff))
    expect([fromHex('0'), fromHex('0g')]).toEqual([null, null])
    expect(valueToHex(0x0102n, 4)).toBe('02010000')
    expect(hexToValue('02010000', 4)).toBe(0x0102n)
    expect(hexToValue(valueToHex((1n << 128n) - 2n, 16), 16)).toBe((1n << 128n) - 2n)
    expect([hexToValue('0201', 4), hexToValue('', 0)]).toEqual([null, 0n])
  })
})
