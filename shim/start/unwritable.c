#include "start/unwritable.h"

#include <errno.h>
#include <stddef.h>

/* Of open(2), and of what log_open() answers itself: EXDEV, ENOTSUP. */
static const struct {
    int err;
    const char *words;
} rows[] = {
    {ENOENT,
     "a directory in this path, or the descriptor that it names, does not exist; create it, "
     "or choose another file"},
    {ENOTDIR, "a part of this path is not a directory; choose another file"},
    {EISDIR, "it is a directory; choose a file in it"},
    {UNWRITABLE_FILTER, "a seccomp filter that it inherited kills it for a system call that this "
                        "takes; allow fcntl, madvise, readlinkat and rt_sigaction there"},
    {UNWRITABLE_CAGE, "it had put a seccomp filter on itself before its first socket"},
    {ENOTSUP, "standard error is closed, or a client's connection; choose a file"},
    {ENOSYS, "a seccomp filter forbids a system call that this takes; allow fcntl there"},
    {EACCES, "this user may not write there, or a security module or seccomp filter forbids it; "
             "choose a file in a directory that this user can write to"},
    {EPERM, "the file is immutable (lsattr), or a security module or seccomp filter forbids it; "
            "choose another file"},
    {EROFS, "the file system is read-only; choose a file on another one"},
    {ENOSPC, "the file system has no space or no inode left; free some, or choose a file on "
             "another one"},
    {EDQUOT, "this user's disk quota is used up; free some space, or choose a file on another "
             "file system"},
    {EMFILE, "this process has no descriptor left for it; raise its limit (ulimit -n, "
             "LimitNOFILE=)"},
    {ENFILE, "the system has no descriptor left; raise the sysctl fs.file-max"},
    {EXDEV, "the process has changed its root directory or mount namespace (chroot, setns) "
            "before its first socket, and the path would lead elsewhere; use SOCKSHIM_LOG=stderr"},
    {ELOOP, "the path has too many symbolic links; choose a file without them"},
    {ENAMETOOLONG, "a name in this path is too long for its file system; choose a shorter one"},
    {ETXTBSY, "it is a program that is running, or a swap file; choose another file"},
    {EFBIG, "it is larger than a file can be; move it away, or choose another file"},
    {EOVERFLOW, "it is larger than a file can be; move it away, or choose another file"},
    {EIO, "its device reports an error (dmesg); choose a file on another file system"},
    {ENXIO, "nobody reads this pipe, or there is no such device; start its reader first, or "
            "choose a file"},
    {ENODEV, "nobody reads this pipe, or there is no such device; start its reader first, or "
             "choose a file"},
    {ENOMEM, "the kernel has no memory for it; see whether the memory limit of this process's "
             "container or unit is reached"},
    {EAGAIN, "other threads fork all the time; it is tried again"},
};

const char *unwritable_because(int err)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].err == err) {
            return rows[i].words;
        }
    }
    return "choose a file in a directory that this user can write to";
}
