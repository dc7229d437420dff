/* What other threads, and the kernel, may do to the log's descriptor, and it to the
 * program's:
 *
 *     log_harm cage FILE       closes all by number under a seccomp filter, and goes on
 *     log_harm dup2 FILE       dup2() onto every number while other threads leave records
 *     log_harm low FILE LOG    dup2() onto the number where the log is being opened
 *     log_harm born FILE       children of clone() while other threads leave records,
 *                              which take every number; prints their own
 *     log_harm first           threads that all have a first socket, and leave a record
 *     log_harm opening         a first socket while another thread forks
 *     log_harm unshare LOG     a thread with a table of its own, and a log that is removed
 *     log_harm lowest FILE     close(0) and open() while other threads leave records
 *     log_harm fork            children while other threads leave records
 *
 * The exit status is 0 if nothing of the log was found where it does not belong. */
#include "harm.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { THREADS = 8 };

static atomic_int enough;
static pthread_t running[THREADS];

static void *leave_records(void *unused)
{
    while (!atomic_load(&enough)) {
        leave_record(2);
    }
    return unused;
}

static void start_threads(int count)
{
    for (int i = 0; i < count; i++) {
        CHECK(pthread_create(&running[i], NULL, leave_records, NULL) == 0);
    }
}

static void end_threads(int count)
{
    atomic_store(&enough, 1);
    for (int i = 0; i < count; i++) {
        pthread_join(running[i], NULL);
    }
}

static int make(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    return fd;
}

static void is_empty(int fd)
{
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void cage(const char *path)
{
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {1, &all};
    int fd;
    leave_record(1);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    CHECK(syscall(SYS_close_range, quiet[1] + 1, ~0U, 0) == 0);
    do { /* a busy server's hundreds of files */
        fd = make(path);
    } while (fd < 300);
    leave_record(3);
    is_empty(fd);
}

static void dup2_race(const char *path)
{
    int fd = make(path);
    start_threads(2);
    for (int round = 0; round < 4; round++) {
        for (int number = 200; number < 242; number++) {
            CHECK(dup2(fd, number) == number);
        }
        usleep(20000); /* longer than the kernel's answer to a writer takes */
        for (int number = 200; number < 242; number++) {
            close(number);
        }
    }
    end_threads(2);
    is_empty(fd);
}

static const char *log_path;

static void *leave_records_and_remove(void *unused)
{
    while (!atomic_load(&enough)) {
        unlink(log_path);
        leave_record(2);
    }
    return unused;
}

static void low_race(const char *path, const char *log)
{
    struct stat own, now;
    int fd = make(path);
    int low = dup(fd);
    CHECK(fstat(fd, &own) == 0);
    close(low);
    log_path = log;
    CHECK(pthread_create(&running[0], NULL, leave_records_and_remove, NULL) == 0);
    for (int round = 0; round < 400; round++) {
        int is_put = round % 2 ? dup2(fd, low) : (int)syscall(SYS_dup3, fd, low, 0);
        if (is_put < 0 && errno == EBUSY) {
            continue; /* somebody else is opening it: dup2(2) */
        }
        CHECK(is_put == low);
        usleep(3000);
        CHECK(fstat(low, &now) == 0 && now.st_ino == own.st_ino);
        close(low);
        usleep((unsigned)round % 17 * 1000); /* so that it is free while the log is opened */
    }
    end_threads(1);
    is_empty(fd);
}

static void born(const char *path)
{
    int fd = make(path);
    start_threads(2);
    for (int round = 0; round < 3; round++) {
        int status = -1;
        pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        for (int number = 200; child == 0 && number < 242; number++) {
            CHECK(dup2(fd, number) == number);
        }
        if (child == 0) {
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        dprintf(1, "%d\n", (int)child);
    }
    end_threads(2);
    is_empty(fd);
}

static pthread_barrier_t turn;

static void *have_first_socket(void *number)
{
    static char room[64];
    int pair[2];
    pthread_barrier_wait(&turn);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(recv(pair[0], room, (size_t)number, MSG_DONTWAIT) == -1);
    return NULL;
}

static void first_socket_of_all(void)
{
    CHECK(pthread_barrier_init(&turn, NULL, THREADS) == 0);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&running[i], NULL, have_first_socket, (void *)(i + 1)) == 0);
    }
    end_threads(THREADS);
}

static void *fork_once(void *unused)
{
    int status = -1;
    pthread_barrier_wait(&turn);
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return unused;
}

static void open_while_forking(void)
{
    CHECK(pthread_barrier_init(&turn, NULL, 2) == 0);
    CHECK(pthread_create(&running[0], NULL, fork_once, NULL) == 0);
    pthread_barrier_wait(&turn);
    usleep(20000); /* it is in the midst of its fork by now */
    open_quiet();
    leave_record(1);
    end_threads(1);
}

static void *own_table(void *unused)
{
    CHECK(unshare(CLONE_FILES) == 0);
    pthread_barrier_wait(&turn);
    int before = open_descriptors();
    for (int i = 0; i < 50; i++) {
        pthread_barrier_wait(&turn);
        leave_record(2);
        pthread_barrier_wait(&turn);
    }
    CHECK(open_descriptors() <= before);
    return unused;
}

static void unshare_files(const char *path)
{
    log_path = path;
    leave_record(1);
    CHECK(pthread_barrier_init(&turn, NULL, 2) == 0);
    CHECK(pthread_create(&running[0], NULL, own_table, NULL) == 0);
    pthread_barrier_wait(&turn);
    int before = open_descriptors();
    for (int i = 0; i < 50; i++) {
        unlink(log_path);
        leave_record(3);
        pthread_barrier_wait(&turn);
        pthread_barrier_wait(&turn);
    }
    pthread_join(running[0], NULL);
    CHECK(open_descriptors() == before);
}

static void lowest(const char *path)
{
    int fd = make(path);
    start_threads(THREADS);
    for (int round = 0; round < 5000; round++) {
        close(0);
        CHECK(open(path, O_RDONLY) == 0);
    }
    end_threads(THREADS);
    is_empty(fd);
}

static void forks(void)
{
    int before = open_descriptors();
    start_threads(THREADS);
    for (int round = 0; round < 200; round++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            _exit(open_descriptors() == before ? 0 : 1);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    end_threads(THREADS);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    const char *path = argc > 2 ? argv[2] : "";
    if (strcmp(argv[1], "first") == 0) {
        first_socket_of_all();
        return 0;
    }
    if (strcmp(argv[1], "opening") == 0) {
        open_while_forking();
        return 0;
    }
    open_quiet();
    if (strcmp(argv[1], "cage") == 0) {
        cage(path);
    } else if (strcmp(argv[1], "dup2") == 0) {
        dup2_race(path);
    } else if (strcmp(argv[1], "low") == 0) {
        low_race(path, argv[3]);
    } else if (strcmp(argv[1], "born") == 0) {
        born(path);
    } else if (strcmp(argv[1], "unshare") == 0) {
        unshare_files(path);
    } else if (strcmp(argv[1], "lowest") == 0) {
        lowest(path);
    } else {
        forks();
    }
    return 0;
}
