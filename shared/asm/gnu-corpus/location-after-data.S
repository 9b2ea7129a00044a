// `.` is where the instruction will stand, behind the padding.
	.text
	.global _start
_start:	nop
	.byte	1
	ldr	x0, =.
	.hword	2
	.inst	0xd503201f
	.hword	3
	b	.
