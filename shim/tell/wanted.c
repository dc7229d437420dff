#include "tell/wanted.h"

#include "base/process.h"
#include "base/settings.h"
#include "tell/cause.h"

#include <errno.h>

static bool settings_want(enum call call, long ret, int err, bool can_time_out)
{
    if (settings_skips_call(call) || settings_skips_errno(err)) {
        return false;
    }
    if (err == EAGAIN && !can_time_out && call != CALL_connect &&
        settings_skips_cause(CAUSE_would_block)) {
        return false;
    }
    return cause_loudest(call, ret, err, can_time_out) >= settings.level;
}

bool is_wanted(enum call call, long ret, int err)
{
    return settings.logging && settings_want(call, ret, err, process_sets_timeouts());
}

/* A bit for each errno value of which no record is wanted, whatever call but connect it
 * comes from. The second row is for a program that sets timeouts. */
static uint64_t unwanted[2][ERRNO_MAX / 64 + 1];

void wanted_begin(void)
{
    if (settings.level == LEVEL_DEBUG && !settings.skips) { /* all of them are wanted */
        return;
    }
    for (int err = 1; err <= ERRNO_MAX; err++) {
        for (int can_time_out = 0; can_time_out < 2; can_time_out++) {
            /* CALL_COUNT: any call */
            if (!settings_want(CALL_COUNT, -1, err, can_time_out)) {
                unwanted[can_time_out][err / 64] |= (uint64_t)1 << err % 64;
            }
        }
    }
}

bool is_unwanted(enum call call, unsigned err)
{
    const uint64_t *errnos = unwanted[process_sets_timeouts()];
    return settings_skips_call(call) ||
           (call != CALL_connect && err <= ERRNO_MAX && (errnos[err / 64] >> err % 64 & 1));
}
