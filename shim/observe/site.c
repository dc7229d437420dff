#include "observe/site.h"

#include "base/settings.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#ifdef DLFO_STRUCT_HAS_EH_DBASE

#pragma weak _dl_find_object

/* What stands behind the last slash. */
static const char *short_name(const char *path)
{
    const char *name = path + strlen(path);
    while (name > path && name[-1] != '/') {
        name--;
    }
    return name;
}

/* The program itself has no name for the dynamic linker. */
static const char *name_of(const struct link_map *map)
{
    const char *path = *map->l_name ? map->l_name : *settings.exe ? settings.exe : settings.prog;
    return short_name(path);
}

void find_site(struct facts *f, const void *site)
{
    struct dl_find_object found;
    uintptr_t here = (uintptr_t)find_site;
    void *at = (void *)(uintptr_t)site; /* NOLINT(performance-no-int-to-ptr): const is taken off */
    if (!site || !_dl_find_object || _dl_find_object(at, &found) != 0) {
        return;
    }
    /* A call within this object says nothing of the program. */
    if (here >= (uintptr_t)found.dlfo_map_start && here < (uintptr_t)found.dlfo_map_end) {
        return;
    }
    uintptr_t offset = (uintptr_t)site - found.dlfo_link_map->l_addr;
    if (offset <= UINT32_MAX) {
        f->object = name_of(found.dlfo_link_map);
        f->offset = (uint32_t)offset;
    }
}

#else

void find_site(struct facts *f, const void *site)
{
    (void)f;
    (void)site;
}

#endif
