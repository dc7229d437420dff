#include "observe/path.h"

#include "base/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { MOST_PATH = sizeof(struct sockaddr_un) - offsetof(struct sockaddr_un, sun_path) };

/* Whether the kernel lets this thread look up a name in that directory, by the very identity with
 * which it connects (fsuid), which access(2) does not use. */
static long look_into(const char *folder)
{
    struct stat64 st;
    return raw(RAW_FSTATAT, AT_FDCWD, folder, &st, 0);
}

/* The length of the first directory on the path that refuses it; -1: none does; 0: not known. */
static int closed_in(const char *path, size_t len)
{
    char folder[MOST_PATH + sizeof "/."];
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/' || path[i - 1] == '/') {
            continue;
        }
        memcpy(folder, path, i);
        memcpy(folder + i, "/.", sizeof "/.");
        long err = look_into(folder);
        if (err != 0) {
            return err == -EACCES ? (int)i : 0;
        }
    }
    return -1;
}

void find_closed_folder(struct facts *f)
{
    if (address_family(&f->peer) != AF_UNIX || f->peer.is_cut ||
        f->peer.len <= offsetof(struct sockaddr_un, sun_path)) {
        return;
    }
    const char *path = address_at(&f->peer)->un.sun_path;
    size_t room = f->peer.len - offsetof(struct sockaddr_un, sun_path);
    if (path[0] == '/') {
        f->closed_at = (int8_t)closed_in(path, strnlen(path, room < MOST_PATH ? room : MOST_PATH));
    }
}
