#include "log/log.h"

#include "base/ask.h"
#include "base/raw.h"
#include "base/settings.h"
#include "log/file.h"
#include "log/keep.h"
#include "log/rotate.h"
#include "log/write.h"

#include <stdatomic.h>
#include <sys/stat.h>

static atomic_ulong lost;
static atomic_bool ends_in_mid_line; /* perhaps: a write of ours came out short */

static bool writes_in_cage;

/* Whether the file may end in the midst of a line: after a write of ours that
 * came out short, and after another process was killed in the midst of one. The
 * kernel looks for a fatal signal between two pages (mm/filemap.c,
 * generic_perform_write()), so the latter ends at a page's end. */
static bool may_end_in_mid_line(const struct file *file)
{
    return atomic_load_explicit(&ends_in_mid_line, memory_order_relaxed) ||
           (S_ISREG(file->mode) && file->size > 0 && file->size % 4096 == 0);
}

/* What is there of a line ends before the next one begins; an empty line does
 * no harm. */
static bool end_line_in_place(int fd, const struct file *file)
{
    if (!may_end_in_mid_line(file)) {
        return true;
    }
    bool done = write_to(fd, file, "\n", 1) == 1;
    atomic_store_explicit(&ends_in_mid_line, !done, memory_order_relaxed);
    return done;
}

static bool write_line(const char *line, size_t len, const struct moment *m)
{
    struct file file;
    int fd = find_log(&file, m);
    if (fd < 0) {
        return false;
    }
    if (settings.log_limit > 0 && S_ISREG(file.mode) && file.size >= settings.log_limit &&
        settings.log == LOG_FILE && !m->who.is_vfork_child) {
        rotate(fd, m);
        fd = find_log(&file, m);
    }
    if (fd >= 0 && is_removed(&file)) {
        fd = leave_removed(fd, &file, m);
    }
    if (fd < 0 || !end_line_in_place(fd, &file)) {
        return false;
    }
    long written = write_to(fd, &file, line, len);
    if (written > 0 ? written != (long)len : S_ISREG(file.mode)) {
        atomic_store_explicit(&ends_in_mid_line, true,
                              memory_order_relaxed); /* by another process, perhaps */
    }
    /* The next line would bring the newline. */
    return written >= (long)len - 1 && !is_removed(&file);
}

static void count_lost(void)
{
    atomic_fetch_add_explicit(&lost, 1, memory_order_relaxed);
}

void log_write(char *line, size_t len, const struct moment *m)
{
    if (process_is_caged()) { /* a filter may kill for all but the write */
        int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
        if (!writes_in_cage || fd < 0 || raw(SYS_write, fd, line, len) != (long)len) {
            count_lost();
        }
        return;
    }
    look_at_path(m);
    if (!write_line(line, len, m)) {
        count_lost();
        return;
    }
    if (atomic_load_explicit(&lost, memory_order_relaxed) == 0) {
        return;
    }
    unsigned long count = atomic_exchange(&lost, 0);
    if (count > 0 && !write_line(line, record_lost(line, m, count), m)) {
        atomic_fetch_add(&lost, count);
    }
}

void log_enter_cage(void)
{
    struct file file;
    int fd = atomic_load_explicit(&log_number, memory_order_relaxed);
    /* Else a write may raise a signal or wait, and there nothing helps. */
    writes_in_cage = settings.log == LOG_FILE && fd >= 0 && file_of(fd, &file) == 0 &&
                     S_ISREG(file.mode) && !file_size_is_limited();
}

void log_complain(const char *line, size_t len)
{
    struct file file;
    if (!is_ip_socket(2) && file_of(2, &file) == 0) {
        write_to(2, &file, line, len);
    }
}
