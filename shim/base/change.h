/* What a layer has changed of what the program sees: data alone, which two registers hold, so
 * that a layer's frame need not be on the stack while the record is written. */
#ifndef SOCKSHIM_CHANGE_H
#define SOCKSHIM_CHANGE_H

#include "base/facts.h"
#include "base/settings.h"

struct change {
    uint8_t setting; /* enum setting: that asked for it */
    uint8_t call;    /* enum call */
    uint16_t err;    /* of the failure behind it; 0: there was none */
    uint16_t tries;  /* how often the call was made again */
    uint16_t addrlen;
    union {
        uint32_t waited_ms; /* with err; 0: not known */
        int32_t asked;      /* a value of the program's; a signal */
    };
    int32_t given; /* the value instead; of a call made again its result, or -errno */
};
_Static_assert(sizeof(struct change) == 16, "two registers");
_Static_assert(SETTING_COUNT < 256, "fits");

#endif
