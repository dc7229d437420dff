/* Runs a command, each of whose calls of one kind, renameat2() as a rule, is
 * held until somebody has seen to it. The command inherits the filter, so it is
 * in no cage of its own.
 *
 *     held keep LOG COMMAND...      until LOG.1, if the call is to replace it, has
 *                                   another name, too: LOG.kept.1, LOG.kept.2, ...
 *     held storm LOG COMMAND...     the same, and ftruncate() of a file with content fails;
 *                                   of one without a name LOG.copy.* is made before
 *     held plain LOG COMMAND...     the same on a file system that cannot exchange
 *                                   two names
 *     held until FILE COMMAND...    until FILE is there
 *     held pending FILE COMMAND...  the same with rt_sigpending(); FILE.reached is
 *                                   there from the first such call on */
#include "copy.h"
#include "harm.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { EXCHANGE = 2 /* RENAME_EXCHANGE */, FLAGS = 4 }; /* which argument of renameat2() they are */

static const char *way, *file;
static unsigned held = SYS_renameat2;
static unsigned held_too = SYS_renameat2;
static int listener = -1;
static pthread_barrier_t installed;

static void keep(void)
{
    static int count;
    char older[4096], kept[4096];
    struct stat st;
    snprintf(older, sizeof older, "%s.1", file);
    snprintf(kept, sizeof kept, "%s.kept.%d", file, count + 1);
    if (stat(older, &st) == 0 && st.st_nlink > 1) {
        return; /* it has */
    }
    if (link(older, kept) == 0) {
        count++;
    } else {
        CHECK(errno == ENOENT);
    }
}

/* A generation that has a name, and no other, would be lost: who was to put it away was
 * killed. Its rotation is to be tried again later. */
static int see_to_truncation(unsigned pid, unsigned long long fd)
{
    char path[64];
    struct stat st;
    int answer = 0;
    snprintf(path, sizeof path, "/proc/%u/fd/%llu", pid, fd);
    int from = open(path, O_RDONLY);
    if (from >= 0 && fstat(from, &st) == 0 && st.st_nlink == 0) {
        keep_copy(file, from);
    } else if (from >= 0 && st.st_nlink == 1 && st.st_size > 0) {
        answer = -EIO;
    }
    close(from);
    return answer;
}

static void tell_reached(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.reached", file);
    close(open(path, O_CREAT | O_WRONLY, 0600));
}

/* The answer: 0 to go ahead, or an error. */
static int see_to(const struct seccomp_notif *call)
{
    if (strcmp(way, "until") == 0 || strcmp(way, "pending") == 0) {
        tell_reached();
        while (access(file, F_OK) < 0) {
            usleep(1000);
        }
        return 0;
    }
    if (call->data.nr == SYS_ftruncate) {
        return see_to_truncation(call->pid, call->data.args[0]);
    }
    if (call->data.args[FLAGS] != EXCHANGE) {
        keep();
    }
    return strcmp(way, "plain") == 0 && call->data.args[FLAGS] == EXCHANGE ? -EINVAL : 0;
}

static void *watch(void *unused)
{
    pthread_barrier_wait(&installed);
    for (;;) {
        struct seccomp_notif call = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
            CHECK(errno == ENOENT || errno == EINTR); /* killed meanwhile */
            continue;
        }
        int error = see_to(&call);
        struct seccomp_notif_resp answer = {
            .id = call.id,
            .error = error,
            .flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE,
        };
        CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 || errno == ENOENT);
    }
    return unused;
}

/* For this thread and what it starts, not for the one that watches. */
static void install(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, held, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, held_too, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    listener = (int)syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    CHECK(listener >= 0);
}

int main(int argc, char **argv)
{
    pthread_t watcher;
    int status;
    CHECK(argc >= 4);
    way = argv[1];
    file = argv[2];
    if (strcmp(way, "pending") == 0) {
        held = held_too = SYS_rt_sigpending;
    } else if (strcmp(way, "storm") == 0) {
        held_too = SYS_ftruncate;
    }
    pthread_barrier_init(&installed, NULL, 2);
    CHECK(pthread_create(&watcher, NULL, watch, NULL) == 0);
    install();
    pthread_barrier_wait(&installed);
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
