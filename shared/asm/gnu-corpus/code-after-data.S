.text
.global _start
_start: nop
 .ascii "a"
f1: nop
 .space 1
f2: nop
 .fill 1,1,7
f3: nop
 .zero 1
 .org . + 2
f4: nop
 .byte 1
 .balign 4
 .byte 1
 .balign 2
 .byte 3
 .text
f6: nop
 .byte 3
 .data
 .text
 .balign 8
 nop
 .byte 1
 .p2align 1
 .p2align 2
 nop
 .data
 .byte 1
 nop
 .byte 1
 .word 5
 .section .text.b,"ax"
 .space 1
 nop
