/* What of an ELF file decides whether an object can be preloaded into it. */
#ifndef LAUNCHER_ELF_H
#define LAUNCHER_ELF_H

#include <limits.h>
#include <stdbool.h>

struct elf {
    bool is_elf;
    bool is_truncated; /* what its headers tell of lies beyond the file's end; of the
                        * program's own class and byte order only */
    int class;         /* ELFCLASS32 or ELFCLASS64 */
    int order;         /* ELFDATA2LSB or ELFDATA2MSB */
    int machine;       /* e_machine */
    /* The rest is read only if the file is of this program's own class and byte
     * order. */
    bool has_interpreter;       /* PT_INTERP */
    char interpreter[PATH_MAX]; /* empty if it cannot be read */
    bool is_go;
    char sanitizer[64]; /* libasan.so.N, if it is linked to that; else empty */
};

/* Reads at most a few megabytes, whatever is in the file, and never waits: what
 * is no regular file is no ELF file. false if it cannot be opened. */
bool elf_read(const char *path, struct elf *elf);

#endif
