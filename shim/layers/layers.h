/* Robust handling on request: functions that stand in the table of next functions, between
 * the wrappers and the C library, where a person has asked for them by name. Nothing
 * asked for, the table is as it was. Each keeps what the call itself is: a cancellation
 * point, async-signal-safe where it was, harmless in a vfork child. Inside a seccomp
 * filter of the program's own they pass everything on. */
#ifndef SOCKSHIM_LAYERS_H
#define SOCKSHIM_LAYERS_H

#include "base/hidden.h"
#include "base/next.h"

#include <stdbool.h>

/* The next functions as they were. */
extern hidden struct next beneath;

/* Once, from the constructor, when settings are read and functions looked up. */
void layers_install(void);

/* Whether a filter that was inherited is known to be harmless: it was tried, because something is
 * asked for. false as well where nobody has looked. */
extern hidden bool layers_may_ask;

/* A socket that the program found when it started, or received from another process. Only
 * a TCP connection is changed: a unix socket may be its input, and a datagram socket waits
 * for requests. */
void layers_take_inherited(int fd);

/* A file each; what was not asked for, it leaves alone. */
void moves_install(void);
void connect_install(void);
void listen_install(void);
void accept_install(void);
void options_install(void);
void restart_install(void);
/* The last one: it tells what the others leave of a call. */
void recording_install(void);
void recording_take_inherited(int fd);

#endif
