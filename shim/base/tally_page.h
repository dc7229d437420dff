/* What `sockshim run` is told without a log: a page that it makes, and that each program under the
 * shim maps. Where a log cannot be opened or written to, that is noted here, so that nobody is told
 * that there was nothing to log. */
#ifndef SOCKSHIM_TALLY_PAGE_H
#define SOCKSHIM_TALLY_PAGE_H

#include <stdatomic.h>

/* Where the page is to be found, for programs and their children. */
#define TALLY_VARIABLE "_SOCKSHIM_RUN"
#define TALLY_MAGIC "sockshim tally 2"
enum { TALLY_SIZE = 4096 };

/* The same for 32-bit programs. */
struct tally {
    char magic[sizeof TALLY_MAGIC - 1];
    atomic_uint loaded;   /* programs that have it mapped */
    atomic_uint sockets;  /* processes that had a socket */
    atomic_uint unopened; /* processes with something to log, and no log by now */
    atomic_uint lost;     /* records that could not be written, nor told of in the log since */
    atomic_uint named;    /* the pid of the first of the unopened, with its name, and why */
    atomic_int why;       /* for unwritable_because() */
    char prog[64];
    atomic_uint spared; /* exchanges: observe/nagle.h */
    atomic_uint spared_connections;
};

#endif
