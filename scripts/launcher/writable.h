/* Whether a file can be written: found out by opening it, not by its permissions alone,
 * since file systems, quotas, attributes and security modules have a say, too. */
#ifndef LAUNCHER_WRITABLE_H
#define LAUNCHER_WRITABLE_H

/* Why nobody can write a file of that absolute path, in words; NULL if it can be. What is
 * made for it is gone afterwards. */
const char *writable_refusal(const char *path);

/* The same of a file that is to be made in the folder. */
const char *writable_refusal_in(const char *folder);

#endif
