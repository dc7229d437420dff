#include "calls/rights.h"

#include <string.h>

static bool take_rights(const struct cmsghdr *control, size_t len, rights_taker *take)
{
    int fd;
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
        return false;
    }
    for (size_t at = sizeof *control; at + sizeof fd <= len; at += sizeof fd) {
        memcpy(&fd, (const char *)control + at, sizeof fd);
        take(fd);
    }
    return true;
}

/* cmsg(3): headers at multiples of a long's size, each with its length. */
bool rights_each(const struct msghdr *msg, rights_taker *take)
{
    const char *at = msg->msg_control;
    size_t room = msg->msg_controllen;
    bool any = false;
    while (at && room >= sizeof(struct cmsghdr)) {
        const struct cmsghdr *control = (const void *)at;
        size_t len = control->cmsg_len;
        if (len < sizeof *control || len > room) {
            break;
        }
        any |= take_rights(control, len, take);
        len = (len + sizeof(long) - 1) & ~(sizeof(long) - 1);
        at += len;
        room -= len < room ? len : room;
    }
    return any;
}
