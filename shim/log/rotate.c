#include "log/rotate.h"

#include "base/kernel.h"
#include "base/raw.h"
#include "base/settings.h"
#include "log/file.h"
#include "log/keep.h"
#include "log/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

/* FILE.1 and the new file that is going to be FILE: filled in by whoever rotates. */
static char older_path[PATH_MAX];
static char newer_path[PATH_MAX];

static long rename_at(const char *from, const char *to, unsigned flags)
{
    return raw(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void copy_path(char *to, const char *suffix)
{
    size_t len = strlen(settings.log_path); /* settings.c left room for it */
    memcpy(to, settings.log_path, len);
    memcpy(to + len, suffix, strlen(suffix) + 1);
}

/* The new file takes the log's place with its first line already in it, and
 * there is a file under the path at every moment. Where the file system cannot
 * exchange two names, there is none for an instant; whoever made one then is
 * not overwritten. */
static void put_in_place(void)
{
    long result = rename_at(newer_path, settings.log_path, EXCHANGE_NAMES);
    if (result == 0) {
        rename_at(newer_path, older_path, 0);
    } else if (result == -EINVAL || result == -ENOSYS) {
        rename_at(settings.log_path, older_path, 0);
        if (raw(SYS_linkat, AT_FDCWD, newer_path, AT_FDCWD, settings.log_path, 0) == 0) {
            raw(SYS_unlinkat, AT_FDCWD, newer_path, 0);
        }
    }
}

/* The file at a path, held against everybody else who rotates: a description of
 * our own, so that the lock holds against forks and threads, too. Negative if it
 * is not to be had at once. */
static int hold(const char *path, struct file *held)
{
    struct file now;
    int fd = open_path(path, O_NOFOLLOW);
    if (fd < 0) {
        return fd;
    }
    if (raw(SYS_flock, fd, LOCK_EX | LOCK_NB) == 0 && file_of(fd, held) == 0 &&
        file_at(path, &now) == 0 && same_file(held, &now)) {
        return fd;
    }
    raw(SYS_close, fd);
    return -EAGAIN;
}

/* Not by closing alone: the child that another thread has forked meanwhile has a
 * copy of the descriptor. */
static void release(int fd)
{
    raw(SYS_flock, fd, LOCK_UN);
    raw(SYS_close, fd);
}

/* FILE.new, once the lock on FILE is held; both locks last until FILE.1 is in
 * its place. One that is there already was left by somebody who was killed in
 * the midst of this: empty, begun, or the log before this one, whose time has
 * come. */
static void begin_new_file(const struct file *log, const struct moment *m)
{
    /* Not on the stack, which has a record on it already: only one is here. */
    static char line[RECORD_SIZE];
    struct file file;
    int fd = hold(newer_path, &file);
    if (fd < 0) {
        return;
    }
    if (file.links <= 1 && raw(SYS_ftruncate, fd, 0) == 0) { /* more: somebody else's by name */
        raw(RAW_FCHOWN, fd, log->uid, log->gid);             /* as far as this process may */
        raw(SYS_fchmod, fd, log->mode & 0777);
        size_t len = record_rotated(line, m, older_path);
        if (write_to(fd, &file, line, len) == (long)len) {
            put_in_place();
        }
    }
    release(fd);
}

/* One process rotates, and only while the log is the file that is too long.
 * Whoever does not get the lock writes on, and looks again at the next record. */
static void hold_and_begin(const struct moment *m)
{
    struct file log, left;
    int fd = hold(settings.log_path, &log);
    if (fd < 0) {
        return;
    }
    if (log.size >= settings.log_limit) {
        copy_path(older_path, ".1");
        copy_path(newer_path, ".new");
        if (file_at(newer_path, &left) == 0 && same_file(&left, &log)) {
            raw(SYS_unlinkat, AT_FDCWD, newer_path, 0); /* killed after the link */
        }
        begin_new_file(&log, m);
    }
    release(fd);
}

__attribute__((noinline)) void rotate(int fd, const struct moment *m)
{
    uint64_t signals = hold_signals();
    if (begin_change(m)) {
        hold_and_begin(m);
        end_change();
    }
    let_signals(signals);
    follow_path(fd, m);
}
