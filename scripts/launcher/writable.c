#include "writable.h"

#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? "/" : words("%.*s", (int)(slash - path), path);
}

static const char FULL[] = "its file system is full";

/* What only root may use is not there for others. */
static const char *full(const char *path)
{
    struct statvfs system;
    if (statvfs(path, &system) || system.f_blocks == 0) {
        return NULL;
    }
    return (geteuid() == 0 ? system.f_bfree : system.f_bavail) == 0 ? FULL : NULL;
}

/* open(2) */
static const char *reason(int err, const char *denied, const char *read_only)
{
    switch (err) {
    case EACCES:
        return denied;
    case EROFS:
        return read_only;
    case EPERM:
        return "it or its directory is immutable (lsattr), or a security module forbids it";
    case ENOSPC:
        return FULL;
    case EDQUOT:
        return "this user's disk quota is used up";
    default:
        return strerror(err);
    }
}

/* Without a name where the file system can do that. */
static int make_file(const char *folder)
{
    int file = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        char *path = words("%s/.sockshim-XXXXXX", folder);
        file = mkostemp(path, O_CLOEXEC);
        if (file >= 0) {
            unlink(path);
        }
    }
    return file;
}

const char *writable_refusal_in(const char *folder)
{
    struct stat status;
    if (stat(folder, &status)) {
        return errno == ENOENT ? words("there is no directory %s", folder)
                               : words("%s: %s", folder, strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return words("%s is not a directory", folder);
    }
    int file = make_file(folder);
    if (file < 0) {
        return reason(errno, words("this user may not create files in %s", folder),
                      words("%s is on a read-only file system", folder));
    }
    close(file);
    return full(folder);
}

const char *writable_refusal(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            return "it is a directory, not a file";
        }
        /* To open a pipe or a device may wait, or do something. */
        bool is_file = S_ISREG(status.st_mode);
        int file = is_file ? open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC)
                           : faccessat(AT_FDCWD, path, W_OK, AT_EACCESS);
        if (file < 0) {
            return reason(errno, "this user may not write to it",
                          "it is on a read-only file system");
        }
        if (is_file) {
            close(file);
        }
        return is_file ? full(path) : NULL;
    }
    /* A link to what is not there yet: the shim finds out. */
    return lstat(path, &status) == 0 ? NULL : writable_refusal_in(folder_of(path));
}
