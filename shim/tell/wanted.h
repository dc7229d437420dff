/* Is a record wanted, would anybody read it? Told from the call, its result and the
 * settings, without a question to the kernel. Async-signal-safe; none of it fails. */
#ifndef SOCKSHIM_WANTED_H
#define SOCKSHIM_WANTED_H

#include "base/names.h"

/* Once, when the settings have been read: finds out of which errno values no record is
 * wanted, whatever the call. Until then none is known to be unwanted. */
void wanted_begin(void);

/* The quick answer, for busy event loops: true if no record is wanted, false if that
 * takes a closer look. err: errno, or 0. */
bool is_unwanted(enum call call, unsigned err);

/* Whether a record of such a result may be wanted: the cause, once it is known, can
 * still rule it out. */
bool is_wanted(enum call call, long ret, int err);

#endif
