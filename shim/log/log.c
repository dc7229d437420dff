#include "log/log.h"

#include "base/process.h"
#include "base/raw.h"
#include "base/settings.h"
#include "base/tally.h"
#include "log/file.h"
#include "log/find.h"
#include "log/keep.h"
#include "log/rotate.h"
#include "log/write.h"

#include <stdatomic.h>
#include <sys/stat.h>

/* How many records could not be written, and by which process: a fork's child does not
 * tell again what its parent lost. 0: not known (in a cage, or in another namespace). */
static at_hand _Atomic uint64_t lost;
enum { PID_SHIFT = 32 };

static at_hand atomic_bool was_short; /* a write of ours: the file may end in the midst of a line */

static bool writes_in_cage;

/* ---- What is lost ---- */

static uint64_t lost_by(pid_t pid, uint64_t state)
{
    bool is_known = pid != 0 && state >> PID_SHIFT != 0;
    return !is_known || (uint32_t)pid == state >> PID_SHIFT ? (uint32_t)state : 0;
}

static __attribute__((noinline)) void count_lost(uint64_t count)
{
    struct identity who = process_identify();
    /* A vfork child's memory is its parent's, who tells of both. */
    pid_t pid = who.is_vfork_child ? (pid_t)raw(SYS_getppid) : who.pid;
    uint64_t before = atomic_load(&lost);
    uint64_t after;
    do {
        after = (uint64_t)(uint32_t)pid << PID_SHIFT | (uint32_t)(lost_by(pid, before) + count);
    } while (!atomic_compare_exchange_weak(&lost, &before, after));
    tally_lost((int64_t)count);
}

/* ---- A line ---- */

/* What is left to do about a line: nothing; nothing that would help; or before it is tried
 * again. */
enum care { CARE_NONE, CARE_LOST, CARE_FIND, CARE_FOLLOW, CARE_ROTATE, CARE_OLDER };

/* The byte that a file of that size ends with; -1 where it cannot be read. */
static int last_byte(int fd, uint64_t size)
{
    unsigned char byte = 0;
#if __SIZEOF_LONG__ == 8
    long n = raw(SYS_pread64, fd, &byte, 1, size - 1);
#else
    long n = raw(SYS_pread64, fd, &byte, 1, (long)(size - 1), (long)((size - 1) >> 32));
#endif
    return n == 1 ? byte : -1;
}

/* Nobody else is in the midst of a write: even one of no bytes waits for the file's lock
 * (inode_lock(), in the file systems' write_iter), which a write holds to its end. */
static void wait_for_others(int fd)
{
    raw(SYS_write, fd, "", 0);
}

/* Whether the file ends in the midst of a line, which somebody could not write to its
 * end: a disk was full, a limit reached, or the writer killed, which the kernel looks for
 * between two pages (mm/filemap.c, generic_perform_write()). All of these are at a
 * multiple of 512, so that few sizes are looked into; and a size may be that of a write
 * that is still under way, so that it counts only if it lasts. */
static __attribute__((noinline)) bool ends_in_mid_line(int fd, struct file *file)
{
    for (int tries = 0; tries < 3; tries++) {
        uint64_t size = file->size;
        int byte = size > 0 ? last_byte(fd, size) : '\n';
        if (byte < 0) { /* not to be read: then only what we know ourselves */
            return atomic_load_explicit(&was_short, memory_order_relaxed);
        }
        if (byte == '\n') {
            return false;
        }
        wait_for_others(fd);
        if (file_of(fd, file) < 0 || file->size == size) {
            return true;
        }
    }
    return false;
}

/* What there is of a line ends before the next one begins. May look at the file anew. */
static bool end_the_line(int fd, struct file *file)
{
    bool suspicious = atomic_load_explicit(&was_short, memory_order_relaxed);
    if (!suspicious && !(S_ISREG(file->mode) && file->size % 512 == 0 && file->size > 0)) {
        return true;
    }
    bool done =
        (S_ISREG(file->mode) && !ends_in_mid_line(fd, file)) || write_to(fd, file, "\n", 1) == 1;
    if (suspicious || !done) {
        atomic_store_explicit(&was_short, !done, memory_order_relaxed);
    }
    return done;
}

/* Without a name what is written goes with its last descriptor. */
static bool has_no_name(const struct place *p)
{
    return p->file.links == 0 && S_ISREG(p->file.mode) && place_is_kept(p);
}

static enum care write_at(struct place *p, const char *line, size_t len)
{
    if (!end_the_line(p->writing.fd, &p->file)) {
        return CARE_LOST;
    }
    long written = write_to(p->writing.fd, &p->file, line, len);
    if (written > 0 ? written != (long)len : S_ISREG(p->file.mode)) {
        atomic_store_explicit(&was_short, true, memory_order_relaxed); /* another's, perhaps */
    }
    if (written < (long)len - 1) { /* the next line would bring the newline */
        return CARE_LOST;
    }
    return CARE_NONE;
}

/* ---- Before the line ---- */

/* What is to be done about the log before this place is written to; CARE_LOST: nothing
 * can be done. */
static enum care care_for(const struct place *p)
{
    if (!place_is_kept(p) || !S_ISREG(p->file.mode)) {
        return CARE_NONE;
    }
    /* Empty: somebody may be about to begin it, whose line comes first. */
    if (has_no_name(p) || (p->file.size == 0 && has_older())) {
        return CARE_FOLLOW;
    }
    if (settings.log_limit > 0 && p->file.size >= settings.log_limit) {
        return CARE_ROTATE;
    }
    return needs_older(&p->file) && !has_older() ? CARE_OLDER : CARE_NONE;
}

/* While nobody counts this thread as writing, and with no line on the stack. */
static __attribute__((noinline)) void take_care(enum care care)
{
    struct moment m = this_moment();
    if (care == CARE_FIND) {
        place_find_again(&m);
    } else if (care == CARE_FOLLOW) {
        follow_path(&m);
    } else if (care == CARE_ROTATE) {
        rotate(&m);
    } else if (care == CARE_OLDER) {
        prepare_older(&m);
    }
}

/* ---- The line ---- */

static size_t compose_lost(char *line, const void *count)
{
    struct moment m = this_moment();
    return record_lost(line, &m, *(const uint64_t *)count);
}

/* Room for a line's priority, which the journal takes off again (sd-daemon(3)). */
enum { PRIORITY_LEN = sizeof "<4>" - 1 };

static void put_priority(char *at, enum level level)
{
    static const char priorities[] = {'7', '6', '4', '3'}; /* syslog(3) */
    at[0] = '<';
    at[1] = priorities[level];
    at[2] = '>';
}

/* Looks whose the descriptor is only now, just before the write. There is room for a
 * priority before the line. */
static __attribute__((noinline)) enum care put_line(char *line, size_t len, bool takes_care)
{
    struct place place;
    if (!place_find(&place)) {
        return CARE_FIND;
    }
    if (place.is_journal) {
        put_priority(line - PRIORITY_LEN, record_level(line));
        line -= PRIORITY_LEN;
        len += PRIORITY_LEN;
    }
    enum care care = takes_care ? care_for(&place) : CARE_NONE;
    if (care == CARE_NONE) {
        care = write_at(&place, line, len);
    }
    place_leave(&place);
    bool may_be_gone = care == CARE_NONE && has_no_name(&place);
    return may_be_gone && !path_leads_to(&place.file) ? CARE_LOST : care;
}

/* The line has a frame of its own, which is left before anything is done about the log. */
static __attribute__((noinline)) enum care try_to_tell(log_composer *compose, const void *what,
                                                       bool takes_care)
{
    char line[PRIORITY_LEN + RECORD_SIZE];
    size_t len = compose(line + PRIORITY_LEN, what);
    return put_line(line + PRIORITY_LEN, len, takes_care);
}

/* A filter may kill for all but the write. */
static __attribute__((noinline)) void tell_in_cage(log_composer *compose, const void *what)
{
    char line[RECORD_SIZE];
    int fd = atomic_load_explicit(&log_numbers[kept_current()], memory_order_relaxed);
    size_t len = compose(line, what);
    if (!writes_in_cage || fd < 0 || raw(SYS_write, fd, line, len) != (long)len) {
        count_lost(1);
    }
}

static inline __attribute__((always_inline)) bool tell(log_composer *compose, const void *what)
{
    const int most = 10; /* others may change it as often meanwhile */
    enum care care = try_to_tell(compose, what, true);
    for (int tries = 0; care >= CARE_FIND && tries < most; tries++) {
        take_care(care);
        care = try_to_tell(compose, what, care == CARE_FIND && tries == 0);
    }
    if (care != CARE_NONE) {
        count_lost(1);
    }
    return care == CARE_NONE;
}

/* Takes one of those that it tells for a record: if it is lost, it is not to count. */
static __attribute__((noinline)) void tell_lost(void)
{
    struct identity who = process_identify();
    uint64_t state = atomic_load(&lost);
    uint64_t count = lost_by(who.pid, state);
    if (who.is_vfork_child || count == 0 || !atomic_compare_exchange_strong(&lost, &state, 0)) {
        return;
    }
    tally_lost(-(int64_t)count);
    if (process_is_caged()) {
        tell_in_cage(compose_lost, &count);
    } else {
        tell(compose_lost, &count);
    }
    if (lost_by(who.pid, atomic_load(&lost)) > 0) {
        count_lost(count - 1);
    }
}

static size_t compose_unrotated(char *line, const void *err)
{
    struct moment m = this_moment();
    return record_unrotated(line, &m, *(const int *)err);
}

/* Once a process. */
static __attribute__((noinline)) void tell_unrotated(int err)
{
    tell(compose_unrotated, &err);
}

static void tell_what_is_wrong(void)
{
    int err = rotation_refused();
    if (atomic_load_explicit(&lost, memory_order_relaxed) != 0) {
        tell_lost();
    }
    if (err > 0) {
        tell_unrotated(err);
    }
}

/* Nothing here has an address, so that this frame is gone when what is wrong is told. */
void log_tell(log_composer *compose, const void *what)
{
    if (process_is_caged()) {
        tell_in_cage(compose, what);
        return;
    }
    look_each_second();
    if (tell(compose, what)) {
        tell_what_is_wrong();
    }
}

void log_end(void)
{
    if (atomic_load(&lost) == 0) {
        return;
    }
    tell_lost();
}

void log_enter_cage(void)
{
    struct file file;
    unsigned i = kept_current();
    int fd = atomic_load(&log_numbers[i]);
    /* Else a write may raise a signal or wait, and there nothing helps. */
    writes_in_cage = settings.log == LOG_FILE && fd >= 0 && file_of(fd, &file) == 0 &&
                     kept_is(i, &file) && S_ISREG(file.mode) && !file_size_is_limited();
}

void log_complain(const char *line, size_t len)
{
    struct file file;
    if (!stderr_is_a_client() && stderr_is_as_it_was(&file)) {
        write_to(2, &file, line, len);
    }
}
