/* Who is using a descriptor's number at this moment: who writes to one of the log's, and who is
 * about to put something of the program's at one. All async-signal-safe; no system call but
 * to wait. */
#ifndef SOCKSHIM_USE_OF_NUMBERS_H
#define SOCKSHIM_USE_OF_NUMBERS_H

#include <stdbool.h>

/* A dup2() onto `fd` is under way, from before it is asked whose the number is: none
 * becomes ours meanwhile. Where one is just becoming ours, or is being given up, this waits
 * until it is, a second at most. Between the two nothing may leave the wrapper. */
void log_taking_begins(int fd);
void log_taking_ends(int fd);

/* ---- For log/ alone ---- */

/* Whoever writes says to which number, so that log_leaving_begins() can wait. */
struct writing {
    int fd;
    int outer; /* what this thread was writing to when a signal came */
};
/* false: there is no descriptor `i`. */
bool writing_begins(struct writing *w, unsigned i);
void writing_ends(const struct writing *w);
/* Until nobody writes to `fd`, a second at most. Returns whether nobody does. */
bool wait_for_writers(int fd);

/* From now on nobody begins to put anything at `fd`; whoever had begun is waited for, a second
 * at most. Returns whether nobody is about it. Two at a time: of the one that changes the log's
 * descriptors (log/change.h) `which` is 0 for the number that it opens or gives up, and 1
 * for the one that is to be the log's. */
bool begin_becoming(unsigned which, int fd);
void end_becoming(unsigned which);

/* In the child of a fork. */
void forget_other_users(void);

#endif
