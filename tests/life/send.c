/* Sending. */
#include "life.h"

void send_bytes(void)
{
    static const char data[300] = "bytes to be sent";
    int fd = sink();
    size_t len = length();
    void *buf = given(data, len < 300 ? len : 300);
    int flags = message_flags(fd);
    socklen_t addrlen;
    struct sockaddr *addr;
    len = len > 4096 && !one_in(4) ? below(300) : len;
    switch (below(5)) {
    case 0:
        CALL(send(fd, buf, len, flags), "send %d %p %zu %x", fd, buf, len, flags);
        break;
    case 1:
        addr = one_in(3) ? NULL : address_given(&addrlen);
        addrlen = addr ? addrlen : 0;
        CALL(sendto(fd, buf, len, flags, addr, addrlen), "sendto %d %p %zu %x %p %u", fd, buf, len,
             flags, (void *)addr, addrlen);
        break;
    case 2:
        CALL(write(fd, buf, len), "write %d %p %zu", fd, buf, len);
        break;
    case 3:
        if (HAS(__write)) {
            CALL(x___write(fd, buf, len), "__write %d %p %zu", fd, buf, len);
        }
        break;
    default:
        if (HAS(__send)) {
            CALL(x___send(fd, buf, len, flags), "__send %d %p %zu %x", fd, buf, len, flags);
        }
        break;
    }
    settle();
}

static int print_list(int how, int fd, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = how == 0 ? vdprintf(fd, format, values) : x___vdprintf_chk(fd, 1, format, values);
    va_end(values);
    return n;
}

static void print(void)
{
    int fd = sink();
    int len = (int)below(300);
    switch (below(4)) {
    case 0:
        CALL(dprintf(fd, "%*s", len, ""), "dprintf %d %d", fd, len);
        break;
    case 1:
        CALL(print_list(0, fd, "%*s", len, ""), "vdprintf %d %d", fd, len);
        break;
    case 2:
        if (HAS(__dprintf_chk)) {
            CALL(x___dprintf_chk(fd, 1, "%*s", len, ""), "__dprintf_chk %d %d", fd, len);
        }
        break;
    default:
        if (HAS(__vdprintf_chk)) {
            CALL(print_list(1, fd, "%*s", len, ""), "__vdprintf_chk %d %d", fd, len);
        }
        break;
    }
    settle();
}

bool stream_is_left;

void send_printed(void)
{
    unsigned before = crashes;
    print();
    stream_is_left |= crashes > before;
}

void send_vector(void)
{
    int fd = sink();
    int count;
    int flags = one_in(3) ? (int)ANY(8 /* RWF_NOWAIT */, 2, 0x4000, -1) : 0;
    long offset = ANY(-1, -1, -1, 0, 5, -2);
    struct iovec *iov = vector(&count, false);
    switch (below(3)) {
    case 0:
        CALL(writev(fd, iov, count), "writev %d %p %d", fd, (void *)iov, count);
        break;
    case 1:
        if (HAS(pwritev2)) {
            CALL(x_pwritev2(fd, iov, count, offset, flags), "pwritev2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        break;
    default:
        if (HAS(pwritev64v2)) {
            CALL(x_pwritev64v2(fd, iov, count, offset, flags), "pwritev64v2 %d %p %d %ld %x", fd,
                 (void *)iov, count, offset, flags);
        }
        break;
    }
    settle();
}

void send_message(void)
{
    int fd = sink();
    int flags = message_flags(fd);
    struct msghdr msg = message(false);
    struct msghdr *at = given(&msg, sizeof msg);
    if (one_in(2)) {
        CALL(sendmsg(fd, at, flags), "sendmsg %d %p %x", fd, (void *)at, flags);
    } else if (HAS(__sendmsg64)) {
        CALL(x___sendmsg64(fd, at, flags), "__sendmsg64 %d %p %x", fd, (void *)at, flags);
    }
    settle();
}

void send_messages(void)
{
    int fd = sink();
    int flags = message_flags(fd);
    unsigned count = one_in(8) ? (unsigned)ANY(0, -1, 1025) : 1 + below(3);
    struct mmsghdr messages[3];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 3; i++) {
        messages[i].msg_hdr = message(false);
        messages[i].msg_len = 0x77;
    }
    struct mmsghdr *at = given(messages, sizeof messages);
    if (one_in(2)) {
        CALL(sendmmsg(fd, at, count, flags), "sendmmsg %d %p %u %x", fd, (void *)at, count, flags);
    } else if (HAS(__sendmmsg64)) {
        CALL(x___sendmmsg64(fd, at, count, flags), "__sendmmsg64 %d %p %u %x", fd, (void *)at,
             count, flags);
    }
    settle();
}

void send_file(void)
{
    int out = sink();
    int in = descriptor_that(is_file);
    size_t len = length();
    long small = ANY(0, 3, 100, -1);
    int64_t large = small;
    if (one_in(2)) {
        off_t *offset = one_in(2) ? NULL : given(&small, sizeof small);
        CALL(sendfile(out, in, offset, len), "sendfile %d %d %p %zu", out, in, (void *)offset, len);
    } else if (HAS(sendfile64)) {
        int64_t *offset = one_in(2) ? NULL : given(&large, sizeof large);
        CALL(x_sendfile64(out, in, offset, len), "sendfile64 %d %d %p %zu", out, in, (void *)offset,
             len);
    }
    settle();
}

void send_splice(void)
{
    bool from_pipe = one_in(2);
    int in = from_pipe ? descriptor_that(is_pipe) : source();
    int out = from_pipe ? sink() : descriptor_that(is_pipe);
    int64_t at = ANY(0, 3, -1);
    loff_t *in_at_ = one_in(5) ? given(&at, sizeof at) : NULL;
    loff_t *out_at_ = one_in(9) ? given(&at, sizeof at) : NULL;
    size_t len = length();
    unsigned flags =
        (unsigned)ANY(0, 0, SPLICE_F_NONBLOCK, SPLICE_F_MOVE, -1) & ~(unsigned)SPLICE_F_MORE;
    CALL(splice(in, in_at_, out, out_at_, len, flags), "splice %d %p %d %p %zu %x", in,
         (void *)in_at_, out, (void *)out_at_, len, flags);
    settle();
}
