.text
.global _start
_start: ldr x0,=1+1; ldr x1,=2; ldr x2,=(1<<40); ldr x3,=0x10000000000; ldr x4, =~0; ldr x5,=-1; ldr x6,=0xffffffffffffffff; ldr x7,=5-6
ldr x8,=0-1
ldr x9,=~1
ldr x10,=-2
ldr x11,=-(2)
ldr x12,=1==1
ldr x13,=(-1)
ldr x14,=0xffffffffffffffff+0
ldr x14,=5-6+0
ldr x14,=!5
ldr x14,=0
 .ltorg
 .set m, -1
 ldr x14,=m
 ldr x14,=-1
 ldr x14,=0xffffffffffffffff
 .set m2, 0xffffffffffffffff
 ldr x14,=m2
 .set m3, 1<<63
 ldr x15, =1<<63
 ldr x15, =m3
 ldr x15, =0x8000000000000000
 ldr x15, =-0x8000000000000000
