#include "base/nearest.h"

#include "base/names.h"

enum { LONGEST = 48 };

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned letters_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned row[LONGEST + 1]; /* of the matrix: the last one finished, while it becomes the next */
    a_len = a_len < LONGEST ? a_len : LONGEST;
    b_len = b_len < LONGEST ? b_len : LONGEST;
    for (unsigned j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned changed = diagonal + (same_letters(a + i - 1, b + j - 1, 1) ? 0 : 2);
            diagonal = row[j];
            row[j] = least_of(least_of(row[j], row[j - 1]) + 1, changed);
        }
    }
    return row[b_len];
}
