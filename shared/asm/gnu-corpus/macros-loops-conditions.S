.text
.global _start
_start: nop
.macro rec n
 .if \n
 .byte \n
 rec "(\n-1)"
 .endif
.endm
.data
 rec 3
 .macro ex n
 .byte 1
 .if \n
 .exitm
 .endif
 .byte 2
 .endm
 ex 1
 ex 0
 .macro q x:req, y=3, z
 .byte \x, \y
 .ifb \z
 .byte 9
 .endif
 .ifnb \z
 .byte \z
 .endif
 .endm
 q 1
 q 1,,7
 q x=1,z=7
 .macro outer a
 .macro inner b
 .byte \a, \b
 .endm
 inner 5
 .purgem inner
 .endm
 outer 6
 outer 7
 .equ k, 3
 kk = 4
 .byte k, kk
 .rept 3
 .irp r, 1,2
 .byte \r
 .endr
 .endr
 .irp r, 1,2
 .irp s, 3,4
 .byte \r\s
 .endr
 .endr
 .ascii "a\tb\\\"\101\x41\n" , "second"
 .asciz "q", "r"
 .string "z"
 .octa 0x112233445566778899aabbccddeeff00
 .byte 'a','\\',' ','"'
 .fill 3
 .fill 2,2
 .fill 2,9,5
 .space 2,-1
 .zero 2
 .if 1 ; .byte 3 ; .else ; .byte 4; .endif
 .ifdef zork
 .byte 1
 .elseif 1
 .byte 2
 .else
 .byte 3
 .endif
 .ifndef zork
 .byte 1
 .endif
 .ifeq 0
 .byte 0x55
 .endif
 .iflt -1
 .byte 0x56
 .endif
 foo .req x3
