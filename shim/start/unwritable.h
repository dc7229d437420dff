/* Why a log cannot be written, and what a person can do about it. */
#ifndef SOCKSHIM_UNWRITABLE_H
#define SOCKSHIM_UNWRITABLE_H

#include "base/hidden.h"

/* Reasons that are no errno. */
enum {
    UNWRITABLE_FILTER = -1, /* a filter that was inherited kills */
    UNWRITABLE_CAGE = -2,   /* one that the program has put on itself might */
};

/* In words that go on behind the path and the errno's name, for the errno that opening the
 * log gave. Pure. */
hidden const char *unwritable_because(int err);

#endif
