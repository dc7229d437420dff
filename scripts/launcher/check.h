/* The answers of `sockshim check` that come from a file. */
#ifndef LAUNCHER_CHECK_H
#define LAUNCHER_CHECK_H

/* Whether the object works with a command: a line on stdout, and 0 for yes, 1 for
 * no. */
int check_command(const char *object, const char *name);

/* The same for a running program, whose file is `path` and is called `name`. Only a
 * reason is printed: with 1 it is why the object cannot be loaded, with 3 why that
 * cannot be told; 0 if it can. `instead` is the advice where there is no better. */
int check_fits(const char *object, const char *path, const char *name, const char *instead);

/* Whether the process runs with the rights of its file (AT_SECURE, getauxval(3)):
 * 0 for yes, 1 for no, or if it cannot be told. */
int check_secure(const char *pid);

#endif
