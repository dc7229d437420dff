/* In the midst of a rotation, which programs/held holds until GO is there:
 *
 *     midway fork LOG GO     another thread forks, and the child lives on
 *     midway cancel LOG GO   the thread that rotates is cancelled, asynchronously
 *
 * Afterwards there are 200 more records. */
#include "harm.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>

static atomic_int enough;

static void *leave_records(void *unused)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    while (!atomic_load(&enough)) {
        leave_record(1);
    }
    return unused;
}

/* programs/held says so by a file of that name. */
static void wait_for_rotation(const char *go)
{
    char path[4096];
    struct stat st = {0};
    snprintf(path, sizeof path, "%s.reached", go);
    while (stat(path, &st) < 0) {
        usleep(1000);
    }
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *result = NULL;
    pid_t child = -1;
    CHECK(argc == 4);
    int cancels = strcmp(argv[1], "cancel") == 0;
    open_quiet();
    int before = open_descriptors();
    CHECK(pthread_create(&thread, NULL, leave_records, NULL) == 0);
    wait_for_rotation(argv[3]);
    if (cancels) {
        CHECK(pthread_cancel(thread) == 0);
    } else if ((child = fork()) == 0) {
        pause();
    }
    close(open(argv[3], O_CREAT | O_WRONLY, 0600));
    atomic_store(&enough, !cancels);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == (cancels ? PTHREAD_CANCELED : NULL));
    for (int i = 0; i < 200; i++) {
        leave_record(2);
    }
    CHECK(open_descriptors() == before);
    return child > 0 ? kill(child, SIGKILL) : 0;
}
