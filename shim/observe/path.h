/* What lies on the path of a unix socket. Async-signal-safe; a system call for each directory. */
#ifndef SOCKSHIM_PATH_H
#define SOCKSHIM_PATH_H

#include "base/facts.h"

/* After an EACCES: f->closed_at. Only for a path from the root on: of another one nothing is known
 * of what lies above. */
void find_closed_folder(struct facts *f);

#endif
