/* The recorder: every record, whatever SOCKSHIM_LEVEL and SOCKSHIM_SKIP say, in a ring in
 * a mapped file. Once it is mapped it has no descriptor, and nothing here makes a system
 * call but to ask a thread's number once. Async-signal-safe; errno is kept. */
#ifndef SOCKSHIM_RECORDER_H
#define SOCKSHIM_RECORDER_H

#include "base/change.h"
#include "base/clock.h"
#include "base/hidden.h"
#include "base/ring.h"

/* Once, at start-up, if it is asked for: opens the file, or makes it. NULL, or what is
 * wrong: words that go on "SOCKSHIM_RECORDER: FILE ...". */
const char *recorder_begin(void);

extern hidden struct ring recorder_ring;
static inline bool recorder_is_on(void)
{
    return recorder_ring.slot_count > 0;
}

/* While it is on alone. */
void recorder_return(const struct facts *facts, enum cause cause);
/* A would-block on receiving, of a call that has a length, or on accepting: nothing was asked. */
void recorder_blocked(enum call call, const struct attempt *attempt);
/* Of each of these nothing happens while it is off. */
void recorder_handled(const struct facts *facts, enum cause cause, const struct change *change);
void recorder_refused(enum call call, int fd, const char *why);
/* A call that succeeded; begun: when, by cycles_time(). */
void recorder_call(enum call call, int fd, long ret, int64_t begun);
/* A connect, to `len` bytes of `peer`, or NULL. */
void recorder_connect(int fd, int64_t begun, const struct sockaddr *peer, socklen_t len);
void recorder_config(enum level level, const char *why, size_t len);
/* host, cgroup: empty where they are not known; they stay where they are. */
void recorder_start(const char *host, const char *cgroup);

#endif
