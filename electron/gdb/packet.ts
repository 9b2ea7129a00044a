/**
 * Packets of gdb's remote serial protocol: `$data#cc`, data escaped, cc the sum of its bytes modulo 256 in hex. Data are
 * strings of one character per byte (latin1), so that binary and text look alike.
 */

/** Most bytes of a packet's data in either direction; told to gdb in qSupported. */
export const PACKET_SIZE = 0x4000

const INTERRUPT = 0x03
const ESCAPED = /[#$}*]/g

export type Received =
  | { kind: 'packet'; data: string }
  /** Ctrl+C in gdb. */
  | { kind: 'interrupt' }
  /** gdb did not understand the last answer. */
  | { kind: 'again' }
  /** A packet whose checksum is wrong, or that is too long: it is answered by `-`. */
  | { kind: 'broken'; why: string }

const checksum = (data: string): number => {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data.charCodeAt(i)
  return sum & 0xff
}

const hexByte = (value: number): string => value.toString(16).padStart(2, '0')

/** A packet as it goes over the wire. */
export function packet(data: string): string {
  const escaped = data.replace(ESCAPED, (c) => `}${String.fromCharCode(c.charCodeAt(0) ^ 0x20)}`)
  return `$${escaped}#${hexByte(checksum(escaped))}`
}

/** Takes a byte stream apart, whatever the pieces it comes in. Bytes outside packets are passed over. */
export class PacketReader {
  private data: string | null = null
  private sum = ''
  private ending = false
  private tooLong = false

  /** @param checked false once gdb has agreed that the transport is reliable: checksums count no more */
  read(bytes: Uint8Array, checked: boolean): Received[] {
    const found: Received[] = []
    for (const byte of bytes) {
      const received = this.take(byte, checked)
      if (received) found.push(received)
    }
    return found
  }

  private take(byte: number, checked: boolean): Received | null {
    const c = String.fromCharCode(byte)
    if (this.ending) {
      this.sum += c
      return this.sum.length < 2 ? null : this.finish(checked)
    }
    if (c === '$') {
      this.data = ''
      this.tooLong = false
      return null
    }
    if (this.data === null) {
      if (byte === INTERRUPT) return { kind: 'interrupt' }
      return c === '-' ? { kind: 'again' } : null
    }
    if (c === '#') {
      this.ending = true
      this.sum = ''
      return null
    }
    if (this.data.length >= 2 * PACKET_SIZE) this.tooLong = true
    else this.data += c
    return null
  }

  private finish(checked: boolean): Received {
    const data = this.data ?? ''
    const right = /^[0-9a-fA-F]{2}$/.test(this.sum) && Number.parseInt(this.sum, 16) === checksum(data)
    this.data = null
    this.ending = false
    if (this.tooLong) return { kind: 'broken', why: `a packet of more than ${2 * PACKET_SIZE} bytes` }
    if (checked && !right) return { kind: 'broken', why: 'a packet with a wrong checksum' }
    return { kind: 'packet', data: plain(data) }
  }
}

const plain = (data: string): string =>
  data.replace(/\}([\s\S])/g, (_, c: string) => String.fromCharCode(c.charCodeAt(0) ^ 0x20))

/** Bytes as pairs of hex digits. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hexByte(byte)
  return text
}

/** @returns null where the text is not pairs of hex digits */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(i * 2, i * 2 + 2), 16),
  )
}

export const textToHex = (text: string): string => toHex(new TextEncoder().encode(text))

/** A register's value in the target's byte order, little-endian. */
export function valueToHex(value: bigint, bytes: number): string {
  let text = ''
  for (let i = 0; i < bytes; i++) text += hexByte(Number((value >> BigInt(i * 8)) & 0xffn))
  return text
}

/** @returns null where the text is not hex of so many bytes */
export function hexToValue(text: string, bytes: number): bigint | null {
  const raw = fromHex(text)
  if (raw === null || raw.length !== bytes) return null
  return raw.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
