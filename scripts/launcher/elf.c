#include "elf.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that is read at once. The kernel refuses a longer table of program headers
 * (load_elf_phdrs() in fs/binfmt_elf.c). */
enum { PIECE = 65536, HEADERS_MAX = PIECE / sizeof(ElfW(Phdr)) };

#define OWN_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
#define OWN_ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB)

struct file {
    int descriptor;
    uint64_t size;
    size_t headers;
    ElfW(Phdr) header[HEADERS_MAX];
};

/* How many bytes of `offset` on could be read, `count` at most. */
static size_t read_at(const struct file *file, void *to, size_t count, uint64_t offset)
{
    if (offset > (uint64_t)INT64_MAX - count) {
        return 0;
    }
    ssize_t got = pread(file->descriptor, to, count, (off_t)offset);
    return got > 0 ? (size_t)got : 0;
}

static uint32_t align4(uint32_t size)
{
    return (size + 3) & ~3U;
}

/* Go's linker leaves a note with this name and type (cmd/link: .note.go.buildid). */
static bool has_go_note(const char *notes, size_t len)
{
    ElfW(Nhdr) note;
    while (len >= sizeof note) {
        memcpy(&note, notes, sizeof note);
        size_t left = len - sizeof note;
        if (note.n_namesz > left || note.n_descsz > left) {
            return false;
        }
        const char *name = notes + sizeof note;
        if (note.n_type == 4 && note.n_namesz == 4 && memcmp(name, "Go\0", 4) == 0) {
            return true;
        }
        size_t size = (size_t)align4(note.n_namesz) + align4(note.n_descsz);
        if (size > left) {
            return false;
        }
        notes = name + size;
        len = left - size;
    }
    return false;
}

/* The file's offset of an address; 0 if no segment has it. */
static uint64_t offset_of(const struct file *file, uint64_t address)
{
    for (size_t i = 0; i < file->headers; i++) {
        const ElfW(Phdr) *segment = &file->header[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr < segment->p_filesz) {
            return address - segment->p_vaddr + segment->p_offset;
        }
    }
    return 0;
}

/* AddressSanitizer's runtime, among what the program is linked to. */
static void find_sanitizer(const struct file *file, const ElfW(Dyn) * entries, size_t count,
                           struct elf *elf)
{
    uint64_t strings = 0;
    for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag == DT_STRTAB) {
            strings = offset_of(file, entries[i].d_un.d_ptr);
        }
    }
    for (size_t i = 0; strings && i < count && entries[i].d_tag != DT_NULL; i++) {
        char name[sizeof elf->sanitizer] = "";
        if (entries[i].d_tag == DT_NEEDED &&
            read_at(file, name, sizeof name - 1, strings + entries[i].d_un.d_val) > 0 &&
            strncmp(name, "libasan.so.", 11) == 0) {
            memcpy(elf->sanitizer, name, sizeof name);
            return;
        }
    }
}

static void read_segment(const struct file *file, const ElfW(Phdr) * segment, struct elf *elf)
{
    static char piece[PIECE] __attribute__((aligned(16)));
    size_t len = segment->p_filesz < PIECE ? (size_t)segment->p_filesz : PIECE;
    switch (segment->p_type) {
    case PT_INTERP:
        elf->has_interpreter = true;
        if (segment->p_filesz <= sizeof elf->interpreter) {
            read_at(file, elf->interpreter, len, segment->p_offset);
            elf->interpreter[sizeof elf->interpreter - 1] = 0;
        }
        break;
    case PT_NOTE:
        len = read_at(file, piece, len, segment->p_offset);
        elf->is_go = elf->is_go || has_go_note(piece, len);
        break;
    case PT_DYNAMIC:
        len = read_at(file, piece, len, segment->p_offset);
        find_sanitizer(file, (const ElfW(Dyn) *)(const void *)piece, len / sizeof(ElfW(Dyn)), elf);
        break;
    default:
        break;
    }
}

static bool is_cut(const struct file *file, const ElfW(Phdr) * segment)
{
    return segment->p_type == PT_LOAD &&
           (segment->p_offset > file->size || segment->p_filesz > file->size - segment->p_offset);
}

/* A file has few segments that are looked into; a hostile one as many as fit. */
static void read_segments(struct file *file, const ElfW(Ehdr) * header, struct elf *elf)
{
    int budget = 64;
    size_t size = (size_t)header->e_phnum * sizeof(ElfW(Phdr));
    if (header->e_phentsize != sizeof(ElfW(Phdr)) || size > sizeof file->header) {
        return;
    }
    file->headers = read_at(file, file->header, size, header->e_phoff) / sizeof(ElfW(Phdr));
    elf->is_truncated |= file->headers < header->e_phnum;
    for (size_t i = 0; i < file->headers && budget > 0; i++) {
        budget -= file->header[i].p_type != PT_LOAD;
        elf->is_truncated |= is_cut(file, &file->header[i]);
        read_segment(file, &file->header[i], elf);
    }
}

static void read_header(struct file *file, struct elf *elf)
{
    unsigned char bytes[sizeof(ElfW(Ehdr))];
    /* The first twenty are alike in both classes. */
    size_t len = read_at(file, bytes, sizeof bytes, 0);
    if (len < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0) {
        return;
    }
    elf->is_elf = true;
    elf->is_truncated = len < sizeof(Elf32_Ehdr);
    if (elf->is_truncated) {
        return;
    }
    elf->class = bytes[EI_CLASS];
    elf->order = bytes[EI_DATA];
    elf->machine =
        elf->order == ELFDATA2MSB ? bytes[18] << 8 | bytes[19] : bytes[19] << 8 | bytes[18];
    if (elf->class == OWN_CLASS && elf->order == OWN_ORDER) {
        ElfW(Ehdr) header;
        elf->is_truncated = len < sizeof bytes;
        memcpy(&header, bytes, sizeof header);
        read_segments(file, &header, elf);
    }
}

bool elf_read(const char *path, struct elf *elf)
{
    static struct file file;
    struct stat status;
    memset(elf, 0, sizeof *elf);
    file.headers = 0;
    /* Asked before, for to open a device can have an effect; and afterwards, for
     * it may have become a FIFO meanwhile. */
    if (stat(path, &status) || !S_ISREG(status.st_mode)) {
        return access(path, R_OK) == 0;
    }
    file.descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file.descriptor < 0) {
        return false;
    }
    if (fstat(file.descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        file.size = (uint64_t)status.st_size;
        read_header(&file, elf);
    }
    close(file.descriptor);
    return true;
}
