#include "layers/short.h"

#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "failure/handled.h"
#include "layers/options.h"
#include "layers/wait.h"

#include <errno.h>

unsigned long long short_begin(void)
{
    return settings.handling.recv_timeout_ms > 0 ? now_ms() : 0;
}

/* An end or an error that came meanwhile would have made it as short. */
static bool is_over(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    return raw_poll_now(&p) != 0;
}

static bool was_our_limit(enum call call, int fd)
{
    struct attempt a = {.fd = fd};
    struct failure failure = failure_of(call, -1, EAGAIN, &a);
    return failure.cause == CAUSE_timeout && options_is_our_limit(failure.timeout_us);
}

__attribute__((noinline)) void short_tell(enum call call, int fd, long n, unsigned long long begin)
{
    unsigned long long waited_ms = now_ms() - begin;
    if (waited_ms < settings.handling.recv_timeout_ms || process_is_caged() || is_over(fd) ||
        !was_our_limit(call, fd)) {
        return;
    }
    handled_moving(fd, (struct change){.setting = SETTING_RECV_TIMEOUT,
                                       .call = (uint8_t)call,
                                       .err = EAGAIN,
                                       .waited_ms = (uint32_t)waited_ms,
                                       .given = (int32_t)(n < INT32_MAX ? n : INT32_MAX)});
}

size_t short_room(const struct msghdr *msg)
{
    size_t room = 0;
    for (size_t i = 0; i < (size_t)msg->msg_iovlen; i++) {
        room += msg->msg_iov[i].iov_len;
    }
    return room;
}
