#include "base/clock.h"

#include "base/object.h"
#include "base/process.h"
#include "base/raw.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <time.h>

/* vdso(7); the one of 32-bit x86 that has 64 bits for the seconds is there from
 * Linux 5.3 on. */
#if defined(__x86_64__)
#define VDSO_NAME "__vdso_clock_gettime"
#elif defined(__i386__)
#define VDSO_NAME "__vdso_clock_gettime64"
#else
#define VDSO_NAME "__kernel_clock_gettime"
#endif

typedef int clock_function(clockid_t clock, struct clock_time *now);
static at_hand clock_function *_Atomic in_vdso;

static at_hand atomic_bool without_counter;

void clock_go_without_counter(void)
{
    atomic_store(&without_counter, true);
}

bool clock_has_counter(void)
{
    return !atomic_load_explicit(&without_counter, memory_order_relaxed);
}

/* Forbidden (PR_SET_TSC) before exec. A program of glibc's has then ended in that one's own
 * start, which reads it (elf/rtld.c). */
static bool is_forbidden(void)
{
#if defined(__x86_64__) && !defined(__GLIBC__)
    int mode = PR_TSC_ENABLE;
    return raw(SYS_prctl, PR_GET_TSC, &mode) == 0 && mode != PR_TSC_ENABLE;
#else
    return false;
#endif
}

void clock_begin(void)
{
    if (is_forbidden()) {
        clock_go_without_counter();
    }
    struct object vdso;
    clock_function *function = NULL;
    unsigned long at = getauxval(AT_SYSINFO_EHDR);
    if (at && object_from_file(&vdso, at)) {
        void *found = object_function(&vdso, VDSO_NAME);
        memcpy(&function, &found, sizeof found);
    }
    atomic_store_explicit(&in_vdso, function, memory_order_relaxed);
}

/* ---- The time ---- */

static void ask_kernel(clockid_t clock, struct clock_time *now)
{
#ifdef SYS_clock_gettime64
    struct {
        int32_t tv_sec, tv_nsec;
    } narrow = {0, 0};
    if (raw(SYS_clock_gettime64, clock, now) != -ENOSYS) {
        return;
    }
    raw(SYS_clock_gettime, clock, &narrow);
    now->tv_sec = narrow.tv_sec;
    now->tv_nsec = narrow.tv_nsec;
#else
    raw(SYS_clock_gettime, clock, now);
#endif
}

static struct clock_time time_by(clockid_t clock)
{
    struct clock_time now = {0, 0};
    clock_function *function = atomic_load_explicit(&in_vdso, memory_order_relaxed);
    if ((!function || function(clock, &now) != 0) && !process_is_caged()) {
        ask_kernel(clock, &now);
    }
    return now;
}

/* The one that is as old as the last tick, by up to 10 ms, is read from memory alone. */
static inline clockid_t real_time(void)
{
    return clock_has_counter() ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE;
}

static inline int64_t nanoseconds_of(struct clock_time time)
{
    return time.tv_sec * 1000000000 + time.tv_nsec;
}

struct clock_time clock_now(void)
{
    return time_by(real_time());
}

int64_t clock_nanoseconds(void)
{
    return nanoseconds_of(time_by(real_time()));
}

int64_t clock_steady(void)
{
    return nanoseconds_of(time_by(CLOCK_MONOTONIC_RAW));
}
