/* Descriptors: numbers that are closed and taken again. */
#include "life.h"

/* Over the log's number, too, where it has one. */
static int target(void)
{
    return has_log && !in_child && one_in(6) ? 234 + (int)below(10) : any_descriptor();
}

/* The first free number from 239 down, or from the last but one, but for 200, else from 256 up:
 * where the log goes. */
static int copy_high(int fd)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    int top = limit.rlim_cur > 240 ? 239 : (int)limit.rlim_cur - 2;
    int bottom = top < 239 ? 10 : 100;
    if (limit.rlim_cur < 16) {
        return -1;
    }
    for (int number = top; number >= bottom; number--) {
        if (number != 200 && syscall(SYS_fcntl, number, F_GETFD) < 0) {
            return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, number);
        }
    }
    return (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, limit.rlim_cur > 256 ? 256 : bottom);
}

static bool may_be_put(int number)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    return number < (int)limit.rlim_cur;
}

/* The log goes to another number; if the call fails, the old one is free. Above the limit
 * it stays. */
static long duplicate(int from, int to, int flags, unsigned which)
{
    int moved = -1;
    if (native && to == log_fd && from != to && may_be_put(to)) {
        moved = copy_high(log_fd);
    }
    long result = which == 0   ? CALL(dup2(from, to), "dup2 %d %d", from, to)
                  : which == 1 ? CALL(x___dup2(from, to), "__dup2 %d %d", from, to)
                               : CALL(dup3(from, to, flags), "dup3 %d %d %x", from, to, flags);
    if (moved >= 0) {
        if (result < 0) {
            syscall(SYS_close, log_fd);
        }
        log_fd = moved;
    }
    return result;
}

static void close_one(int fd)
{
    bool twin = one_in(3);
    if (twin && !HAS(__close)) {
        return;
    }
    bool pretends = native && has_log && fd == log_fd;
    CALL(pretends ? 0 : twin ? x___close(fd) : close(fd), "%s %d", twin ? "__close" : "close", fd);
}

/* The log is spared. Where nothing else is there to be closed, a range where
 * nothing ever is tells what the flags are worth. */
static int close_around_log(unsigned first, unsigned last, int flags)
{
    unsigned log = (unsigned)log_fd;
    if (!native || !has_log || log < first || log > last) {
        return x_close_range(first, last, flags);
    }
    if (first < log && x_close_range(first, log - 1, flags) < 0) {
        return -1;
    }
    return x_close_range(last > log ? log + 1 : ~0U, last > log ? last : ~0U, flags);
}

static void close_many(void)
{
    unsigned first = 3 + below(20);
    unsigned last = first + (unsigned)ANY(0, 0, 1, 2, 3, -1);
    int flags = (int)ANY(0, 0, 0, 4 /* CLOSE_RANGE_CLOEXEC */, 2 /* UNSHARE */, 64, -1);
    if (has_log && !in_child && one_in(3)) {
        first = 234 + below(8);
        last = first + below(8);
    } else if (one_in(8)) {
        last = ~0U;
    }
    if (HAS(close_range)) {
        CALL(close_around_log(first, last, flags), "close_range %u %u %x", first, last, flags);
    }
}

static void close_rest(void)
{
    int low = 3 + (int)below(20);
    if (HAS(closefrom)) {
        CALL(native && has_log ? close_around_log((unsigned)low, ~0U, 0) : (x_closefrom(low), 0),
             "closefrom %d", low);
    }
}

void play_with_numbers(void)
{
    int from = any_descriptor();
    int to = target();
    int least = has_log && !in_child && one_in(4) ? 234 + (int)below(8) : (int)below(30);
    unsigned which = below(3);
    struct rlimit limit;
    switch (below(10)) {
    case 0:
    case 1:
        close_one(target());
        break;
    case 2:
        close_one(3 + (int)below(20));
        break;
    case 3:
        to = one_in(8) ? from : to;
        if (which != 1 || HAS(__dup2)) {
            duplicate(from, to, (int)ANY(0, O_CLOEXEC, O_CLOEXEC, 1, -1), which);
        }
        break;
    case 4:
        CALL(dup(from), "dup %d", from);
        break;
    case 5:
        CALL(fcntl(from, one_in(2) ? F_DUPFD : F_DUPFD_CLOEXEC, least), "F_DUPFD %d %d", from,
             least);
        break;
    case 6:
        if (one_in(3)) {
            close_many();
        }
        break;
    case 7:
        if (one_in(12)) {
            close_rest();
        }
        break;
    case 8:
        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = (rlim_t)ANY(1024, 1024, 1024, 1024, 12, 16, 17, 20, 24, 32, 200);
        CALL(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit %d", (int)limit.rlim_cur);
        break;
    default:
        CALL(fcntl(from, F_GETFD), "F_GETFD %d", from);
        break;
    }
    settle();
}
