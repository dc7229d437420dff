#include "log/file.h"

#include "base/kernel.h"
#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Where there is no statx: before Linux 4.11, and in some containers. Called when file_by_statx()
 * has left, so that only one of their buffers is on the stack. */
int file_by_stat(int fd, const char *path, int flags, struct file *file)
{
    struct stat64 st;
    int err = (int)(path ? raw(RAW_FSTATAT, fd, path, &st, flags) : raw(RAW_FSTAT, fd, &st));
    if (err < 0) {
        return err;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the kernel filled it */
    file->device = device_number(major(st.st_dev), minor(st.st_dev));
    file->inode = (uint64_t)st.st_ino;
    file->size = (uint64_t)st.st_size;
    file->born = 0;
    file->mode = st.st_mode;
    file->links = (uint32_t)st.st_nlink;
    file->uid = st.st_uid;
    file->gid = st.st_gid;
    return 0;
}

static void take(struct file *file, const struct kernel_statx *st)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): the kernel filled it */
    file->device = device_number(st->device_major, st->device_minor);
    file->inode = st->inode;
    file->size = st->size;
    file->born = st->mask & STATX_BIRTH ? st->birth_seconds << 30 | st->birth_ns : 0;
    file->mode = st->mode;
    file->links = st->links;
    file->uid = st->uid;
    file->gid = st->gid;
}

enum { ASKED = STATX_TYPE_TO_GID | STATX_INODE | STATX_BYTES | STATX_BIRTH };

/* Not by fstat, which asks for the other times, too: then the next write must give the
 * file a new one, and costs twice as much (fs/stat.c, fill_mg_cmtime(), since
 * Linux 6.13). */
bool file_by_statx(int fd, const char *path, int flags, struct file *file)
{
    struct kernel_statx st;
    if (raw(SYS_statx, fd, path, flags, ASKED, &st) < 0) {
        return false;
    }
    take(file, &st);
    return true;
}

uint64_t mount_at(const char *path)
{
    struct kernel_statx st;
    if (raw(SYS_statx, AT_FDCWD, path, 0, STATX_MOUNT, &st) < 0) {
        return 0;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the kernel filled it */
    return st.mask & STATX_MOUNT ? st.mount : 0;
}

bool same_file(const struct file *a, const struct file *b)
{
    return a->device == b->device && a->inode == b->inode;
}
