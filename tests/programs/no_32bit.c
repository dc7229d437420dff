/* no_32bit COMMAND...: runs it on a kernel that runs no 32-bit x86 programs, as far
 * as it can tell: such an execve fails with ENOEXEC (seccomp_unotify(2)). */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int listen_to_execve(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (geteuid() != 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

/* The first bytes of the file that a process wants to run, as that process sees it. */
static void read_header(pid_t pid, unsigned long path_address, unsigned char *header, size_t size)
{
    char path[4096] = "", there[sizeof path + 32];
    memset(header, 0, size);
    /* A read ends where the mapping does. */
    for (size_t len = sizeof path - 1; len > 0 && path[0] == 0; len /= 2) {
        struct iovec here = {path, len}, remote = {(void *)path_address, len};
        process_vm_readv(pid, &here, 1, &remote, 1, 0);
    }
    snprintf(there, sizeof there, "/proc/%d/%s/%s", pid, path[0] == '/' ? "root" : "cwd", path);
    int fd = open(there, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, header, size) < 0) {
        memset(header, 0, size);
    }
    close(fd);
}

static void answer(int listener)
{
    struct seccomp_notif asked = {0};
    unsigned char header[EI_NIDENT];
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0) {
        return;
    }
    read_header((pid_t)asked.pid, (unsigned long)asked.data.args[0], header, sizeof header);
    struct seccomp_notif_resp reply = {.id = asked.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    if (memcmp(header, ELFMAG, SELFMAG) == 0 && header[EI_CLASS] == ELFCLASS32) {
        reply.flags = 0;
        reply.error = -ENOEXEC;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int main(int argc, char **argv)
{
    int listener = argc > 1 ? listen_to_execve() : -1;
    if (listener < 0) {
        perror("no_32bit");
        return 125;
    }
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    int status, ended = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd waits[] = {{listener, POLLIN, 0}, {ended, POLLIN, 0}};
    while (poll(waits, 2, -1) < 0 || !waits[1].revents) {
        if (waits[0].revents & POLLIN) {
            answer(listener);
        }
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
