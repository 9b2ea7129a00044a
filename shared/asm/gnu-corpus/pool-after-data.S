.text
.global _start
_start: ldr x0,=5
 .byte 1
