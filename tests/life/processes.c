/* Processes: children and new programs. */
#include "life.h"

/* What a new program finds; all of it, if it surely has no preload. */
int show(bool all)
{
    char line[200];
    struct sigaction now;
    sigset_t mask;
    struct rlimit limit = {1024, 1024}; /* the log may have taken the last number */
    setrlimit(RLIMIT_NOFILE, &limit);
    FILE *status = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof line, status)) {
        bool caught_too = all && strncmp(line, "SigCgt", 6) == 0;
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0 || caught_too) {
            fputs(line, stdout);
        }
    }
    fclose(status);
    sigaction(SIGPIPE, NULL, &now);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("SIGPIPE %s %x %d\n", name_of(now.sa_handler), (unsigned)now.sa_flags,
           sigismember(&mask, SIGPIPE));
    for (int fd = 3; fd < 300; fd++) {
        if (all && fcntl(fd, F_GETFD) >= 0) {
            printf(" %d", fd);
        }
    }
    printf("\n");
    return 0;
}

static void end_child(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    say("   child %x\n", (unsigned)status);
}

void start_program(void)
{
    bool preload = one_in(2);
    char *argv[] = {(char *)self, preload ? "show" : "show-all", NULL};
    char *nothing[] = {NULL};
    char command[4200];
    char **environment = preload ? environ : nothing;
    posix_spawnattr_t attributes;
    sigset_t set;
    pid_t child = -1;
    FILE *pipe;
    posix_spawnattr_init(&attributes);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &set);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setflags(&attributes,
                             (short)ANY(0, POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETSIGMASK));
    snprintf(command, sizeof command, "%s '%s' %s", preload ? "exec" : "exec env -u LD_PRELOAD",
             self, argv[1]);
#ifdef __GLIBC__
    unsigned which = below(5);
#else
    unsigned which = below(3); /* the system's shell is of another C library */
#endif
    say("%u program %u\n", number, which);
    flush();
    switch (which) {
    case 0:
        posix_spawn(&child, self, NULL, &attributes, argv, environment);
        end_child(child);
        break;
    case 1:
        child = fork();
        if (child == 0) {
            execve(self, argv, environment);
            _exit(1);
        }
        end_child(child);
        break;
    case 2:
        child = vfork();
        if (child == 0) {
            execve(self, argv, environment);
            _exit(1);
        }
        end_child(child);
        break;
    case 3:
        say("   system %d\n", system(command));
        break;
    default:
        pipe = popen(command, "r");
        while (pipe && fgets(command, sizeof command, pipe)) {
            say("   %s", command);
        }
        say("   pclose %d\n", pipe ? pclose(pipe) : -1);
        break;
    }
    posix_spawnattr_destroy(&attributes);
}

/* What it goes on with is in a folder that may not even have /proc. */
static void leave_root(void)
{
    bool has_left = chroot(".") == 0 && chdir("/") == 0;
    say("   chroot %d\n", has_left);
}

static void be_child(void)
{
    if (one_in(5)) {
        leave_root();
    }
    for (int i = (int)below(12); i >= 0; i--) {
        random_step();
    }
}

void make_child(void)
{
    bool by_vfork = one_in(2);
    say("%u %s\n", number, by_vfork ? "vfork" : "fork");
    flush();
    if (in_child) {
        return;
    }
    uint64_t before = chance;
    bool was_forced = forced;
    if (by_vfork) {
        pid_t child = vfork();
        if (child == 0) {
            in_child = true;
            CALL(close(3 + (int)below(9)), "close in vfork");
            signal(SIGPIPE, one_in(2) ? SIG_DFL : SIG_IGN);
            query();
            receive();
            CALL(socket(AF_INET, SOCK_STREAM, 0), "socket in vfork");
            receive();
            _exit(7);
        }
        in_child = false;
        end_child(child);
    } else {
        pid_t child = fork();
        if (child == 0) {
            in_child = true;
            be_child();
            flush();
            _exit(3);
        }
        end_child(child);
    }
    forced = was_forced || forced;
    chance = before + 1;
}
