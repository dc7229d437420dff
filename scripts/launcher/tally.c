/* A memfd, which programs reach by the path of this process's descriptor: it needs no folder that
 * can be written to, and nothing is left of it. */
#include "tally.h"

#include "environment.h"
#include "words.h"

#include "base/names.h"
#include "base/tally_page.h"
#include "start/unwritable.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file = -1;
static const struct tally none;
static const struct tally *tally = &none;

/* A limit for files (ulimit -f) is one for it, too. */
static bool has_size(int descriptor)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    sigaction(SIGXFSZ, &ignore, &before);
    bool has = ftruncate(descriptor, TALLY_SIZE) == 0;
    sigaction(SIGXFSZ, &before, NULL);
    return has;
}

static struct tally *map(int descriptor)
{
    /* Nobody can cut it off, which would kill who has it mapped. */
    if (!has_size(descriptor) ||
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
        return NULL;
    }
    void *page = mmap(NULL, TALLY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    return page == MAP_FAILED ? NULL : page;
}

void tally_start(void)
{
    file = memfd_create("sockshim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct tally *page = file < 0 ? NULL : map(file);
    if (!page) {
        close(file);
        file = -1;
        return;
    }
    memcpy(page->magic, TALLY_MAGIC, sizeof page->magic);
    tally = page;
    environment_set(TALLY_VARIABLE, words("/proc/%d/fd/%d", (int)getpid(), file));
}

int tally_file(void)
{
    return file;
}

unsigned tally_loaded(void)
{
    return atomic_load(&tally->loaded);
}

unsigned tally_sockets(void)
{
    return atomic_load(&tally->sockets);
}

unsigned tally_lost(void)
{
    return atomic_load(&tally->lost);
}

unsigned tally_spared(unsigned *connections)
{
    *connections = atomic_load(&tally->spared_connections);
    return atomic_load(&tally->spared);
}

/* Written by programs that may be anybody's: made printable when it is said. */
const char *tally_unopened(void)
{
    unsigned count = atomic_load(&tally->unopened);
    int why = atomic_load(&tally->why);
    const char *prog = words("%.*s", (int)sizeof tally->prog, tally->prog);
    const char *name = *prog ? prog : "a program";
    const char *err = why > 0 ? errno_name(why) : NULL;
    if (count == 0) {
        return NULL;
    }
    return words("%s had something to log, but could not open the log%s: %s",
                 count == 1 ? name : words("%u processes, %s the first,", count, name),
                 err ? words(" (%s)", err) : "", unwritable_because(why));
}
