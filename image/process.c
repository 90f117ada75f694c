/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"

void arguments_add(struct arguments *list, const char *text)
{
    if (list->count < ARGUMENT_LIMIT) {
        list->value[list->count++] = diag_strdup(text);
    }
}

void arguments_free(struct arguments *list)
{
    unsigned i;

    for (i = 0; i < list->count; i++) {
        free(list->value[i]);
    }
}

/* The child's side: its words go into the pipe. Never returns. */
static void become(char *const *argv, unsigned seconds, int words)
{
    static const char failed[] = "can't be started\n";
    ssize_t ignored;

    dup2(words, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    /* Some would wait for ever; an alarm outlives execvp(). */
    alarm(seconds);
    execvp(argv[0], argv);
    ignored = write(words, failed, sizeof(failed) - 1);
    (void)ignored;
    _exit(127);
}

int process_run(const struct arguments *list, unsigned seconds, char *words, size_t size)
{
    int pipes[2], status = -1;
    size_t length = 0;
    ssize_t got;
    pid_t child;
    char rest[512];

    words[0] = '\0';
    if (pipe(pipes) != 0) {
        return -1;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        close(pipes[0]);
        become(list->value, seconds, pipes[1]);
    }
    close(pipes[1]);
    if (child > 0) {
        do {
            bool full = length + 1 >= size;

            got = read(pipes[0], full ? rest : words + length, full ? sizeof(rest) : size - 1 - length);
            length += got > 0 && !full ? (size_t)got : 0;
        } while (got > 0 || (got < 0 && errno == EINTR));
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    close(pipes[0]);
    words[length] = '\0';
    return status;
}

bool process_is_good(int status)
{
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool process_is_late(int status)
{
    return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
}

void process_quote(const char *program, char *words)
{
    char *line, *next = NULL;

    for (line = strtok_r(words, "\n", &next); line != NULL; line = strtok_r(NULL, "\n", &next)) {
        diag_note(program, 0, "%s", line);
    }
}
