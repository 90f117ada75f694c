/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The targets fuzz_hypercalls and fuzz_control without libFuzzer: inputs of random bytes until enough hypercalls were
 * made. What ends the program leaves its input in a file, which libFuzzer's program reads as well.
 *
 * usage: soak CALLS [SEED [CRASH-FILE]]
 */
#include "hypercalls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define SIZE (64U << 10)
#define AUDIT_EACH 32
#define REPORT 10000000UL

extern unsigned audit_each;

static uint8_t bytes[SIZE];
static const char *crash_file = "crash";

static void keep_input(int signal_number)
{
    int file = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    if (file >= 0) {
        (void)!write(file, bytes, sizeof(bytes) - input_left);
        close(file);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* As splitmix64: far apart for neighbours. */
static uint64_t mix(uint64_t z)
{
    z *= 0x9e3779b97f4a7c15UL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
    return z ^ z >> 31;
}

int main(int argc, char **argv)
{
    uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000, reported = 0;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

    crash_file = argc > 3 ? argv[3] : crash_file;
    signal(SIGABRT, keep_input);
    audit_each = AUDIT_EACH;
    while (call_count < wanted) {
        uint64_t at = mix(~seed++);

        for (size_t i = 0; i < SIZE; i += sizeof(at)) {
            uint64_t word = mix(at + i);

            memcpy(bytes + i, &word, sizeof(word));
        }
        (void)LLVMFuzzerTestOneInput(bytes, SIZE);
        if (call_count / REPORT != reported) {
            reported = call_count / REPORT;
            fprintf(stderr, "%lu hypercalls, next seed %lu\n", (unsigned long)call_count, (unsigned long)seed);
        }
    }
    call_statistics();
    return 0;
}
