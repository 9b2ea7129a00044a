import { expect, it } from 'vitest'
import { assemble } from './assemble.ts'

const text = `
.set CPU_SEED, CTX_SEED
.set CPU_DEAD, CTX_FAULT
.set WIDE, 1 << 40
.set CTX_SEED, 8
.set CTX_FAULT, CTX_SEED + 8
.macro save offset
	str x2, [x0, #\\offset]
.endm
_start:
	ldr x1, [x0, #CPU_SEED]
	save CTX_FAULT
	save CTX_FAULT
	ldr x3, =WIDE
	.if CPU_DEAD
	nop
	.endif
`

it('counts the instructions that were written with a constant, and says what the constant was written with', () => {
  const { constants } = assemble({ file: 'a.S', text }, { include: () => null })
  const of = (name: string) => constants.find((one) => one.name === name)
  expect(of('CPU_SEED')).toEqual({
    name: 'CPU_SEED',
    value: 8n,
    file: 'a.S',
    line: 2,
    names: ['CTX_SEED'],
    uses: 1,
  })
  expect(of('CPU_DEAD')).toMatchObject({ value: 16n, names: ['CTX_FAULT'], uses: 0 })
  expect(of('CTX_FAULT')).toMatchObject({ names: ['CTX_SEED'], uses: 2 })
  expect(of('CTX_SEED')).toMatchObject({ names: [], uses: 0 })
  expect(of('WIDE')).toMatchObject({ uses: 1 })
})
