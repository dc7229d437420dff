/* What the recorder is to have all of.
 *
 *     recorded threads THREADS RECORDS    each record of each thread with a length of its own
 *     recorded lean COUNT                 would-blocks, one after the other
 *     recorded pairs COUNT                a byte there and back over a pair, as often
 *     recorded files                      prints its descriptors, one a line, after a record
 *     recorded waits [COUNT]              a record; again one, or COUNT, for each line on stdin */
#include "harm.h"

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>

static size_t records;

static void *work(void *number)
{
    for (size_t i = 1; i <= records; i++) {
        leave_record((uintptr_t)number * records + i);
    }
    return NULL;
}

static void in_threads(size_t count)
{
    pthread_t *threads = calloc(count, sizeof *threads);
    CHECK(threads != NULL);
    for (uintptr_t i = 0; i < count; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    }
    for (uintptr_t i = 0; i < count; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    free(threads);
}

__attribute__((noinline)) void count_lean(size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        leave_record(i);
    }
}

/* Apart, so that callgrind counts one of each. */
__attribute__((noinline)) void count_pairs(const int *pair, size_t count)
{
    char byte = 'x';
    for (size_t i = 1; i <= count; i++) {
        CHECK(send(pair[0], &byte, 1, 0) == 1 && recv(pair[1], &byte, 1, 0) == 1);
    }
}

static void print_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder));) {
        puts(entry->d_name);
    }
    closedir(folder);
}

static void wait_for_lines(size_t each)
{
    char line[64];
    leave_record(1);
    puts("ready");
    fflush(stdout);
    for (size_t i = 1; fgets(line, sizeof line, stdin);) {
        for (size_t made = 0; made < each; made++) {
            leave_record(++i);
        }
        puts("done");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    CHECK(argc > 1);
    open_quiet();
    if (strcmp(argv[1], "threads") == 0 && argc == 4) {
        records = (size_t)atoi(argv[3]);
        in_threads((size_t)atoi(argv[2]));
    } else if (strcmp(argv[1], "lean") == 0 && argc == 3) {
        count_lean((size_t)atoi(argv[2]));
    } else if (strcmp(argv[1], "pairs") == 0 && argc == 3) {
        int pair[2];
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        count_pairs(pair, (size_t)atoi(argv[2]));
    } else if (strcmp(argv[1], "files") == 0) {
        leave_record(1);
        print_files();
    } else {
        wait_for_lines(argc == 3 ? (size_t)atoi(argv[2]) : 1);
    }
}
