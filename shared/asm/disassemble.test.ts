import { expect, it } from 'vitest'
import { disassemble } from './disassemble.ts'

it.each([
  [0xd503201f, 'nop'],
  [0xd50b7460, 'dc gva, x0'],
  [0xd508871f, 'tlbi vmalle1'],
  [0xd53810c0, 'mrs x0, gcr_el1'],
  [0xd53bf000, 'mrs x0, s3_3_c15_c0_0'],
  [0xaa0103e0, 'mov x0, x1'],
  [0xf100041f, 'cmp x0, #0x1'],
  [0x9a9f17e0, 'cset x0, eq'],
  [0xd37df020, 'lsl x0, x1, #3'],
  [0x9b027c20, 'mul x0, x1, x2'],
  [0xf8408c20, 'ldr x0, [x1, #8]!'],
  [0x00000007, 'udf #7'],
  [0xffffffff, '.inst 0xffffffff ; undefined'],
  [0x1e602820, '.inst 0x1e602820 ; FADD (scalar), not modelled'],
  [0x1ee02820, '.inst 0x1ee02820 ; undefined'],
])('%i is %s', (word, text) => {
  expect(disassemble(word, 0n)).toBe(text)
  expect(disassemble(word | 0, 0n)).toBe(text)
})

it('prints branch targets as absolute addresses, with names where there are some', () => {
  const symbol = (address: bigint): string | null => (address === 0x4007_fffcn ? 'guest_entry' : null)
  expect(disassemble(0x17ffffff, 0x4008_0000n)).toBe('b 0x4007fffc')
  expect(disassemble(0x17ffffff, 0x4008_0000n, symbol)).toBe('b 0x4007fffc <guest_entry>')
  expect(disassemble(0x54000040, 0x4008_0000n, symbol)).toBe('b.eq 0x40080008')
  expect(disassemble(0xb0000000, 0xffff_ffff_ffff_f123n)).toBe('adrp x0, 0x0')
})
