.text
.global _start
_start: nop
 .section .vectors,"ax"
 .quad 1
 .section .ro2,"a"
 .quad 2
 .section .rw2,"aw"
 .quad 3
 .section .rodata.a,"a"
 .quad 4
 .section .rodata
 .quad 9
 .section .switchyard,"",%progbits
 .quad _start
 .4byte 1,2
 .section .noinit,"aw",%nobits
 .space 64
 .section .note.x,""
 .ascii "hello"
 .org 16
 .section .data.b
 .quad 4
 .bss
 .balign 8192
 .space 8
