.section .text.start,"ax"
.global _start
_start: ldr x0, =5
 ldr x1, =-1
 ldr x2, =0xffffffffffffffff
 ldr w3, =0x1234
 ldr w4, =0x1234
 ldr x5, =0x1234
 ldr x6, =foo
 ldr x7, =foo+0
 ldr x8, =foo+4
 ldrsw x9, =-3
 .set q, foo+4
 ldr x8, =q
 .set c, 5
 ldr x8, =c
 ldr w8, =foo
 nop
 .text
 nop
 .byte 1
 .balign 16
 nop
 .quad ., .
foo: nop
 .balign 64, 0xff
 .section .text.z,"ax"
 nop
 .balign 32
 nop
 .byte 1
 .section .text.y,"ax"
 .byte 1
 .data
 .byte 1
 .balign 8
 .fill 2,8,0x1122334455667788
 .fill 2,3,-1
 .bss
 .space 10
