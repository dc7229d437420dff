/* Where the log is, and what a run has added to it. */
#ifndef LAUNCHER_LOG_H
#define LAUNCHER_LOG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a run has written into one of the log's files: from that byte on. */
struct part {
    off_t from;
    char *path;
};

/* Makes the path absolute, so that children that change directory write to the
 * same file, and refuses a place where no file can be written: ends the process.
 * `option` is what the user typed before it, NULL if nothing. Without a setting it is
 * ./sockshim.log, or, if `is_alone`, a file that no other run writes to. */
void log_settle(const char *option, bool is_alone);
/* Its name as the user typed it, or as it was made for this run alone: the word that
 * `sockshim report` needs. NULL if it needs none (./sockshim.log), or a shell would read it
 * otherwise. */
const char *log_word(void);
/* Likewise the recorder's file, if there is to be one. */
void recorder_settle(void);

/* "stderr", "off", or the path, which may have %p and %n in it. */
const char *log_place(void);

/* Whether the file begins like a log. */
bool log_is_one(const char *path);

/* To be called before the run. */
void log_begin(void);

/* The parts that have come since; *files is how many regular files there are. */
struct part *log_parts(size_t *parts, size_t *files);

#endif
