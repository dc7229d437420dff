/* For what other files of the object use and a program must not see. */
#ifndef SOCKSHIM_HIDDEN_H
#define SOCKSHIM_HIDDEN_H

#define hidden __attribute__((visibility("hidden")))

/* For what a sanitizer's own start calls, before its checks may run. */
#ifdef __clang__
#define uninstrumented                                                                             \
    __attribute__((disable_sanitizer_instrumentation, no_sanitize("address", "undefined")))
#else
#define uninstrumented
#endif

#endif
