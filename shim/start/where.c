#include "start/where.h"

#include "base/apart.h"
#include "base/raw.h"

#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

char where_host[65];
char where_cgroup[160];

static __attribute__((noinline)) void find_host(void)
{
    struct utsname name;
    if (raw(SYS_uname, &name) == 0) {
        size_t len = strnlen(name.nodename, sizeof where_host - 1);
        memcpy(where_host, name.nodename, len);
    }
}

static bool contains(const char *text, const char *word)
{
    size_t len = strlen(word);
    while (*text && strncmp(text, word, len) != 0) {
        text++;
    }
    return *text != 0;
}

/* systemd's units end so (systemd.unit(5)); the others are what makes containers. */
static bool names_unit_or_container(const char *path)
{
    static const char marks[][12] = {".service", ".scope",     "docker", "libpod",
                                     "kubepods", "containerd", "crio",   "lxc"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (contains(path, marks[i])) {
            return true;
        }
    }
    return false;
}

/* The last line is the unified hierarchy's: cgroups(7), /proc/[pid]/cgroup. */
static __attribute__((noinline)) void find_cgroup(void)
{
    char text[512];
    size_t len = apart_read("/proc/self/cgroup", text, sizeof text - 1);
    if (len == 0 || text[len - 1] != '\n') { /* more than fits, or nothing */
        return;
    }
    text[len - 1] = 0;
    const char *line = strrchr(text, '\n');
    const char *path = strchr(line ? line : text, '/');
    if (path && names_unit_or_container(path)) {
        memcpy(where_cgroup, path, strnlen(path, sizeof where_cgroup - 1));
    }
}

void where_find(void)
{
    find_host();
    find_cgroup();
}
