/* Forbids itself the processor's cycle counter, which the vDSO reads, and goes on: SIGSEGV for
 * whoever reads it.
 *
 *     no_counter prctl|syscall [caged]
 *
 * The exit status is 7 if all went as it should, 8 where the counter cannot be forbidden. */
#include "cage.h"
#include "cage_filter.h"

#include <sys/prctl.h>
#include <sys/wait.h>

static void call(void)
{
    static char room[64];
    CHECK(recv(quiet[0], room, 3, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(write(quiet[0], room, 8) == 8 && read(quiet[1], room, 8) == 8);
    CHECK(recv(gone, room, 2, 0) == 0);
}

int main(int argc, char **argv)
{
    int status;
    open_for_cage();
    call();
    long result = strcmp(argv[1], "prctl") == 0 ? prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0)
                                                : syscall(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV);
    if (result < 0) {
        return 8;
    }
    call();
    if (argc > 2) {
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) == 0);
        call();
        syscall(SYS_exit_group, 7);
    }
    pid_t child = fork();
    if (child == 0) {
        call();
        _exit(7);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    return 7;
}
