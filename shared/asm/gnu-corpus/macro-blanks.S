.text
.global _start
_start: nop
.macro show a b c
 .ascii "[\a|\b|\c]"
.endm
.macro two a b
 show \a \b
 show \a, \b
 show \a+1 \b
.endm
.macro str s:vararg
 .ascii "<\s>"
.endm
 .data
 two x y
 show "a b" c
 show a "b"
 show a %b
 show a .b
 show a $b
 show a _b
 show a [b
 show a ]b
 show a :b:c
 show a 'b
 show a !b
 show a ~b
 show 1 b
 show 1f 2b
 show a ) b
 show a /* x */ b
 str  a  ,  b
 str  a  'x' ' '
 str x0 , [ x1 ] !
 str a:b , a :b
 str a \n b
 .macro nested x
  .macro in\x y
   .ascii "(\x \y)"
  .endm
 .endm
 nested foo
 infoo 3
 .macro lab l
\l: .byte 1
 .byte '0'+\l-\l
 .endm
 lab L1
 .rept 2
 .ascii "r"
 .endr
 .irp x
 .ascii "E\x"
 .endr
 .irp x, "a b", c d
 .ascii "E\x"
 .endr
 .irp x y, z
 .ascii "F\x"
 .endr
