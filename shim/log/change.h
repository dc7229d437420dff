/* One thread of a process at a time changes the log's descriptors, with their locks. All
 * async-signal-safe. */
#ifndef SOCKSHIM_CHANGE_OF_LOG_H
#define SOCKSHIM_CHANGE_OF_LOG_H

#include "tell/record.h"

/* All signals are blocked meanwhile; false: another thread is about it. */
bool begin_change(const struct moment *m, uint64_t *signals);
void end_change(uint64_t signals);
/* Until a change of another thread's is over, a second at most. */
void wait_for_change(void);

/* The parts of it. wait_to_change() waits until no other thread changes, a second at most:
 * false, if one may have been left behind in the midst. */
uint64_t block_signals(void);
void restore_signals(uint64_t before);
bool wait_to_change(pid_t pid);
void changed(void);

/* Steps of 100 microseconds each. As a rule microseconds pass; but who is waited for may
 * have lost the processor to hundreds of others. */
enum { STEPS = 10000 };
/* Gives the processor to whoever is waited for. */
void wait_a_little(int step);

#endif
