/* Every way to make a process, with wrapped calls on both sides. Each call that
 * leaves a record is printed as "NUMBER PID TID".
 *
 *     processes WAY LOG */
#include "harm.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

extern char **environ;

static const char *self;
static const char *log_path;
static char stack[65536] __attribute__((aligned(64)));

static void wait_for(pid_t pid)
{
    int status = -1;
    CHECK(waitpid(pid, &status, __WALL) == pid && status == 0);
}

/* Everything that is wrapped and that a child may do before exec. */
static void busy_child(void)
{
    leave_and_tell(2);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && dup2(fd, 100) == 100 && dup3(fd, 101, O_CLOEXEC) == 101);
    CHECK(close(fd) == 0 && close(100) == 0 && close(100) == -1);
    leave_and_tell(3);
    signal(SIGPIPE, SIG_DFL);
    leave_and_tell(4);
}

/* Takes the log's number away, in this process alone. One that runs on its
 * parent's memory may not change what its parent knows of the log: there the
 * record is lost, and counted. */
static void robbing_child(void (*leave)(size_t))
{
    int number = descriptor_of(log_path);
    CHECK(number > 2 && dup2(1, number) == number);
    CHECK(fcntl(number, F_GETFD) == 0);
    leave(5);
    CHECK(close(number) == 0);
    closefrom(3);
    CHECK(fcntl(quiet[0], F_GETFD) == -1);
}

static int run_child(void *unused)
{
    (void)unused;
    busy_child();
    return 0;
}

static int rob_in_copy(void *unused)
{
    (void)unused;
    robbing_child(leave_and_tell);
    return 0;
}

static int rob_in_place(void *unused)
{
    (void)unused;
    robbing_child(leave_record);
    return 0;
}

static int exec_in_clone(void *unused)
{
    (void)unused;
    leave_and_tell(2);
    execl(self, self, "exec'd", log_path, NULL);
    return 127;
}

static void by_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        busy_child();
        robbing_child(leave_and_tell);
        _exit(0);
    }
    wait_for(pid);
}

static void by_vfork(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        busy_child();
        _exit(0);
    }
    wait_for(pid);
}

static void by_vfork_robbing(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        robbing_child(leave_record);
        _exit(0);
    }
    wait_for(pid);
}

static void by_vfork_exec(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        leave_and_tell(2);
        execl(self, self, "exec'd", log_path, NULL);
        _exit(127);
    }
    wait_for(pid);
}

/* A fork's child, which has its own page of facts, makes one by vfork. */
static void by_vfork_in_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        by_vfork_robbing();
        leave_and_tell(6);
        _exit(0);
    }
    wait_for(pid);
}

/* The child is the first in another pid namespace: it sees no parent. */
static void by_vfork_in_namespace(void)
{
    CHECK(unshare(CLONE_NEWPID) == 0);
    by_vfork_robbing();
}

static void *vfork_on_thread(void *unused)
{
    (void)unused;
    by_vfork();
    by_vfork_robbing();
    leave_and_tell(7);
    return NULL;
}

static void by_vfork_on_thread(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, vfork_on_thread, NULL) == 0);
    pthread_join(thread, NULL);
}

static void by_spawn(void)
{
    char *argv[] = {(char *)self, (char *)"exec'd", (char *)log_path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    pid_t pid = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    /* Onto the log's number, and over all others. */
    CHECK(posix_spawn_file_actions_adddup2(&actions, 2, descriptor_of(log_path)) == 0);
    CHECK(posix_spawn_file_actions_addclosefrom_np(&actions, 3) == 0);
    CHECK(posix_spawn(&pid, self, &actions, &attr, argv, environ) == 0);
    wait_for(pid);
}

static void by_system(void)
{
    char command[4096];
    snprintf(command, sizeof command, "exec '%s' \"exec'd\" '%s'", self, log_path);
    CHECK(system(command) == 0);
    FILE *pipe = popen(command, "r");
    while (fgets(command, sizeof command, pipe)) {
        CHECK(write(1, command, strlen(command)) > 0);
    }
    CHECK(pclose(pipe) == 0);
}

static void by_clone_flags(int (*function)(void *), int flags)
{
    pid_t pid = clone(function, stack + sizeof stack, flags | SIGCHLD, NULL);
    CHECK(pid > 0);
    wait_for(pid);
}

static void by_clone(void)
{
    by_clone_flags(run_child, 0);
    by_clone_flags(rob_in_copy, 0);
}

static void by_clone_vfork(void)
{
    by_clone_flags(run_child, CLONE_VM | CLONE_VFORK);
    by_clone_flags(rob_in_place, CLONE_VM | CLONE_VFORK);
    by_clone_flags(exec_in_clone, CLONE_VM | CLONE_VFORK);
}

/* A kernel process of its own that shares memory and descriptors. */
static void by_clone_shared(void)
{
    by_clone_flags(run_child, CLONE_VM | CLONE_FILES | CLONE_FS);
}

/* As a container's first process does it: no C library function is in between. */
static void by_raw_clone(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        busy_child();
        robbing_child(leave_and_tell);
        _exit(0);
    }
    wait_for(pid);
}

/* The daemon is adopted and waited for here. */
static void by_double_fork(void)
{
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        if (fork() == 0) {
            busy_child();
        }
        leave_and_tell(8);
        _exit(0);
    }
    for (int status = 0; (pid = wait(&status)) > 0;) {
        CHECK(status == 0);
    }
}

static int sigpipe_is_default(void)
{
    struct {
        void *handler;
        unsigned long rest[8];
    } act;
    CHECK(syscall(SYS_rt_sigaction, SIGPIPE, NULL, &act, 8) == 0);
    return act.handler == NULL;
}

/* Without a socket of its own, a vfork child's changes nothing for its parent. */
static void by_vfork_first_socket(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
        _exit(0);
    }
    wait_for(pid);
    CHECK(sigpipe_is_default());
}

/* No handler of fork()'s has told the child its number before it makes the program's first socket;
 * then the parent has one as well. */
static void by_first_socket_in_raw_clone(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid > 0) {
        wait_for(pid);
    }
    open_quiet();
    leave_and_tell(pid == 0 ? 2 : 1);
    if (pid == 0) {
        by_vfork();
        _exit(0);
    }
}

static const struct {
    const char *name;
    void (*make)(void);
} ways[] = {
    {"fork", by_fork},
    {"vfork", by_vfork},
    {"vfork-robbing", by_vfork_robbing},
    {"vfork-exec", by_vfork_exec},
    {"vfork-in-fork", by_vfork_in_fork},
    {"vfork-in-namespace", by_vfork_in_namespace},
    {"vfork-on-thread", by_vfork_on_thread},
    {"spawn", by_spawn},
    {"system", by_system},
    {"clone", by_clone},
    {"clone-vfork", by_clone_vfork},
    {"clone-shared", by_clone_shared},
    {"raw-clone", by_raw_clone},
    {"double-fork", by_double_fork},
};

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    self = argv[0];
    log_path = argv[2];
    if (strcmp(argv[1], "first-socket") == 0) {
        by_vfork_first_socket();
        return 0;
    }
    if (strcmp(argv[1], "first-socket-in-raw-clone") == 0) {
        by_first_socket_in_raw_clone();
        return 0;
    }
    open_quiet();
    if (strcmp(argv[1], "exec'd") == 0) {
        leave_and_tell(9);
        return 0;
    }
    leave_and_tell(1);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(argv[1], ways[i].name) == 0) {
            ways[i].make();
            leave_and_tell(10);
            leave_and_tell(11);
            return 0;
        }
    }
    return 2;
}
