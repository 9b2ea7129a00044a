// Prints a greeting, then what comes in, until a line feed; ends with the number of characters as its exit status.
        .equ UART, 0x09000000

        .text
        .globl _start
_start:
        mov     x1, #UART
        adr     x2, greeting
1:      ldrb    w3, [x2], #1
        cbz     w3, 2f
        strb    w3, [x1]
        b       1b

2:      mov     x5, #0
3:      ldr     w4, [x1, #0x18]         // UARTFR
        tbnz    w4, #4, 3b              // RXFE: nothing has come yet
        ldr     w3, [x1]
        and     w3, w3, #0xff
        strb    w3, [x1]
        cmp     w3, #10
        b.eq    4f
        add     x5, x5, #1
        b       3b

4:      adr     x1, block
        str     x5, [x1, #8]
        mov     x0, #0x18               // SYS_EXIT
        hlt     #0xf000

greeting:
        .asciz  "hello\n"

        .balign 8
block:  .quad   0x20026, 0              // ADP_Stopped_ApplicationExit, status
