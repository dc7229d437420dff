/* For what other files of the object use and a program must not see. */
#ifndef SOCKSHIM_HIDDEN_H
#define SOCKSHIM_HIDDEN_H

#define hidden __attribute__((visibility("hidden")))

#endif
