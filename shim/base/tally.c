#include "base/tally.h"

#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "base/tally_page.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

struct tally *_Atomic tally;

/* The process whose log could not be opened: a fork's child is not its parent. */
static atomic_uint unopened_by;

/* In another pid namespace it may be anybody's file. */
static bool is_tally(int fd)
{
    char magic[sizeof tally->magic];
    return raw(SYS_pread64, fd, magic, sizeof magic, 0, 0) == sizeof magic &&
           strncmp(magic, TALLY_MAGIC, sizeof magic) == 0;
}

void tally_begin(const char *path)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    long fd = path ? raw(SYS_openat, AT_FDCWD, path, flags) : -1;
    if (fd < 0) {
        return;
    }
    if (is_tally((int)fd)) {
        long at = raw(RAW_MMAP, 0, TALLY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (!raw_failed(at)) {
            tally = (struct tally *)at; /* NOLINT(performance-no-int-to-ptr) */
            atomic_fetch_add(&tally->loaded, 1);
        }
    }
    raw(SYS_close, fd);
}

void tally_socket(void)
{
    if (tally) {
        atomic_fetch_add(&tally->sockets, 1);
    }
}

/* In a cage after a fork the pid is not known: 0, as if it were nobody's. */
static unsigned own_number(void)
{
    return (unsigned)process_identify().pid;
}

void tally_unopened(int why)
{
    unsigned me = tally ? own_number() : 0;
    unsigned nobody = 0;
    if (!tally || (me != 0 && atomic_exchange(&unopened_by, me) == me)) {
        return;
    }
    atomic_fetch_add(&tally->unopened, 1);
    if (atomic_compare_exchange_strong(&tally->named, &nobody, me ? me : 1)) {
        memcpy(tally->prog, settings.prog, sizeof tally->prog);
        atomic_store(&tally->why, why);
    }
}

void tally_opened(void)
{
    unsigned me = tally ? own_number() : 0;
    unsigned by = me;
    if (me != 0 && atomic_compare_exchange_strong(&unopened_by, &by, 0)) {
        atomic_fetch_sub(&tally->unopened, 1);
        atomic_compare_exchange_strong(&tally->named, &me, 0);
    }
}

void tally_lost(int64_t count)
{
    if (tally) {
        atomic_fetch_add(&tally->lost, (unsigned)count);
    }
}

void tally_spared(unsigned exchanges)
{
    if (tally && exchanges > 0) {
        atomic_fetch_add(&tally->spared, exchanges);
        atomic_fetch_add(&tally->spared_connections, 1);
    }
}
