/* The cause of a call that moves data and returned 0. Pure, async-signal-safe. */
#ifndef SOCKSHIM_CAUSE_OF_ZERO_H
#define SOCKSHIM_CAUSE_OF_ZERO_H

#include "base/facts.h"

enum cause cause_of_zero(const struct facts *facts);

#endif
