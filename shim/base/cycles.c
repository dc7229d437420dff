#include "base/cycles.h"

#ifdef __x86_64__

#include "base/raw.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* In cycles. A clock that is slewed as fast as adjtimex(2) allows, by 500 ppm, goes astray by half
 * a microsecond in the first. */
enum { GOES_ON = 1 << 21, LEAST_MEASURED = 1 << 24, MEASURED_ANEW = 1 << 30, AT_ONCE = 2000 };

/* Nanoseconds of 2^32 cycles, or: */
enum { OFF = 0, NOT_KNOWN = 1 };
static at_hand _Atomic uint64_t rate;

/* The last time of the kernel's that this thread has asked for, and the counter then; 0: none. In
 * the thread's own block from the start: it is never allocated. */
static __thread struct {
    uint64_t cycles;
    int64_t time;
} known __attribute__((tls_model("initial-exec")));

/* Where the rate was last measured from. */
static _Atomic uint64_t first_cycles;
static int64_t first_steady;
static atomic_flag measuring = ATOMIC_FLAG_INIT;

static inline uint64_t cycles_now(void)
{
    return __builtin_ia32_rdtsc();
}

/* Asks a clock, and returns the counter at that moment; 0 if it took so long that something
 * came in between. */
static uint64_t ask_at(int64_t (*clock)(void), int64_t *time)
{
    uint64_t before = cycles_now();
    *time = clock();
    uint64_t took = cycles_now() - before;
    return took < AT_ONCE ? before + took / 2 : 0;
}

static uint64_t rate_since(uint64_t cycles, int64_t steady)
{
    double passed = (double)(cycles - first_cycles);
    return (uint64_t)((double)(steady - first_steady) * 4294967296.0 / passed);
}

/* A virtual machine may go on elsewhere, and the counter, unlike that clock, while the machine
 * sleeps: then it is not known until it has been measured anew. */
static bool is_likely(uint64_t new_rate, uint64_t old_rate)
{
    uint64_t apart = new_rate > old_rate ? new_rate - old_rate : old_rate - new_rate;
    return old_rate == NOT_KNOWN || apart < old_rate / 1024;
}

static void measure(uint64_t old_rate)
{
    int64_t steady;
    uint64_t at = ask_at(clock_steady, &steady);
    if (at == 0) {
        return;
    }
    if (first_cycles != 0) {
        uint64_t new_rate = at > first_cycles ? rate_since(at, steady) : NOT_KNOWN;
        new_rate = is_likely(new_rate, old_rate) ? new_rate : NOT_KNOWN;
        atomic_compare_exchange_strong(&rate, &old_rate, new_rate);
    }
    first_steady = steady;
    first_cycles = at;
}

/* Nobody waits for another: who measured when a fork came leaves its child without. */
static void measure_if_due(void)
{
    uint64_t old_rate = atomic_load(&rate);
    uint64_t least = old_rate == NOT_KNOWN ? LEAST_MEASURED : MEASURED_ANEW;
    if (old_rate != OFF && cycles_now() - first_cycles >= least &&
        !atomic_flag_test_and_set(&measuring)) {
        measure(old_rate);
        atomic_flag_clear(&measuring);
    }
}

/* A signal handler may come in between, which leaves a pair of its own. */
static void keep(uint64_t cycles, int64_t time)
{
    known.cycles = 0;
    atomic_signal_fence(memory_order_seq_cst);
    known.time = time;
    atomic_signal_fence(memory_order_seq_cst);
    known.cycles = cycles;
    atomic_signal_fence(memory_order_seq_cst);
    if (*(volatile int64_t *)&known.time != time) {
        known.cycles = 0;
    }
}

static __attribute__((noinline)) int64_t ask_anew(void)
{
    int64_t time;
    uint64_t at = ask_at(clock_nanoseconds, &time);
    keep(at, time);
    measure_if_due();
    return time;
}

at_each_call int64_t cycles_time(void)
{
    uint64_t now_rate = atomic_load_explicit(&rate, memory_order_relaxed);
    if (now_rate == OFF) {
        return clock_nanoseconds();
    }
    uint64_t from = *(volatile uint64_t *)&known.cycles;
    int64_t time = *(volatile int64_t *)&known.time;
    uint64_t passed = cycles_now() - from;
    bool goes_on = passed < GOES_ON && *(volatile uint64_t *)&known.cycles == from;
    return goes_on && now_rate != NOT_KNOWN ? time + (int64_t)(passed * now_rate >> 32)
                                            : ask_anew();
}

/* Documentation/ABI/testing/sysfs-devices-system... of the kernel: it is not "tsc" where the
 * counter has been found wanting. */
void cycles_begin(void)
{
    char name[4] = "";
    if (!clock_has_counter()) {
        return;
    }
    int fd = (int)raw(SYS_openat, AT_FDCWD,
                      "/sys/devices/system/clocksource/clocksource0/current_clocksource",
                      O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    raw(SYS_read, fd, name, sizeof name);
    raw(SYS_close, fd);
    if (memcmp(name, "tsc\n", sizeof name) == 0) {
        atomic_store(&rate, NOT_KNOWN);
    }
}

void cycles_end(void)
{
    atomic_store(&rate, OFF);
}

#endif
