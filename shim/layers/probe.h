/* Whether the options of robust handling can be set here at all: a filter may forbid it, and what
 * stands in for a kernel (an emulator, a sandbox) may not know them. */
#ifndef SOCKSHIM_PROBE_H
#define SOCKSHIM_PROBE_H

#include <stdbool.h>

/* On the program's first TCP socket, by setting each option to what it is: two system calls each,
 * once a process; what is refused is said (start/hindrance.h). On other sockets a question or
 * two. Async-signal-safe, errno kept, nothing inside a seccomp filter. */
void probe_socket(int fd);

/* Whether there is anything to find out. */
bool probe_is_wanted(void);

#endif
