/* Forbids itself by Landlock to make, remove and rename files; what it has open it may use, and
 * files may be opened.
 *
 *     landlocked COUNT                leaves a record, is restricted, leaves COUNT more
 *     landlocked run COMMAND...       is restricted, and becomes the command
 *
 * 77: this kernel has no Landlock. */
#include "harm.h"

#include <stdint.h>
#include <sys/prctl.h>

enum { CREATE_RULESET = 444, RESTRICT_SELF = 446 };

/* LANDLOCK_ACCESS_FS_REMOVE_FILE and LANDLOCK_ACCESS_FS_MAKE_REG: linux/landlock.h. */
enum { REMOVE_FILE = 1 << 5, MAKE_REG = 1 << 8 };

static void restrict_self(void)
{
    uint64_t handled = REMOVE_FILE | MAKE_REG;
    long rules = syscall(CREATE_RULESET, &handled, sizeof handled, 0);
    if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
        _exit(77);
    }
    CHECK(rules >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(syscall(RESTRICT_SELF, rules, 0) == 0);
    CHECK(close((int)rules) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    if (strcmp(argv[1], "run") == 0) {
        restrict_self();
        execv(argv[2], argv + 2);
        return 127;
    }
    open_quiet();
    leave_record(1);
    if (argc == 2) {
        restrict_self();
    }
    for (int i = 0; i < atoi(argv[1]); i++) {
        leave_record(2);
    }
    return 0;
}
