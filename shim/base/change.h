/* What a layer has changed of what the program sees: data alone. */
#ifndef SOCKSHIM_CHANGE_H
#define SOCKSHIM_CHANGE_H

#include "base/facts.h"
#include "base/settings.h"

struct change {
    enum setting setting; /* that asked for it */
    enum call call;
    int err; /* of the failure behind it; 0: there was none */
    const struct attempt *attempt;
    const char *would; /* what the program would have seen: `-1 ECONNREFUSED`, `waits` */
    const char *given; /* what it was given instead */
    unsigned tries;    /* how often the call was made again */
    unsigned waited_ms;
};

#endif
