/* The words of the log: calls, causes, errno names. */
#ifndef LAUNCHER_TABLES_H
#define LAUNCHER_TABLES_H

#include <stdbool.h>

/* Whether `word` is one in the file `path`, which scripts/tables.c makes. Its lines
 * have tabs between their words: call NAME..., alias NAME..., cause NAME..., errno
 * NUMBER NAME..., errno-alias NAME.... If not, *meant is the nearest that is, or NULL.
 * true if there is no such file. */
bool tables_know(const char *path, const char *word, const char **meant);

#endif
