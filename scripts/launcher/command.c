/* COMMAND stays in the process group in which the caller started us, so that the
 * terminal, `kill -- -PGID` and the shell's `fg` reach it, and what it starts,
 * without us. This process stays there, too: it has to stop, and be continued, with
 * COMMAND, or the shell would not see a Ctrl-Z. So of a signal that comes here
 * COMMAND may have been told already. That is found out (witness.h), and COMMAND is
 * sent only what was meant for this process alone.
 *
 * The other ways: a group of its own for COMMAND takes the terminal from it and from
 * what it starts; a group of its own for us cannot be had by a session's leader
 * (setsid, systemd, a container's first process), and fg would not continue us; and
 * if the caller's process becomes COMMAND, the summary comes after the prompt, or
 * never. */
#include "command.h"

#include "descriptors.h"
#include "tally.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t command;

/* As this process was started: COMMAND's. */
static sigset_t first_mask;
static struct sigaction first_sigchld;

void command_become(const char *file, char **argv, char **environment)
{
    execve(file, argv, environment);
    if (errno != ENOEXEC) {
        return;
    }
    size_t count = 0;
    while (argv[count]) {
        count++;
    }
    char **shell = calloc(count + 2, sizeof *shell);
    if (shell) {
        shell[0] = "sh";
        shell[1] = (char *)file;
        memcpy(shell + 2, argv + 1, count * sizeof *shell);
        execve("/bin/sh", shell, environment);
    }
}

/* ---- Start ---- */

/* Two pipes: COMMAND waits for the end of `go`, and what it writes to `failed` is the
 * errno of its exec. */
struct gates {
    int go[2];
    int failed[2];
};

static bool open_gates(struct gates *gates)
{
    return pipe2(gates->go, O_CLOEXEC) == 0 && pipe2(gates->failed, O_CLOEXEC) == 0;
}

static _Noreturn void be_command(const struct gates *gates, pid_t launcher, const char *file,
                                 char **argv, char **environment)
{
    char byte;
    close(gates->go[1]);
    ssize_t got = read(gates->go[0], &byte, 1);
    /* A SIGKILL for us is one for COMMAND: nobody can pass it on. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (got != 1 || getppid() != launcher) {
        _exit(128 + SIGKILL);
    }
    sigaction(SIGCHLD, &first_sigchld, NULL);
    sigprocmask(SIG_SETMASK, &first_mask, NULL);
    command_become(file, argv, environment);
    int failure = errno;
    got = write(gates->failed[1], &failure, sizeof failure);
    _exit(got > 0 ? 0 : 1);
}

static void block_signals(void)
{
    sigset_t all;
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &first_mask);
    /* If it is ignored, children leave no exit status. */
    sigaction(SIGCHLD, &by_default, &first_sigchld);
}

/* ---- Signals ---- */

/* timeout(1) signals the process, and then its group: to one process that is one
 * signal as long as it is pending, and COMMAND has it from the group. */
static void drop_second(int signal)
{
    const struct timespec patience = {0, 2000000};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    sigtimedwait(&one, NULL, &patience);
}

/* A stop takes SIGCONT off what is pending, and SIGCONT the stops (signal(7)): off the
 * witness's, too, which then knows nothing of the earlier one. COMMAND has had both. */
static bool is_revoked(int signal)
{
    sigset_t pending;
    bool has_stop;
    sigpending(&pending);
    has_stop = sigismember(&pending, SIGTSTP) || sigismember(&pending, SIGTTIN) ||
               sigismember(&pending, SIGTTOU);
    switch (signal) {
    case SIGCONT:
        return has_stop;
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return sigismember(&pending, SIGCONT);
    default:
        return false;
    }
}

static void pass_on(const siginfo_t *info)
{
    /* One that has left the group is not told with it. */
    bool is_in_group = getpgid(command) == getpgrp();
    if (witness_was_told(info->si_signo) && is_in_group) {
        drop_second(info->si_signo);
        return;
    }
    if (is_revoked(info->si_signo)) {
        return;
    }
    if (info->si_code == SI_QUEUE) {
        sigqueue(command, info->si_signo, info->si_value);
    } else {
        kill(command, info->si_signo);
    }
}

/* What has come for this process so far. A stop that COMMAND has not got yet is not
 * ours to lose either. */
static void pass_on_pending(void)
{
    const struct timespec now = {0, 0};
    sigset_t all;
    siginfo_t info;
    sigfillset(&all);
    sigdelset(&all, SIGCHLD);
    while (sigtimedwait(&all, &info, &now) > 0) {
        pass_on(&info);
    }
}

static bool is_foreground(void)
{
    int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    bool result = terminal >= 0 && tcgetpgrp(terminal) == getpgrp();
    close(terminal);
    return result;
}

/* Stops with COMMAND, so that the shell takes the terminal back, and sees why.
 * SIGSTOP for COMMAND's process alone, outside a terminal, is somebody's who is
 * going to continue that process alone. */
static void stop_too(int signal)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t set;
    if (signal == SIGSTOP && !is_foreground()) {
        return;
    }
    if (signal != SIGSTOP) {
        witness_forget(signal); /* it is not to be taken for a later one */
        sigaction(signal, &by_default, NULL);
    }
    sigpending(&set);
    if (sigismember(&set, SIGCONT)) {
        return;
    }
    sigemptyset(&set);
    sigaddset(&set, signal);
    kill(getpid(), signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* ---- End ---- */

/* The name outlives the process as long as nobody has waited for it. */
static void read_name(struct outcome *outcome)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)command);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = file < 0 ? 0 : read(file, outcome->name, sizeof outcome->name - 1);
    close(file);
    outcome->name[len > 0 ? len : 0] = 0;
    outcome->name[strcspn(outcome->name, "\n")] = 0;
}

/* Takes note of who has stopped or ended: whether COMMAND has ended. As a container's
 * first process this one is the parent of all orphans. */
static bool reap(struct outcome *outcome)
{
    siginfo_t info;
    int status;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) || info.si_pid == 0) {
            return false;
        }
        bool is_command = info.si_pid == command;
        if (is_command && info.si_code != CLD_STOPPED) {
            read_name(outcome);
        }
        if (waitpid(info.si_pid, &status, WUNTRACED | WNOHANG) <= 0 || !is_command) {
            continue;
        }
        if (WIFSTOPPED(status)) {
            stop_too(WSTOPSIG(status));
            continue;
        }
        outcome->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        outcome->dumped_core = WIFSIGNALED(status) && WCOREDUMP(status);
        outcome->status = outcome->signal ? 128 + outcome->signal : WEXITSTATUS(status);
        return true;
    }
}

static void wait_for_command(struct outcome *outcome)
{
    sigset_t all;
    siginfo_t info;
    sigfillset(&all);
    for (;;) {
        int signal = sigwaitinfo(&all, &info);
        if (signal == SIGCHLD && reap(outcome)) {
            return;
        }
        if (signal > 0 && signal != SIGCHLD) {
            pass_on(&info);
        }
    }
}

static int status_at_end;

static void end_now(int signal)
{
    (void)signal;
    _exit(status_at_end);
}

/* Whoever does not want to wait for the summary gets COMMAND's status; what came for
 * COMMAND, and too late, does not count. */
static void allow_impatience(const struct outcome *outcome)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction end = {.sa_handler = end_now};
    struct sigaction old;
    sigset_t set;
    status_at_end = outcome->status;
    sigemptyset(&set);
    for (int i = 0; i < 6; i++) {
        sigaction(signals[i], &ignore, &old); /* that drops what is pending */
        if (old.sa_handler != SIG_IGN) {
            sigaction(signals[i], &end, NULL);
        }
        sigaddset(&set, signals[i]);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int command_run(const char *file, char **argv, char **environment, struct outcome *outcome)
{
    struct gates gates;
    pid_t launcher = getpid();
    int failure = 0;
    if (!open_gates(&gates)) {
        return errno;
    }
    /* COMMAND comes before the witness, and waits. A signal to the group then has
     * told COMMAND if it has told the witness. */
    block_signals();
    command = fork();
    if (command < 0) {
        return errno;
    }
    if (command == 0) {
        be_command(&gates, launcher, file, argv, environment);
    }
    witness_start();
    close(gates.failed[1]);
    pass_on_pending();
    if (write(gates.go[1], "", 1) != 1 || read(gates.failed[0], &failure, sizeof failure) > 0) {
        witness_end();
        return failure;
    }
    descriptors_close_all_but((int[]){STDERR_FILENO, witness_socket(), tally_file()}, 3);
    wait_for_command(outcome);
    witness_end();
    allow_impatience(outcome);
    return 0;
}
