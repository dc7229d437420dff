/* The sentence of each cause: a function why_NAME(), which picks its template by the
 * facts. why_*.c have them by family: how a stream ended (end), how it was broken
 * (reset), what was waited for (wait), connecting and addresses (connect), a call that
 * cannot be right (argument), limits and rights (limit). Pure and async-signal-safe. */
#ifndef SOCKSHIM_WHY_H
#define SOCKSHIM_WHY_H

#include "tell/say.h"

#define WHY(name, word, level) template why_##name(const struct facts *f);
CAUSES(WHY)

#endif
