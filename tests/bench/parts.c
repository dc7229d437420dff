/* parts KIND BATCHES: a record in its parts. The shim's own functions, linked in,
 * are called as shim/failure/failed.c calls them, each part in batches of its own that
 * take turns. Prints nanoseconds: questions to the kernel, cause and line, write.
 * The log is where SOCKSHIM_LOG says. */
#include "bench.h"

#include "log/keep.h"
#include "log/log.h"
#include "observe/observe.h"
#include "tell/cause.h"

#include <string.h>

enum { BATCH = 16, PARTS = 3 };

static enum call call;
static long ret;
static int err;
static struct attempt attempt = {.len = 1};

static struct facts facts;
static struct moment moment;
static char line[RECORD_SIZE];
static size_t len;

static void questions(void)
{
    must(observe(&facts, call, ret, err, &attempt), "observe");
    moment = this_moment();
}

static void formatting(void)
{
    len = record_return(line, &moment, &facts, cause_of(&facts), "");
}

static size_t as_it_is(char *to, const void *what)
{
    memcpy(to, what, len);
    return len;
}

static void writing(void)
{
    log_tell(as_it_is, line);
}

static void receives(int fd, int expected)
{
    char byte;
    call = CALL_recv;
    attempt.fd = fd;
    ret = recv(fd, &byte, 1, 0);
    err = ret < 0 ? errno : 0;
    must(ret <= 0 && err == expected, "recv");
}

static void sends(int fd, int expected)
{
    call = CALL_send;
    attempt.fd = fd;
    ret = send(fd, "", 1, 0);
    err = errno;
    must(ret < 0 && err == expected, "send");
}

static void begin(const char *kind)
{
    if (strcmp(kind, "would-block") == 0) {
        receives(nothing_to_read(), EAGAIN);
    } else if (strcmp(kind, "would-block-send") == 0) {
        sends(no_room_to_write(), EAGAIN);
    } else if (strcmp(kind, "end") == 0) {
        receives(ended(), 0);
    } else if (strcmp(kind, "end-unix") == 0) {
        receives(ended_unix(), 0);
    } else if (strcmp(kind, "reset") == 0) {
        receives(reset(), ECONNRESET);
    } else if (strcmp(kind, "broken") == 0) {
        sends(broken(), EPIPE);
    } else {
        errno = EINVAL;
        must(false, kind);
    }
}

static double batch(void (*part)(void))
{
    double start = now();
    for (int i = 0; i < BATCH; i++) {
        part();
    }
    return (now() - start) / BATCH;
}

int main(int argc, char **argv)
{
    static void (*const parts[PARTS])(void) = {questions, formatting, writing};
    double *took[PARTS];
    must(argc == 3, "parts KIND BATCHES");
    int batches = number(argv, argc, 2, 1);
    begin(argv[1]);
    must(log_numbers[0] >= 0, "the log");
    for (int p = 0; p < PARTS; p++) {
        took[p] = calloc((size_t)batches, sizeof(double));
        must(took[p], "memory");
        batch(parts[p]);
    }
    for (int i = 0; i < batches; i++) {
        for (int p = 0; p < PARTS; p++) {
            took[p][i] = batch(parts[p]);
        }
    }
    for (int p = 0; p < PARTS; p++) {
        printf("%.1f%c", median(took[p], (size_t)batches), p == PARTS - 1 ? '\n' : ' ');
    }
    return 0;
}
