/* COMMAND's LD_PRELOAD. */
#ifndef LAUNCHER_PRELOAD_H
#define LAUNCHER_PRELOAD_H

/* The object first, and once, then what else the caller preloads; only an
 * AddressSanitizer stays before all. Ends the process if LD_PRELOAD cannot hold the
 * object's path. */
const char *preload_list(const char *object, const char *preloaded);

/* What is wrong with the object's path, with what to do, if LD_PRELOAD cannot hold it; else
 * NULL. */
const char *preload_problem(const char *object);

#endif
