/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program without a library: prints the counter, which under -icount counts instructions (on arm64: times 16).
 * For the benchmark of Linux's boot; only gcc -static -nostdlib is needed.
 */
void _start(void);

#ifdef __x86_64__
#define SYSTEM_WRITE 1
#define SYSTEM_EXIT  60

static long system_call(long number, long a, long b, long c)
{
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return number;
}

static unsigned long counter(void)
{
    unsigned long low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) :: "memory");
    return high << 32 | low;
}
#else
#define SYSTEM_WRITE 64
#define SYSTEM_EXIT  93

static long system_call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

static unsigned long counter(void)
{
    unsigned long value;

    __asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(value) :: "memory");
    return value;
}
#endif

void _start(void)
{
    char text[32];
    unsigned long value = counter();
    int at = sizeof(text);

    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    system_call(SYSTEM_WRITE, 1, (long)(text + at), (long)sizeof(text) - at);
    system_call(SYSTEM_EXIT, 0, 0, 0);
}
