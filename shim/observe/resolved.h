/* What name resolution said: which name an address stood for, and why there was none. */
#ifndef SOCKSHIM_OBSERVED_NAMES_H
#define SOCKSHIM_OBSERVED_NAMES_H

#include "base/facts.h"
#include "base/hidden.h"

struct addrinfo;
struct hostent;

/* What was asked of getaddrinfo or gethostbyname, under any of its names. */
struct question {
    enum call call;
    const char *name;
    const struct addrinfo *hints; /* of getaddrinfo, or NULL */
    int64_t begun;                /* by clock_nanoseconds() */
    const void *site;             /* where the call returns to, or NULL */
};

/* Remembers that getaddrinfo gave these addresses for `node`, which it has read. No name
 * of more than 60 bytes, and no address that was written as a number. No lock, no
 * system call. */
hidden void resolved_keep(const char *node, const struct addrinfo *answer);

/* The same of gethostbyname. The kernel is asked whether what is read is there: `host` may be one
 * for all threads, and be written to meanwhile. */
hidden void resolved_keep_host(const char *node, const struct hostent *host);

/* Fills in the name of f->peer, if getaddrinfo gave that address lately. Async-signal-safe,
 * no system call. */
hidden void find_peer_name(struct facts *f);

/* The facts of an answer that failed or was late, but for when and where. `result`: getaddrinfo's,
 * or h_errno. False if it was only a question whether the name is an address. Name and hints are
 * read where the kernel says that they can be. */
hidden bool observe_unresolved(struct facts *f, const struct question *q, int result, int err);

/* The same of a getnameinfo or gethostbyaddr that was asked for the name of an IP address, which
 * becomes the name of the facts, as text; with a port, it is the peer as well. */
hidden bool observe_unnamed(struct facts *f, enum call call, const struct sockaddr *addr,
                            socklen_t len, int result, int err);

#endif
