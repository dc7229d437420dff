/* The sentence of a record of what was handled (event=handled). Pure and
 * async-signal-safe. */
#ifndef SOCKSHIM_WHY_HANDLED_H
#define SOCKSHIM_WHY_HANDLED_H

#include "base/change.h"
#include "base/text.h"

void handled_sentence(struct text *t, const struct change *c);

/* What the program would have seen (`-1 ECONNREFUSED`, `waits`), and what it was given. */
void handled_would(struct text *t, const struct change *c);
void handled_given(struct text *t, const struct change *c);

#endif
