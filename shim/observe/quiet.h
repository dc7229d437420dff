/* A quick look, with one question, at a result of which a record is seldom wanted.
 * Async-signal-safe; errno is kept. */
#ifndef SOCKSHIM_QUIET_H
#define SOCKSHIM_QUIET_H

#include "base/facts.h"
#include "base/settings.h"

#include <errno.h>

/* Whether closing it leaves nothing undone that a record could be about, nor anything that is
 * counted, or it is no TCP connection. Three system calls at most. */
hidden bool closes_quietly(int fd);

/* What nagle_spared() says of this connection. One system call. */
hidden uint32_t exchanges_spared(int fd);

/* Whether the settings leave out what this result almost always is (an orderly end, a
 * stream's full send buffer) and this is one. false: it takes the whole look. */
hidden bool looks_quiet(enum call call, long ret, int err, const struct attempt *attempt);
static inline bool is_quiet(enum call call, long ret, int err, const struct attempt *attempt)
{
    bool wants_all = settings.recording || (settings.level == LEVEL_DEBUG && !settings.skips);
    bool may_be = ret == 0 ? settings.level > LEVEL_INFO : err == EAGAIN;
    return !wants_all && may_be && looks_quiet(call, ret, err, attempt);
}

#endif
