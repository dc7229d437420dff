/* The notes in the page of tally_page.h. No system call but in tally_begin(), and none in a cage or
 * filter later. Async-signal-safe. */
#ifndef SOCKSHIM_TALLY_H
#define SOCKSHIM_TALLY_H

#include "base/hidden.h"

#include <stdbool.h>
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
/* Whether there is a page: what only it would be told need not be looked for. */
extern hidden struct tally *_Atomic tally;
static inline bool tally_is_kept(void)
{
    return tally;
}
/* A connection is over that had so many exchanges which TCP_NODELAY may have helped; 0: nothing. */
hidden void tally_spared(unsigned exchanges);

#endif
