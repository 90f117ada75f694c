/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Linux program without a library, for bench/count.c (arm64):
 *
 * usage: mark N        executes "hint #N", N from 64 to 79, and ends
 *        mark N COUNT  maps a page that it has granted to its own domain, COUNT times, and unmaps it, with N before that
 *                      and N + 1 after it
 * gcc -static -nostdlib -ffreestanding is all that it needs.
 */
#define SYSTEM_IOCTL  29
#define SYSTEM_OPENAT 56
#define SYSTEM_EXIT   93
#define SYSTEM_MUNMAP 215
#define SYSTEM_MMAP   222
#define AT_FDCWD      (-100)
#define READ_WRITE    2
#define PAGE          4096

struct allocation {
    unsigned short domid, flags;
    unsigned count;
    unsigned long index;
    unsigned reference, reserved;
};
struct mapping {
    unsigned count, reserved;
    unsigned long index;
    unsigned domid, reference;
};
struct unmapping {
    unsigned long index;
    unsigned count, reserved;
};
#define IOCTL(number, type)     (sizeof(type) << 16 | 'G' << 8 | (number))
#define IOCTL_GNTALLOC_ALLOC_GREF    IOCTL(5, struct allocation)
#define IOCTL_GNTDEV_MAP_GRANT_REF   IOCTL(0, struct mapping)
#define IOCTL_GNTDEV_UNMAP_GRANT_REF IOCTL(1, struct unmapping)

void start(const unsigned long *stack) __attribute__((noreturn, used));
__asm__(".globl _start\n_start:\n mov x0, sp\n b start\n");

static long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

static void end(long status)
{
    system_call(SYSTEM_EXIT, status, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

static long need(long result)
{
    if (result < 0 && result > -PAGE) {
        end(1);
    }
    return result;
}

static unsigned long number(const char *text)
{
    unsigned long value = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (unsigned long)(*text - '0');
    }
    return value;
}

#define HINT(n) case n: __asm__ volatile("hint #" #n ::: "memory"); break

static void mark(unsigned long n)
{
    switch (n) {
    HINT(64);
    HINT(65);
    HINT(66);
    HINT(67);
    HINT(68);
    HINT(69);
    HINT(70);
    HINT(71);
    HINT(72);
    HINT(73);
    HINT(74);
    HINT(75);
    HINT(76);
    HINT(77);
    HINT(78);
    HINT(79);
    default: end(2);
    }
}

static long open_device(const char *path)
{
    return need(system_call(SYSTEM_OPENAT, AT_FDCWD, (long)path, READ_WRITE, 0, 0, 0));
}

static void map_once(long device, unsigned reference)
{
    struct mapping m = { .count = 1, .domid = 0, .reference = reference };
    struct unmapping u = { .count = 1 };
    long at;

    need(system_call(SYSTEM_IOCTL, device, IOCTL_GNTDEV_MAP_GRANT_REF, (long)&m, 0, 0, 0));
    at = need(system_call(SYSTEM_MMAP, 0, PAGE, 3, 1, device, (long)m.index));
    (*(volatile unsigned long *)at)++;
    need(system_call(SYSTEM_MUNMAP, at, PAGE, 0, 0, 0, 0));
    u.index = m.index;
    need(system_call(SYSTEM_IOCTL, device, IOCTL_GNTDEV_UNMAP_GRANT_REF, (long)&u, 0, 0, 0));
}

void start(const unsigned long *stack)
{
    const char *const *arguments = (const char *const *)(stack + 1);
    struct allocation a = { .domid = 0, .flags = 1, .count = 1 };
    unsigned long n = stack[0] > 1 ? number(arguments[1]) : 0;
    long device;

    if (stack[0] < 3) {
        mark(n);
        end(0);
    }
    need(system_call(SYSTEM_IOCTL, open_device("/dev/xen/gntalloc"), IOCTL_GNTALLOC_ALLOC_GREF, (long)&a, 0, 0, 0));
    device = open_device("/dev/xen/gntdev");
    map_once(device, a.reference);
    mark(n);
    for (unsigned long i = number(arguments[2]); i != 0; i--) {
        map_once(device, a.reference);
    }
    mark(n + 1);
    end(0);
    __builtin_unreachable();
}
