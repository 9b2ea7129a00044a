.text
.global _start
_start: nop
.macro show a b c
 .ascii "[\a|\b|\c]"
.endm
 .data
 show a + b
 show a +b
 show (a + b) c
 show a, b , c
 show "a b", c
 show c=1, a=2
 show [x0, #1], 2
 show -1 -2
 show x0,x1, lsl #3
.macro d a=7, b:req, c=8
 .ascii "{\a,\b,\c}"
.endm
 d , 2
 d 1 2
 d b=3
.macro v a, r:vararg
 .ascii "<\a;\r>"
.endm
 v 1, 2 , 3 + 4
 v 1
.macro at
 .ascii "@\@"
.endm
 at
 at
 .irp r, 1, 2 , 3
 .ascii "i\r"
 .endr
 .irpc r, abc
 .ascii "c\r\()z"
 .endr
 .ifc a b, a b
 .ascii "IFC1"
 .endif
 .ifc  a  ,a
 .ascii "IFC2"
 .endif
 .ifc "a",a
 .ascii "IFC3"
 .endif
 .ifb
 .ascii "IFB"
 .endif
 .ifnb x
 .ascii "IFNB"
 .endif
