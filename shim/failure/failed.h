/* What a wrapper hands over when its call returned -1 or 0, even where that 0 is a
 * success. Everything here is cold, async-signal-safe, and leaves errno as it was. */
#ifndef SOCKSHIM_FAILED_H
#define SOCKSHIM_FAILED_H

#include "base/facts.h"
#include "base/hidden.h"

/* Logs a 0 or -1 of `call`, if a record of it is wanted; errno says why it is -1.
 * Returns `ret`. */
hidden long failed(enum call call, long ret, const struct attempt *attempt);

/* Logs what is known of a call, if a record of that cause is wanted; may change errno. */
hidden void tell_facts(struct facts *facts);

/* Logs a write that failed with EPIPE, and by whose SIGPIPE the program ends now. */
hidden void failed_for_good(enum call call, const struct attempt *attempt);

/* Logs that the program read a pending error (SO_ERROR). */
hidden void failed_late(int err, const struct attempt *attempt);

/* Logs, once a program, that an attempt to undo a forced setting was refused. */
hidden void refused(enum call call, int fd, const char *why);

#endif
