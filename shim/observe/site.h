/* Where in the program a call came from. */
#ifndef SOCKSHIM_SITE_H
#define SOCKSHIM_SITE_H

#include "base/facts.h"

/* Fills in object and offset of the object that `site` is in, and leaves them where that
 * cannot be found without a lock: before glibc 2.35, on musl, in code made at run time.
 * No system call; async-signal-safe. */
hidden void find_site(struct facts *f, const void *site);

#endif
