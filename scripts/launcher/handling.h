/* Values of the settings for robust handling, as the shim reads them. */
#ifndef LAUNCHER_HANDLING_H
#define LAUNCHER_HANDLING_H

#include <stdbool.h>

/* `500ms`, `30s`, `5m`, or a bare number of seconds. In milliseconds; 0 if it is none. */
long handling_duration(const char *value);

/* Whole seconds, at least 3. */
bool handling_is_dead_peer(const char *value);

/* IDLE[,INTERVAL[,COUNT]]. *seconds: until a dead peer is found, 0 if that is not all
 * given. */
bool handling_is_keepalive(const char *value, long *seconds);

/* A number above 0. */
bool handling_is_number(const char *value);

/* Refuses what contradicts itself, of options and environment together: ends the
 * process. */
void handling_check_together(void);

#endif
