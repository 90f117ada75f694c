/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program without a library: prints the virtual counter, which under -icount counts instructions (times 16).
 * For the benchmark of Linux's boot; only aarch64-linux-gnu-gcc -static -nostdlib is needed.
 */
void _start(void);

static long system_call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

void _start(void)
{
    char text[32];
    unsigned long value;
    int at = sizeof(text);

    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(value) :: "memory");
    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    system_call(64, 1, (long)(text + at), (long)sizeof(text) - at); /* write */
    system_call(93, 0, 0, 0);                                       /* exit */
}
