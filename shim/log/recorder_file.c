#include "log/recorder_file.h"

#include "base/clock.h"
#include "base/filter.h"
#include "base/kernel.h"
#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "log/file.h"
#include "tell/recorded.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char table[RING_TABLE];

static const char *reason(long err)
{
    switch (-err) {
    case ENOSPC:
    case EDQUOT:
        return "does not fit on its file system; use a smaller SOCKSHIM_RECORDER_SIZE";
    case EOPNOTSUPP:
        return "is on a file system that cannot allocate it in full (fallocate(2)); use one on "
               "ext4, xfs, btrfs or tmpfs";
    case EFBIG:
        return "exceeds this process's limit on file sizes (RLIMIT_FSIZE)";
    case ELOOP:
        return "is a symbolic link, which is not followed";
    case ENOMEM:
        return "does not fit in this process's memory (RLIMIT_AS, RLIMIT_MEMLOCK)";
    case EROFS:
        return "is on a read-only file system";
    case ENOENT:
        return "is in a directory that does not exist";
    default:
        return "cannot be opened; use a file owned by this user in a directory that it can write "
               "to";
    }
}

/* ---- Mapping ---- */

/* With all calls in it the ring is written to again and again, and a page is a fault in each
 * process, and once more whenever it has been written to disk: 8 for 16M instead of 4096. On xfs
 * and ext4 with Linux 6.18; elsewhere this does nothing. Each is asked for when it is needed, for
 * what the kernel reads ahead are small ones again (mm/filemap.c, do_sync_mmap_readahead()). Not
 * for failures alone: of each such page all goes to the disk, for a single record. */
static void use_huge_pages(long memory, uint64_t size)
{
    if (!settings.records_calls) {
        return;
    }
    filter_find(); /* which may kill for it */
    if (process_has_no_filter()) {
        raw(SYS_madvise, memory, size, MADV_RANDOM);
        raw(SYS_madvise, memory, size, MADV_HUGEPAGE);
    }
}

static void *map(int fd, uint64_t size, long *err)
{
    long at = raw(RAW_MMAP, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    *err = raw_failed(at) ? at : 0;
    if (*err) {
        return NULL;
    }
    use_huge_pages(at, size);
    return (void *)at; /* NOLINT(performance-no-int-to-ptr) */
}

/* Of another user's file the size is not in our hands, and to cut it off would end us. */
static const char *wrong_file(const struct file *file)
{
    if (!S_ISREG(file->mode)) {
        return "is not a regular file";
    }
    if (file->uid != (uint32_t)raw(RAW_GETEUID)) {
        return "belongs to another user, who could kill this program by truncating it";
    }
    return file->size < sizeof(struct ring_header) || file->size > RECORDER_MOST
               ? "is not a recorder file"
               : NULL;
}

static const char *use(struct ring *ring, int fd)
{
    struct file file;
    long err = file_of(fd, &file);
    if (err < 0) {
        return reason(err);
    }
    const char *wrong = wrong_file(&file);
    if (wrong) {
        return wrong;
    }
    void *memory = map(fd, file.size, &err);
    if (!memory) {
        return reason(err);
    }
    wrong = ring_open(ring, memory, file.size, table);
    if (wrong) {
        raw(SYS_munmap, memory, file.size);
    }
    return wrong;
}

/* ---- Making it ---- */

static long allocate(int fd, uint64_t size)
{
    long err;
    if (size > raw_soft_limit(RLIMIT_FSIZE)) { /* else that would raise SIGXFSZ */
        return -EFBIG;
    }
    do {
#if __SIZEOF_LONG__ == 8
        err = raw(SYS_fallocate, fd, 0, 0, size);
#else
        err = raw(SYS_fallocate, fd, 0, 0, 0, (long)size, (long)(size >> 32));
#endif
    } while (err == -EINTR);
    return err;
}

/* On btrfs, where else each page that is written anew needs room of its own, so that a disk that
 * is full by then would raise SIGBUS: written in place. Only as long as the file is empty, and
 * nobody else knows the flag (include/uapi/linux/fs.h; fs/btrfs/ioctl.c). */
static void write_in_place(int fd)
{
    enum {
        GET_FLAGS = (int)_IOR('f', 1, long),
        SET_FLAGS = (int)_IOW('f', 2, long),
        NO_COPY = 0x800000
    };
    int flags = 0;
    if (raw(SYS_ioctl, fd, GET_FLAGS, &flags) == 0) {
        flags |= NO_COPY;
        raw(SYS_ioctl, fd, SET_FLAGS, &flags);
    }
}

static uint64_t cycles_now(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return clock_has_counter() ? __builtin_ia32_rdtsc() : 0;
#else
    return 0;
#endif
}

static uint64_t boottime(void)
{
    struct {
        long seconds, nanoseconds;
    } now = {0, 0};
    raw(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    return (uint64_t)now.seconds * 1000000000 + (uint64_t)now.nanoseconds;
}

static void describe(struct ring_fixed *fixed)
{
    struct clock_time now = clock_now();
    int fd =
        (int)raw(SYS_openat, AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    memset(fixed, 0, sizeof *fixed);
    if (fd >= 0) {
        raw(SYS_read, fd, fixed->boot_id, 36);
        raw(SYS_close, fd);
    }
    fixed->realtime = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    fixed->boottime = boottime();
    fixed->cycles = cycles_now();
    memcpy(fixed->made_by, SOCKSHIM_VERSION, sizeof SOCKSHIM_VERSION);
}

static long fill(int fd, uint64_t size)
{
    struct ring_fixed fixed;
    write_in_place(fd);
    long err = allocate(fd, size);
    void *memory = err < 0 ? NULL : map(fd, size, &err);
    if (memory) {
        describe(&fixed);
        ring_make(memory, size, &fixed, table);
        raw(SYS_munmap, memory, size);
    }
    return err;
}

/* FILE.PID.NANOSECONDS.new: in two containers, which start together, that share FILE the pid may
 * be the same. */
static void name_new(char *path)
{
    size_t len = strlen(settings.recorder_path); /* settings.c left room for it */
    struct text t = text_in(path + len, PATH_MAX - len - 1, QUOTE_PLAIN);
    memcpy(path, settings.recorder_path, len);
    text_char(&t, '.');
    text_unsigned(&t, (uint64_t)raw(SYS_getpid));
    text_char(&t, '.');
    text_unsigned(&t, (uint64_t)clock_nanoseconds());
    text_add(&t, ".new");
    *t.at = 0;
}

/* It gets its name when it is whole, and only if nobody else was quicker: then that one is
 * used. */
static long make(void)
{
    static char path[PATH_MAX];
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | LARGEFILE;
    name_new(path);
    long fd = raw(SYS_openat, AT_FDCWD, path, flags, 0600);
    if (fd < 0) {
        return fd;
    }
    long err = fill((int)fd, settings.recorder_size);
    raw(SYS_close, fd);
    if (err == 0) {
        err = raw(SYS_linkat, AT_FDCWD, path, AT_FDCWD, settings.recorder_path, 0);
    }
    raw(SYS_unlinkat, AT_FDCWD, path, 0);
    return err == -EEXIST ? 0 : err;
}

const char *recorder_file_open(struct ring *ring)
{
    const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | LARGEFILE;
    recorded_table(table);
    for (int tries = 0;; tries++) {
        long fd = raw(SYS_openat, AT_FDCWD, settings.recorder_path, flags);
        if (fd >= 0) {
            const char *wrong = use(ring, (int)fd);
            raw(SYS_close, fd);
            return wrong;
        }
        long err = fd == -ENOENT && tries < 3 ? make() : fd;
        if (err < 0) {
            return reason(err);
        }
    }
}
