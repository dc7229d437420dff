/* For what other files of the object use and a program must not see. */
#ifndef SOCKSHIM_HIDDEN_H
#define SOCKSHIM_HIDDEN_H

#define hidden __attribute__((visibility("hidden")))

/* What runs at each call that is recorded lies together, on few pages: in a busy program each
 * page is a miss of the processor's. */
#define at_each_call __attribute__((section(".text.hot")))

/* What a connection or a record looks at lies side by side, on few lines of the processor's
 * cache: in a busy program each of them is a miss. */
#define at_hand __attribute__((section("at_hand")))

/* For what a sanitizer's own start calls, before its checks may run. */
#ifdef __clang__
#define uninstrumented                                                                             \
    __attribute__((disable_sanitizer_instrumentation, no_sanitize("address", "undefined")))
#else
#define uninstrumented
#endif

#endif
