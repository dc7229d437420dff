/* Which name was meant: for messages about names that do not exist. */
#ifndef SOCKSHIM_NEAREST_H
#define SOCKSHIM_NEAREST_H

#include <stddef.h>

/* How many letters have to be put in or left out to make the one word from the other;
 * upper or lower case is the same, and words are cut at 48 letters. Pure. */
unsigned letters_between(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
