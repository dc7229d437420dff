/* Tells a signal that was sent to a whole process group from one that was sent to
 * this process alone, which siginfo_t does not (sigaction(2)). */
#ifndef LAUNCHER_WITNESS_H
#define LAUNCHER_WITNESS_H

#include <stdbool.h>

/* Starts the witness: a child in this process group, which has all signals blocked.
 * They must be blocked here, too. It ends with this process. Where it cannot be
 * started, every signal counts as sent to this process alone. */
void witness_start(void);

/* Whether the signal, which this process has got, was sent to the witness, too.
 * Takes up to WITNESS_PATIENCE_MS if not. */
bool witness_was_told(int signal);

/* The witness forgets the signal, if it was told. Takes no time. */
void witness_forget(int signal);

/* The descriptor that has to stay open; -1: none. */
int witness_socket(void);

/* Ends it, and waits for its end. */
void witness_end(void);

#endif
