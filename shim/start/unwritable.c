#include "start/unwritable.h"

#include <errno.h>

/* Of open(2), and of what log_open() answers itself: EXDEV, ENOTSUP. */
const char *unwritable_because(int err)
{
    switch (err) {
    case ENOENT:
        return "a directory in this path does not exist; create it, or choose another file";
    case ENOTDIR:
        return "a part of this path is not a directory; choose another file";
    case EISDIR:
        return "it is a directory; choose a file in it";
    case EACCES:
        return "this user may not write there, or a security module forbids it; choose a file in a "
               "directory that this user can write to";
    case EPERM:
        return "the file is immutable (lsattr), or a security module or seccomp filter forbids it; "
               "choose another file";
    case EROFS:
        return "the file system is read-only; choose a file on another one";
    case ENOSPC:
        return "the file system has no space or no inode left; free some, or choose a file on "
               "another one";
    case EDQUOT:
        return "this user's disk quota is used up; free some space, or choose a file on another "
               "file system";
    case EMFILE:
        return "this process has no descriptor left for it; raise its limit (ulimit -n, "
               "LimitNOFILE=)";
    case ENFILE:
        return "the system has no descriptor left; raise the sysctl fs.file-max";
    case EXDEV:
        return "the process has changed its root directory or mount namespace (chroot, setns) "
               "before its first socket, and the path would lead elsewhere; use SOCKSHIM_LOG=stderr";
    case ELOOP:
        return "the path has too many symbolic links; choose a file without them";
    case ENAMETOOLONG:
        return "a name in this path is too long for its file system; choose a shorter one";
    case ETXTBSY:
        return "it is a program that is running, or a swap file; choose another file";
    case EFBIG:
    case EOVERFLOW:
        return "it is larger than a file can be; move it away, or choose another file";
    case EIO:
        return "its device reports an error (dmesg); choose a file on another file system";
    case ENXIO:
    case ENODEV:
        return "nobody reads this pipe, or there is no such device; start its reader first, or "
               "choose a file";
    case ENOMEM:
        return "the kernel has no memory for it; see whether the memory limit of this process's "
               "container or unit is reached";
    case EAGAIN:
        return "other threads fork all the time; it is tried again";
    default:
        return "choose a file in a directory that this user can write to";
    }
}
