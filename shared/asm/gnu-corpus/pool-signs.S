.text
.global _start
_start: ldr x0,=-1
ldr x1,=-1+0
ldr x2,=0+-1
ldr x2,=-5+4
ldr x4,=0xffffffffffffffff
ldr x5,=+-1
ldr x5,=- -1
ldr x5,=1
ldr x5,=~-1
ldr x5,=0
ldr x5,=-0
ldr x5,=-!0
ldr x5,=-1<<0
