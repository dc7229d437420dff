/* The launcher's own descriptors: none of them is ever COMMAND's. */
#ifndef LAUNCHER_DESCRIPTORS_H
#define LAUNCHER_DESCRIPTORS_H

#include <stddef.h>

/* Puts /dev/null, close-on-exec, where 0, 1 or 2 is closed: what is opened next
 * must not become COMMAND's stdin, or be written to as stderr. */
void descriptors_fill(void);

/* Closes what COMMAND was given, but for these (-1 is none): nobody is to wait for the end of
 * a pipe that only this process still holds. 0 to 2 become /dev/null, but for 2 if
 * that is to be kept. */
void descriptors_close_all_but(const int *kept, size_t count);

#endif
