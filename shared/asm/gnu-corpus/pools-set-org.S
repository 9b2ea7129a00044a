.text
.global _start
_start: nop
 .byte 1
 .align 3
 .p2align 4,,3
 .quad 5
 .pushsection .data
 .byte 4
 .balign 4, 7
 .popsection
 .quad 6
 ldr x0, =1f
 ldr x0, =1f
1: ldr x0, =.
 ldr x0, =1b
 .ltorg
 .set n, 1
 .quad n
 .set n, n+1
 .quad n
 .org 0x100
 nop
 .quad later
 .set later, 3
 .set later, 4
 .byte 1
 ldr w0, =-1
 ldr w0, =0xffffffff
