#include "observe/in_proc.h"

#include "base/apart.h"
#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/* A file of lines, none of which is longer than the buffer where it matters. Of a long one only
 * the beginning is read: there may be one for each socket of the host. */
enum { MOST_READS = 256 };
struct lines {
    long fd;
    size_t at, used;
    unsigned reads;
    char bytes[256];
};

static bool lines_open(struct lines *l, const char *path)
{
    l->at = l->used = l->reads = 0;
    l->fd = raw(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    return l->fd >= 0;
}

static size_t length_of_line(const struct lines *l)
{
    size_t len = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the kernel filled it */
    while (l->at + len < l->used && l->bytes[l->at + len] != '\n') {
        len++;
    }
    return len;
}

/* What is left goes to the front, and more is read behind it. */
static bool lines_fill(struct lines *l)
{
    size_t left = l->used - l->at;
    for (size_t i = 0; i < left; i++) {
        l->bytes[i] = l->bytes[l->at + i];
    }
    l->at = 0;
    l->used = left < sizeof l->bytes ? left : 0; /* a line without an end is dropped */
    long got = ++l->reads > MOST_READS
                   ? 0
                   : raw(SYS_read, l->fd, l->bytes + l->used, sizeof l->bytes - l->used);
    l->used += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The next line and its length, without its end; NULL: there is no more. */
static const char *lines_next(struct lines *l, size_t *len)
{
    while (*len = length_of_line(l), l->at + *len == l->used) {
        if (!lines_fill(l)) {
            return NULL;
        }
    }
    const char *line = l->bytes + l->at;
    l->at += *len + 1;
    return line;
}

/* Whether `is_it` is true of a line of the file; UNKNOWN where it cannot be read whole. */
static enum known any_line(const char *path, bool (*is_it)(const char *, size_t, void *),
                           void *what)
{
    struct lines l;
    size_t len;
    const char *line;
    if (!lines_open(&l, path)) {
        return UNKNOWN;
    }
    do {
        line = lines_next(&l, &len);
    } while (line && !is_it(line, len, what));
    raw(SYS_close, l.fd);
    return line ? YES : l.reads <= MOST_READS ? NO : UNKNOWN;
}

/* Hexadecimal digits from *line on, which is left behind them and the blanks that follow. */
static uint32_t take_hex(const char **line, const char *end, int most)
{
    uint32_t number = 0;
    const char *at = *line;
    for (int i = 0; i < most && at < end && *at != ' '; i++, at++) {
        number = number * 16 + (uint32_t)(*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
    }
    while (at < end && *at == ' ') {
        at++;
    }
    *line = at;
    return number;
}

/* ---- IPv6 addresses: net/ipv6/addrconf.c, if6_seq_show() ---- */

/* Of include/uapi/linux/if_addr.h. */
enum { IS_DUPLICATE = 0x08, IS_TENTATIVE = 0x40 };

static enum assigned assigned_by(uint32_t flags)
{
    if (flags & IS_DUPLICATE) {
        return ASSIGNED_DUPLICATE;
    }
    return flags & IS_TENTATIVE ? ASSIGNED_TENTATIVE : ASSIGNED_NOT_KNOWN;
}

/* ADDRESS IFINDEX PREFIX SCOPE FLAGS NAME, of the local address: what its flags say is kept. */
static bool is_local_address(const char *line, size_t len, void *facts)
{
    enum { DIGITS = 32 };
    struct facts *f = facts;
    const struct sockaddr_in6 *in6 = &address_at(&f->local)->in6;
    const char *end = line + len;
    for (int i = 0; i < DIGITS / 2; i++) {
        if (len < DIGITS || take_hex(&line, end, 2) != in6->sin6_addr.s6_addr[i]) {
            return false;
        }
    }
    uint32_t interface = take_hex(&line, end, 8);
    take_hex(&line, end, 8);
    take_hex(&line, end, 8);
    if (in6->sin6_scope_id != 0 && interface != in6->sin6_scope_id) {
        f->assigned = ASSIGNED_ELSEWHERE;
        return false;
    }
    f->assigned = assigned_by(take_hex(&line, end, 8));
    return true;
}

static void look_for_address(void *facts)
{
    struct facts *f = facts;
    enum known is_there = any_line("/proc/thread-self/net/if_inet6", is_local_address, f);
    if (is_there == NO && f->assigned == ASSIGNED_NOT_KNOWN) {
        f->assigned = ASSIGNED_NOT;
    }
}

void find_assigned(struct facts *f)
{
    if (f->call == CALL_bind && address_family(&f->local) == AF_INET6 &&
        !address_is_mapped(&f->local)) {
        apart(look_for_address, f);
    }
}

/* ---- unix sockets: net/unix/af_unix.c, unix_seq_show() ---- */

/* NUMBER: REFERENCES PROTOCOL FLAGS TYPE STATE INODE PATH, of one that connects come to. */
static bool takes_connects(const char *line, size_t len)
{
    enum { COLUMNS = 3, LISTENS = 0x10000, OF_DATAGRAMS = SOCK_DGRAM };
    const char *end = line + len;
    while (line < end && *line != ':') {
        line++;
    }
    line += line < end;
    take_hex(&line, end, 0);
    for (int i = 1; i < COLUMNS; i++) {
        take_hex(&line, end, 8);
    }
    uint32_t flags = take_hex(&line, end, 8);
    return flags & LISTENS || take_hex(&line, end, 4) == OF_DATAGRAMS;
}

struct unseen {
    char path[sizeof(struct sockaddr_un) - offsetof(struct sockaddr_un, sun_path) + 1];
    size_t len;
    enum known listens;
};

static bool is_socket_at(const char *line, size_t len, void *unseen)
{
    const struct unseen *u = unseen;
    return len > u->len && line[len - u->len - 1] == ' ' &&
           memcmp(line + len - u->len, u->path, u->len) == 0 && takes_connects(line, len);
}

/* A path is made before its socket is listed, so what is there by now is not one that was late. */
static void look_for_path(void *unseen)
{
    struct unseen *u = unseen;
    u->listens = any_line("/proc/thread-self/net/unix", is_socket_at, u);
    if (u->listens == YES && raw(SYS_faccessat, AT_FDCWD, u->path, F_OK) != -ENOENT) {
        u->listens = UNKNOWN;
    }
}

void find_listens_unseen(struct facts *f)
{
    struct unseen u = {.listens = UNKNOWN};
    bool is_whole = address_family(&f->peer) == AF_UNIX && !f->peer.is_cut &&
                    f->peer.len > offsetof(struct sockaddr_un, sun_path);
    if (!is_whole || address_at(&f->peer)->un.sun_path[0] != '/') {
        return;
    }
    const char *path = address_at(&f->peer)->un.sun_path;
    size_t room = f->peer.len - offsetof(struct sockaddr_un, sun_path);
    u.len = strnlen(path, room < sizeof u.path - 1 ? room : sizeof u.path - 1);
    memcpy(u.path, path, u.len);
    apart(look_for_path, &u);
    f->listens_unseen = u.listens;
}
