/* What kind of socket it is, in the log's words. Pure and async-signal-safe. */
#ifndef SOCKSHIM_TYPE_H
#define SOCKSHIM_TYPE_H

#include "base/facts.h"

/* "tcp", "unix-stream" and so on; NULL for a kind that has no word. */
const char *type_name(const struct facts *f);

#endif
