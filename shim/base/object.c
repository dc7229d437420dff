#include "base/object.h"

#include <string.h>

/* glibc has added the base to what the dynamic section points to; musl and the
 * kernel, for the vDSO, have not. */
static const void *place(const struct object *object, ElfW(Addr) value)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return (const void *)(value < object->base ? object->base + value : value);
}

static void take_entry(struct object *object, const ElfW(Dyn) * entry)
{
    const void *at = place(object, entry->d_un.d_ptr);
    switch (entry->d_tag) {
    case DT_SYMTAB:
        object->symbols = at;
        return;
    case DT_STRTAB:
        object->names = at;
        return;
    case DT_VERSYM:
        object->versions = at;
        return;
    case DT_HASH:
        object->hash = at;
        return;
    case DT_GNU_HASH:
        object->gnu_hash = at;
        return;
    case DT_SONAME:
        object->own_name = entry->d_un.d_val;
        return;
    default:
        return;
    }
}

bool object_from_headers(struct object *object, uintptr_t base, const ElfW(Phdr) * headers,
                         size_t count)
{
    *object = (struct object){.base = base};
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type == PT_DYNAMIC) {
            const ElfW(Dyn) *entry = place(object, headers[i].p_vaddr);
            for (; entry->d_tag != DT_NULL; entry++) {
                take_entry(object, entry);
            }
        }
    }
    return object->symbols && object->names && (object->hash || object->gnu_hash);
}

/* What its first segment's addresses are short of. */
bool object_from_file(struct object *object, uintptr_t at)
{
    const ElfW(Ehdr) *file = (const void *)at; /* NOLINT(performance-no-int-to-ptr) */
    const ElfW(Phdr) *headers = (const void *)((const char *)file + file->e_phoff);
    for (size_t i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type == PT_LOAD) {
            uintptr_t base = at + headers[i].p_offset - headers[i].p_vaddr;
            return object_from_headers(object, base, headers, file->e_phnum);
        }
    }
    return false;
}

/* Defined here, a function, and not a version that is kept for old programs only
 * (the highest bit of its version). */
static bool is_match(const struct object *object, size_t i, const char *name)
{
    const ElfW(Sym) *symbol = &object->symbols[i];
    unsigned type = symbol->st_info & 0xf;
    bool is_old = object->versions && (object->versions[i] & 0x8000 || object->versions[i] == 0);
    return symbol->st_shndx != SHN_UNDEF && symbol->st_value != 0 && !is_old &&
           (type == STT_FUNC || type == STT_NOTYPE) &&
           strcmp(object->names + symbol->st_name, name) == 0;
}

/* 0: none; the first symbol of a table never is one. The two hashes are in the
 * generic ELF specification and in binutils' bfd/elflink.c. */
static size_t find_by_hash(const struct object *object, const char *name)
{
    const uint32_t *buckets = object->hash + 2;
    const uint32_t *chain = buckets + object->hash[0];
    uint32_t hash = 0;
    for (const char *at = name; *at; at++) {
        hash = (hash << 4) + (unsigned char)*at;
        hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fffffff;
    }
    size_t i = object->hash[0] > 0 ? buckets[hash % object->hash[0]] : 0;
    while (i != 0 && !is_match(object, i, name)) {
        i = chain[i];
    }
    return i;
}

static size_t find_by_gnu_hash(const struct object *object, const char *name)
{
    enum { WORD_BITS = 8 * sizeof(ElfW(Addr)) };
    const uint32_t *table = object->gnu_hash;
    uint32_t bucket_count = table[0];
    uint32_t first = table[1];
    const ElfW(Addr) *bloom = (const void *)(table + 4);
    const uint32_t *buckets = (const void *)(bloom + table[2]);
    const uint32_t *chain = buckets + bucket_count;
    uint32_t hash = 5381;
    for (const char *at = name; *at; at++) {
        hash = hash * 33 + (unsigned char)*at;
    }
    ElfW(Addr) word = table[2] > 0 ? bloom[hash / WORD_BITS % table[2]] : 0;
    if (!(word >> hash % WORD_BITS & word >> (hash >> table[3]) % WORD_BITS & 1) ||
        bucket_count == 0 || buckets[hash % bucket_count] < first) {
        return 0;
    }
    for (size_t i = buckets[hash % bucket_count];; i++) {
        uint32_t other = chain[i - first];
        if ((other | 1) == (hash | 1) && is_match(object, i, name)) {
            return i;
        }
        if (other & 1) { /* the last of its bucket */
            return 0;
        }
    }
}

void *object_function(const struct object *object, const char *name)
{
    size_t i = object->gnu_hash ? find_by_gnu_hash(object, name) : find_by_hash(object, name);
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    return i ? (void *)(object->base + object->symbols[i].st_value) : NULL;
}

bool headers_contain(uintptr_t base, const ElfW(Phdr) * headers, size_t count, const void *address)
{
    for (size_t i = 0; i < count; i++) {
        uintptr_t offset = (uintptr_t)address - (base + headers[i].p_vaddr);
        if (headers[i].p_type == PT_LOAD && offset < headers[i].p_memsz) {
            return true;
        }
    }
    return false;
}
