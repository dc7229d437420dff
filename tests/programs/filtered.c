/* A launcher: puts on a seccomp filter as a service manager or a container does, and
 * becomes the command.
 *
 *     filtered ACTION LIST COMMAND [ARG...]
 *
 * ACTION is "kill", "trap" (SIGSYS) or the number of an errno that is answered; LIST is "network"
 * for all socket calls (systemd's @network-io), or their names with commas between them; a name
 * with a colon and a number, such as setsockopt:18, is the call with that option alone. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name)                                                                                 \
    {                                                                                              \
#name, SYS_##name, 1                                                                       \
    }
static const struct {
    const char *name;
    unsigned number;
    int is_network;
} calls[] = {
    CALL(accept4),
    CALL(bind),
    CALL(connect),
    CALL(getpeername),
    CALL(getsockname),
    CALL(getsockopt),
    CALL(listen),
    CALL(recvfrom),
    CALL(recvmmsg),
    CALL(recvmsg),
    CALL(sendmmsg),
    CALL(sendmsg),
    CALL(sendto),
    CALL(setsockopt),
    CALL(shutdown),
    CALL(socket),
    CALL(socketpair),
#ifdef SYS_accept
    CALL(accept),
#endif
#ifdef SYS_dup2
    {"dup2", SYS_dup2, 0},
#endif
#ifdef SYS_poll
    {"poll", SYS_poll, 0},
#endif
    {"clock_gettime", SYS_clock_gettime, 0},
    {"ioctl", SYS_ioctl, 0},
    {"ppoll", SYS_ppoll, 0},
    {"readv", SYS_readv, 0},
    {"writev", SYS_writev, 0},
    {"statx", SYS_statx, 0},
    {"setrlimit", SYS_setrlimit, 0},
    {"fcntl", SYS_fcntl, 0},
    {"madvise", SYS_madvise, 0},
    {"readlinkat", SYS_readlinkat, 0},
    {"rt_sigaction", SYS_rt_sigaction, 0},
    {"uname", SYS_uname, 0},
    {"exit_group", SYS_exit_group, 0},
};

/* *option: the number behind its name, else -1. */
static int is_listed(const char *list, size_t i, int *option)
{
    size_t len = strlen(calls[i].name);
    *option = -1;
    if (strcmp(list, "network") == 0) {
        return calls[i].is_network;
    }
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (strncmp(at, calls[i].name, len) == 0 && strchr(",:", at[len])) {
            *option = at[len] == ':' ? atoi(at + len + 1) : -1;
            return 1;
        }
    }
    return 0;
}

static struct sock_filter filter[96] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
static struct sock_fprog program = {1, filter};

static void add(struct sock_filter line)
{
    filter[program.len++] = line;
}

static void add_call(size_t i, int option, unsigned action)
{
    unsigned char rest = option >= 0 ? 4 : 1;
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, rest));
    if (option >= 0) {
        add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                         offsetof(struct seccomp_data, args[2])));
        add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)option, 0, 1));
    }
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
    if (option >= 0) {
        add(filter[0]);
    }
}

int main(int count, char **arguments)
{
    int option;
    if (count < 4) {
        return 2;
    }
    unsigned action = strcmp(arguments[1], "kill") == 0 ? SECCOMP_RET_KILL_PROCESS
                      : strcmp(arguments[1], "trap") == 0
                          ? SECCOMP_RET_TRAP
                          : SECCOMP_RET_ERRNO | (unsigned)atoi(arguments[1]);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (is_listed(arguments[2], i, &option)) {
            add_call(i, option, action);
        }
    }
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        perror("seccomp");
        return 2;
    }
    execvp(arguments[3], arguments + 3);
    perror(arguments[3]);
    return 127;
}
