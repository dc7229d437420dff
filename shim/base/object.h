/* The symbols of an object in memory, read from its ELF tables by hand: no dlsym,
 * which another preload may stand in front of, and which allocates for a name that
 * is missing. Async-signal-safe; only reads. */
#ifndef SOCKSHIM_OBJECT_H
#define SOCKSHIM_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object {
    uintptr_t base;
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Half) * versions; /* NULL: it has none */
    const uint32_t *hash;        /* DT_HASH, or NULL */
    const uint32_t *gnu_hash;    /* DT_GNU_HASH, or NULL */
    size_t own_name;             /* DT_SONAME, from `names` on; 0: it has none */
};

/* From its program headers, as dl_iterate_phdr(3) has them; false if it exports
 * nothing. */
bool object_from_headers(struct object *object, uintptr_t base, const ElfW(Phdr) * headers,
                         size_t count);
/* From where its file header lies in memory, as the vDSO's. */
bool object_from_file(struct object *object, uintptr_t at);

/* The function that the object exports as `name`, in its default version; NULL if
 * there is none, or one that a resolver would have to choose (STT_GNU_IFUNC). */
void *object_function(const struct object *object, const char *name);

/* Whether `address` lies in one of the segments. */
bool headers_contain(uintptr_t base, const ElfW(Phdr) * headers, size_t count, const void *address);

#endif
