/* `sockshim follow` between two looks at the log. */
#ifndef LAUNCHER_PAUSE_H
#define LAUNCHER_PAUSE_H

/* Sleeps for `milliseconds`. Returns 1 as soon as nobody reads any more what is written
 * to the descriptor `output`. With `input`, a descriptor or NULL, returns 0 as soon as
 * something can be read there, its end included, and 3 if the time passes first;
 * without it, 0 after the time. All are numbers in decimal, as the shell gives them. */
int pause_for(const char *milliseconds, const char *output, const char *input);

#endif
