/* To be killed at any moment: processes with threads, each of which leaves
 * records and says after each call, by its number, that it has returned.
 *
 *     killed PROCESSES THREADS
 *
 * The numbers go to stdout, eight bytes each: process, thread and call. */
#include "harm.h"

#include <pthread.h>
#include <stdint.h>

static int number_of_process;

static void *work(void *number)
{
    uint64_t base = ((uint64_t)number_of_process << 36) | ((uint64_t)(uintptr_t)number << 30);
    for (uint64_t i = 1;; i++) {
        uint64_t call = base + i;
        leave_record(call);
        CHECK(write(1, &call, sizeof call) == sizeof call);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    open_quiet();
    while (++number_of_process < atoi(argv[1]) && fork() != 0) {
    }
    for (uintptr_t i = 1; i < (uintptr_t)atoi(argv[2]); i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0);
    }
    work(NULL);
}
