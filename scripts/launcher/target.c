#include "target.h"

#include "script.h"
#include "words.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char REBUILD[] =
    "build the object for it (make CC=... BUILD=...) and run sockshim with that BUILD";

/* ---- What a shell would run ---- */

static void take(struct target *target, const char *path)
{
    target->file = path;
    target->runs = path;
    target->problem = NULL;
}

/* Takes a file if it can be run; one that cannot is remembered as the problem. */
static int candidate(struct target *target, const char *path)
{
    struct stat status;
    if (stat(path, &status)) {
        if (errno == ENOENT) {
            return NOT_FOUND;
        }
        const char *where = errno == EACCES ? " for a directory in this path" : "";
        char *why = words("%s%s", strerror(errno), where);
        *why = (char)tolower((unsigned char)*why);
        target->problem = words("%s: %s", path, why);
        return CANNOT_RUN;
    }
    if (S_ISDIR(status.st_mode)) {
        target->problem = words("%s: is a directory", path);
    } else if (!S_ISREG(status.st_mode)) {
        target->problem = words("%s: is not a regular file", path);
    } else if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS)) {
        target->problem = words("%s: permission denied", path);
    } else {
        take(target, path);
        return 0;
    }
    return CANNOT_RUN;
}

/* In PATH a shell passes by a folder, and what it cannot reach, without a word. */
static bool is_passed_by(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISDIR(status.st_mode);
}

static int search_path(struct target *target, const char *name)
{
    const char *folder = getenv("PATH");
    int result = NOT_FOUND;
    if (!folder) {
        folder = "/usr/bin:/bin";
    }
    for (;;) {
        size_t len = strcspn(folder, ":");
        const char *path = words("%.*s/%s", len ? (int)len : 1, len ? folder : ".", name);
        int found = *name && !is_passed_by(path) ? candidate(target, path) : NOT_FOUND;
        if (found == 0) {
            return 0;
        }
        result = found == CANNOT_RUN ? CANNOT_RUN : result;
        if (!folder[len]) {
            return result;
        }
        folder += len + 1;
    }
}

int target_find(struct target *target, const char *command)
{
    target->problem = NULL;
    int result = strchr(command, '/') ? candidate(target, command) : search_path(target, command);
    if (result == NOT_FOUND) {
        target->problem = words("%s: command not found", command);
    }
    return result;
}

/* ---- Whether the object fits ---- */

static const char *architecture(const struct elf *elf)
{
    static const struct {
        int class, machine, order;
        const char *name;
    } known[] = {
        {ELFCLASS32, EM_386, ELFDATA2LSB, "32-bit x86"},
        {ELFCLASS32, EM_X86_64, ELFDATA2LSB, "x32"},
        {ELFCLASS64, EM_X86_64, ELFDATA2LSB, "x86-64"},
        {ELFCLASS32, EM_ARM, ELFDATA2LSB, "32-bit ARM"},
        {ELFCLASS64, EM_AARCH64, ELFDATA2LSB, "aarch64"},
        {ELFCLASS64, EM_RISCV, ELFDATA2LSB, "64-bit RISC-V"},
        {ELFCLASS64, EM_PPC64, ELFDATA2LSB, "ppc64le"},
        {ELFCLASS64, EM_S390, ELFDATA2MSB, "s390x"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].class == elf->class && known[i].machine == elf->machine &&
            known[i].order == elf->order) {
            return known[i].name;
        }
    }
    return words("another architecture (ELF machine %d)", elf->machine);
}

static bool refuse(struct target *target, const char *problem, const char *instead)
{
    target->problem = problem;
    target->instead = instead;
    return false;
}

static bool is_same_architecture(struct target *target, const struct elf *object, const char *name)
{
    const struct elf *elf = &target->elf;
    if (elf->class == object->class && elf->machine == object->machine &&
        elf->order == object->order) {
        return true;
    }
    return refuse(
        target,
        words("%s is for %s, libsockshim.so for %s", name, architecture(elf), architecture(object)),
        REBUILD);
}

/* Which C library a loader is of; NULL for none. */
static const char *libc_of(const char *loader)
{
    loader = basename_of(loader);
    if (begins_with(loader, "ld-musl")) {
        return "musl";
    }
    bool is_glibc = begins_with(loader, "ld-linux") || begins_with(loader, "ld64.so") ||
                    begins_with(loader, "ld.so");
    return is_glibc ? "glibc" : NULL;
}

/* This program is built with the object: both are of one C library. */
#ifdef __GLIBC__
static const char OBJECT_LIBC[] = "glibc";
#else
static const char OBJECT_LIBC[] = "musl";
#endif

/* The loader that the program asks for. Who asks for none is loaded by the kernel
 * alone, and nothing is preloaded; the loader itself, run as a command, is the
 * exception. */
static bool is_dynamic(struct target *target, const char *name)
{
    const char *loader = target->elf.interpreter;
    if (!target->elf.has_interpreter) {
        loader = target->runs;
        if (!libc_of(loader) || !strstr(basename_of(loader), ".so")) {
            return refuse(target,
                          words("%s is statically linked, so nothing can be preloaded", name),
                          target->instead);
        }
    }
    const char *libc = libc_of(loader);
    /* No name: a broken file, and exec's to refuse. */
    if (!*loader || (libc && strcmp(libc, OBJECT_LIBC) == 0)) {
        return true;
    }
    return refuse(target,
                  words("%s uses another C library (%s) than libsockshim.so (%s)", name,
                        libc ? libc : loader, OBJECT_LIBC),
                  REBUILD);
}

bool target_fits(struct target *target, const char *object, const char *name)
{
    static struct elf object_elf;
    if (!target->instead) {
        target->instead = "watch it with strace -f -e trace=network, or tcpdump";
    }
    if (!elf_read(object, &object_elf) || !object_elf.is_elf) {
        return true;
    }
    if (!elf_read(target->runs, &target->elf)) {
        target->broken =
            words("%s can be run but not read by this user, so it cannot be checked", name);
        return true;
    }
    if (!target->elf.is_elf) {
        target->broken =
            words("%s is neither an ELF program nor a script that begins with #!", name);
        return true;
    }
    if (target->elf.is_truncated) {
        target->broken = words("%s is a truncated ELF file; install it again", name);
        return true;
    }
    if (!is_same_architecture(target, &object_elf, name) || !is_dynamic(target, name)) {
        return false;
    }
    return !target->elf.is_go ||
           refuse(target,
                  words("%s is a Go program, which makes its network calls without the C library, "
                        "even with cgo",
                        name),
                  target->instead);
}

/* Under secure execution the loader and the shim trust no setting. The kernel
 * turns it on where a set-id bit makes the effective id another than the real
 * one (root that runs a setuid-root program is not concerned), and for file
 * capabilities unless the user is root; it does neither under no_new_privs, nor
 * on a file system that is mounted nosuid. */
static bool keeps_environment(struct target *target)
{
    const char *path = target->runs;
    const char *problem = NULL;
    struct stat status;
    struct statvfs system;
    char capabilities[64];
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 || stat(path, &status) ||
        (statvfs(path, &system) == 0 && system.f_flag & ST_NOSUID)) {
        return true;
    }
    if (status.st_mode & S_ISUID && status.st_uid != getuid()) {
        problem = words("%s is setuid (user %u)", path, status.st_uid);
    }
    if (status.st_mode & S_ISGID && status.st_mode & S_IXGRP && status.st_gid != getgid()) {
        problem = words("%s is setgid (group %u)", path, status.st_gid);
    }
    if (getuid() != 0 &&
        getxattr(path, "security.capability", capabilities, sizeof capabilities) > 0) {
        problem = words("%s has file capabilities", path);
    }
    return !problem || refuse(target, words("%s, so the loader ignores LD_PRELOAD", problem),
                              "start sockshim as the user that it switches to, or use strace -f -e "
                              "trace=network as root");
}

bool target_check(struct target *target, const char *object)
{
    target->problem = NULL;
    target->broken = NULL;
    if (!script_follow(target)) {
        return !target->problem;
    }
    return target_fits(target, object, target->runs) && keeps_environment(target);
}
