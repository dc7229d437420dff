/* What the readers of settings share: how a value is taken apart. Used at start only. */
#ifndef SOCKSHIM_SETTING_H
#define SOCKSHIM_SETTING_H

#include "base/names.h"
#include "base/settings.h"

#include <string.h>

/* In upper or lower case. */
static inline bool setting_is(const char *value, const char *word)
{
    size_t len = strlen(value);
    return strlen(word) == len && same_letters(value, word, len);
}

/* For a reader to return: nothing of the value was understood. */
static inline const char *all_wrong(const char *value, size_t *len)
{
    *len = strlen(value);
    return value;
}

static inline const char *basename_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* handling.c: the readers of what is asked for by name. */
extern hidden setting_reader read_dead_peer, read_keepalive, read_connect_timeout,
    read_connect_retry, read_recv_timeout, read_backlog, read_reuseaddr, read_accept, read_eintr,
    read_reset;

#endif
