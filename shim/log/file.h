/* Which file a descriptor, or a path, is. Async-signal-safe. */
#ifndef SOCKSHIM_FILE_H
#define SOCKSHIM_FILE_H

#include "base/hidden.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file {
    uint64_t device;
    uint64_t inode;
    uint64_t size; /* bytes */
    uint64_t born; /* 0: not known. An inode's number is soon used again */
    mode_t mode;
    uint32_t links, uid, gid;
};

/* `device` of a struct file. */
static inline uint64_t device_number(uint32_t major_number, uint32_t minor_number)
{
    return (uint64_t)major_number << 32 | minor_number;
}

/* For the two below, which are inline, since a record is on the stack. */
hidden bool file_by_statx(int fd, const char *path, int flags, struct file *file);
hidden int file_by_stat(int fd, const char *path, int flags, struct file *file);

/* The file under `path`, from the folder `fd` on. `flags` may have AT_SYMLINK_NOFOLLOW:
 * then of a link it is the link itself. One system call, two where there is no statx.
 * Returns 0 or a negated errno. */
static inline int file_find(int fd, const char *path, int flags, struct file *file)
{
    return file_by_statx(fd, path, flags, file) ? 0 : file_by_stat(fd, path, flags, file);
}

/* That of a descriptor. */
static inline int file_of(int fd, struct file *file)
{
    return file_by_statx(fd, "", AT_EMPTY_PATH, file) ? 0 : file_by_stat(fd, NULL, 0, file);
}

static inline int file_at(const char *path, struct file *file)
{
    return file_find(AT_FDCWD, path, 0, file);
}

static inline int file_at_no_link(const char *path, struct file *file)
{
    return file_find(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, file);
}

/* Which mount `path` is on; 0 where the kernel does not tell (before Linux 5.8). */
uint64_t mount_at(const char *path);

bool same_file(const struct file *a, const struct file *b);

#endif
