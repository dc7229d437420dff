/* Is a record wanted, would anybody read it? Told from the call, its result and the
 * settings, without a question to the kernel. Async-signal-safe; none of it fails. */
#ifndef SOCKSHIM_WANTED_H
#define SOCKSHIM_WANTED_H

#include "base/hidden.h"
#include "base/process.h"
#include "base/settings.h"

/* Once, when the settings have been read: finds out of which errno values no record is
 * wanted, whatever the call. Until then none is known to be unwanted. */
void wanted_begin(void);

/* Whether a record of such a result may be wanted: the cause, once it is known, can
 * still rule it out. */
bool is_wanted(enum call call, long ret, int err);
/* Likewise in the log, whatever the recorder wants. */
bool is_wanted_in_log(enum call call, long ret, int err);

/* The quick answer, for busy event loops: true if no record is wanted, false if that
 * takes a closer look. err: errno, or 0. Inline: a call would be a fifth of its cost.
 * The table has a bit for each errno value of which no record is wanted, whatever call
 * but connect it comes from: first for those that send nothing, then for those that may;
 * and for a program that sets timeouts the second row of each. */
extern hidden uint64_t errnos_unwanted[2][2][ERRNO_MAX / 64 + 1];
static inline bool is_unwanted(enum call call, unsigned err)
{
    const uint64_t *errnos = errnos_unwanted[may_send(call)][process_sets_timeouts()];
    return settings_wants_no_call(call) ||
           (call != CALL_connect && err <= ERRNO_MAX && (errnos[err / 64] >> err % 64 & 1));
}

#endif
