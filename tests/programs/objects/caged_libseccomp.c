/* The cage of cage.h, entered as libseccomp does it. */
#include "../cage.h"

#include <seccomp.h>

int main(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    open_for_cage();
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 0) == 0);
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 0) == 0);
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), 0) == 0);
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 0) == 0);
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0) == 0);
    CHECK(seccomp_load(filter) == 0);
    fail_in_cage();
    syscall(SYS_exit_group, 7);
}
