/* Which file a descriptor, or a path, is. Async-signal-safe. */
#ifndef SOCKSHIM_FILE_H
#define SOCKSHIM_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct file {
    uint64_t device;
    uint64_t inode;
    uint64_t size; /* bytes */
    mode_t mode;
    uint32_t links, uid, gid;
};

/* One system call, two where there is no statx. Both return 0 or a negated errno;
 * file_at() follows links. */
int file_of(int fd, struct file *file);
int file_at(const char *path, struct file *file);

bool same_file(const struct file *a, const struct file *b);

#endif
