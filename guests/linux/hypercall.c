/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program without a library: makes one hypercall through Xen's privcmd driver (arm64) and prints its result.
 *
 * usage: hypercall NUMBER [ARGUMENT...]
 *   An argument is a number; @W,W,...: the address of these words of 64 bits; or =TEXT: that of the text. What words
 *   hold afterwards is printed behind the result if they began with @@.
 * gcc -static -nostdlib -ffreestanding is all that it needs.
 */
#define SYSTEM_OPENAT 56
#define SYSTEM_WRITE  64
#define SYSTEM_EXIT   93
#define SYSTEM_IOCTL  29
#define AT_FDCWD      (-100)
#define READ_WRITE    2
#define WORDS         64

struct privcmd_hypercall {
    unsigned long number, argument[5];
};
#define IOCTL_PRIVCMD_HYPERCALL (0UL << 30 | sizeof(struct privcmd_hypercall) << 16 | 'P' << 8 | 0)

void start(const unsigned long *stack) __attribute__((noreturn, used));
__asm__(".globl _start\n_start:\n mov x0, sp\n b start\n");

static long system_call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = 0;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

static void print(const char *before, long value)
{
    char text[32];
    int at = sizeof(text);
    unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;

    while (*before != '\0') {
        system_call(SYSTEM_WRITE, 1, (long)before++, 1);
    }
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        text[--at] = '-';
    }
    system_call(SYSTEM_WRITE, 1, (long)(text + at), (long)sizeof(text) - at);
}

static unsigned long number(const char **text)
{
    unsigned long value = 0;

    for (; **text >= '0' && **text <= '9'; (*text)++) {
        value = value * 10 + (unsigned long)(**text - '0');
    }
    return value;
}

static unsigned long words[5][WORDS];

static unsigned long argument(const char *text, unsigned long *list, int *count)
{
    if (*text == '=') {
        return (unsigned long)(text + 1);
    }
    if (*text != '@') {
        return number(&text);
    }
    while (*text == '@') {
        text++;
    }
    do {
        text += *text == ',';
        list[(*count)++] = number(&text);
    } while (*text == ',' && *count < WORDS);
    return (unsigned long)list;
}

void start(const unsigned long *stack)
{
    long count = (long)stack[0], device = system_call(SYSTEM_OPENAT, AT_FDCWD, (long)"/dev/xen/privcmd", READ_WRITE);
    const char *const *arguments = (const char *const *)(stack + 1);
    struct privcmd_hypercall call = { .number = 0 };
    int words_count[5] = { 0 };

    if (count < 2 || count > 7 || device < 0) {
        system_call(SYSTEM_EXIT, 2, 0, 0);
    }
    call.number = number(&(const char *){ arguments[1] });
    for (long i = 2; i < count; i++) {
        call.argument[i - 2] = argument(arguments[i], words[i - 2], &words_count[i - 2]);
    }
    print("", system_call(SYSTEM_IOCTL, device, IOCTL_PRIVCMD_HYPERCALL, (long)&call));
    for (long i = 2; i < count; i++) {
        for (int k = 0; k < words_count[i - 2] && arguments[i][1] == '@'; k++) {
            print(" ", (long)words[i - 2][k]);
        }
    }
    system_call(SYSTEM_WRITE, 1, (long)"\n", 1);
    system_call(SYSTEM_EXIT, 0, 0, 0);
    __builtin_unreachable();
}
