/* The notes in the page of base/tally.h. No system call but in tally_begin(), and none in a cage or
 * filter later. Async-signal-safe. */
#ifndef SOCKSHIM_LOG_TALLY_H
#define SOCKSHIM_LOG_TALLY_H

#include "base/hidden.h"

#include <stdint.h>

/* Maps the page at this path; NULL, or another file: there is none, and all else does
 * nothing. Four system calls, all of which the loader has made. */
hidden void tally_begin(const char *path);
hidden void tally_socket(void);
/* This process's log cannot be opened, and why: counted once; or has been, by now. */
hidden void tally_unopened(int why);
hidden void tally_opened(void);
/* count: negative where it has been told in the log. */
hidden void tally_lost(int64_t count);

#endif
