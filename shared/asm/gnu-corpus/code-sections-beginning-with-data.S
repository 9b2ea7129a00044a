 .text
 .global _start
_start: nop
 .byte 1
 .p2align 3
 .skip 3, 5
 .section .text.x,"ax"
 .byte 1
 .section .text.w,"ax"
 .byte 1
 nop
