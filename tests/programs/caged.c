/* Enters a seccomp cage and goes on failing there.
 *
 *     caged prctl|seccomp|syscall-prctl|strict|strict-seccomp [refused] [fsize] [child]
 *
 * The exit status is 7 if all went as it should. */
#include "cage.h"
#include "cage_filter.h"

#include <sys/prctl.h>

static struct sock_fprog none;

static long enter(const char *way, struct sock_fprog *by)
{
    if (strcmp(way, "prctl") == 0) {
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, by);
    }
    if (strcmp(way, "seccomp") == 0) {
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, by);
    }
    return syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, by);
}

static void enter_strict(int by_number)
{
    static char room[64];
    CHECK((by_number ? syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL)
                     : prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) == 0);
    CHECK(read(gone, room, 6) == 0);
    CHECK(write(quiet[0], room, 0) == 0);
    CHECK(write(-1, room, 7) == -1 && errno == EBADF);
    CHECK(write(quiet[0], room, 8) == 8 && read(quiet[1], room, 8) == 8);
    syscall(SYS_exit, 7);
}

/* What does not come to pass is no cage: all is logged as before. Neither is
 * what only asks. */
static void be_refused(const char *way)
{
    CHECK(enter(way, &none) == -1);
    CHECK(prctl(PR_GET_SECCOMP) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_ALLOW}) == 0);
    fail_in_cage();
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    open_for_cage();
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "refused") == 0) {
            be_refused(argv[1]);
        } else if (strcmp(argv[i], "fsize") == 0) {
            limit_files();
        } else if (strcmp(argv[i], "child") == 0) {
            go_on_in_child();
        }
    }
    if (strncmp(argv[1], "strict", strlen("strict")) == 0) {
        enter_strict(argv[1][strlen("strict")]);
    }
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(enter(argv[1], &whole) == 0);
    fail_in_cage();
    syscall(SYS_exit_group, 7);
}
