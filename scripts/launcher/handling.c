#include "handling.h"

#include "options.h"
#include "words.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_IDLE = 32767, MOST_PROBES = 127 };

/* The number at *at, which is moved behind it; 0 if there is none, or it is too large. */
static long number_at(const char **at)
{
    size_t digits = strspn(*at, "0123456789");
    long number = digits > 0 && digits < 11 ? strtol(*at, NULL, 10) : 0;
    *at += digits;
    return number <= INT_MAX ? number : 0;
}

/* Likewise, in milliseconds. */
static long duration_at(const char **at)
{
    long number = number_at(at);
    long unit = 1000;
    if (strncmp(*at, "ms", 2) == 0) {
        unit = 1;
        *at += 2;
    } else if (**at == 's' || **at == 'm') {
        unit = **at == 'm' ? 60000 : 1000;
        *at += 1;
    }
    return number <= INT_MAX / unit ? number * unit : 0;
}

long handling_duration(const char *value)
{
    long ms = duration_at(&value);
    return *value ? 0 : ms;
}

bool handling_is_dead_peer(const char *value)
{
    long ms = handling_duration(value);
    return ms >= 3000 && ms % 1000 == 0 && ms / 1000 <= LONGEST_IDLE;
}

static long seconds_at(const char **at)
{
    long ms = duration_at(at);
    return ms % 1000 == 0 && ms / 1000 <= LONGEST_IDLE ? ms / 1000 : 0;
}

bool handling_is_keepalive(const char *value, long *seconds)
{
    long idle = seconds_at(&value);
    long interval = *value == ',' ? (value++, seconds_at(&value)) : -1;
    long count = interval > 0 && *value == ',' ? (value++, number_at(&value)) : -1;
    *seconds = interval > 0 && count > 0 ? idle + interval * count : 0;
    return !*value && idle > 0 && interval != 0 && count != 0 && count <= MOST_PROBES;
}

bool handling_is_number(const char *value)
{
    return number_at(&value) > 0 && !*value;
}

/* SOCKSHIM=watch leaves all of it out, and off everything. */
static void check_switches(void)
{
    static const char *const variables[] = {
        "SOCKSHIM_DEAD_PEER",     "SOCKSHIM_KEEPALIVE",    "SOCKSHIM_CONNECT_TIMEOUT",
        "SOCKSHIM_CONNECT_RETRY", "SOCKSHIM_RECV_TIMEOUT", "SOCKSHIM_BACKLOG",
        "SOCKSHIM_REUSEADDR",     "SOCKSHIM_ACCEPT",       "SOCKSHIM_EINTR",
        "SOCKSHIM_RESET",
    };
    bool is_watch = strcasecmp(setting("SOCKSHIM"), "watch") == 0;
    for (size_t i = 0; is_watch && i < sizeof variables / sizeof *variables; i++) {
        const char *option = setting_name(variables[i]);
        if (*option == '-' && strcasecmp(setting(variables[i]), "off") != 0) {
            const char *watch = setting_name("SOCKSHIM");
            wrong_call("%s has no effect with %s, which changes nothing; leave one of them out",
                       option, *watch == '-' ? watch : "SOCKSHIM=watch");
        }
    }
    for (size_t i = 0; i < 2 && !*setting("SOCKSHIM_RECORDER"); i++) {
        const char *option = setting_name(i ? "SOCKSHIM_RECORDER_SIZE" : "SOCKSHIM_RECORDER_CALLS");
        if (*option == '-') {
            wrong_call("%s needs --recorder FILE", option);
        }
    }
}

void handling_check_together(void)
{
    check_switches();
    const char *retry = setting("SOCKSHIM_CONNECT_RETRY");
    const char *limit = setting("SOCKSHIM_CONNECT_TIMEOUT");
    const char *dead = setting("SOCKSHIM_DEAD_PEER");
    const char *alive = setting("SOCKSHIM_KEEPALIVE");
    long seconds = 0;
    if (handling_duration(retry) > 0 && handling_duration(limit) > handling_duration(retry)) {
        wrong_call("%s %s is above %s %s: one connect may not take longer than all tries",
                   setting_name("SOCKSHIM_CONNECT_TIMEOUT"), limit,
                   setting_name("SOCKSHIM_CONNECT_RETRY"), retry);
    }
    if (handling_is_dead_peer(dead) && handling_duration(limit) > handling_duration(dead)) {
        wrong_call("%s %s is above %s %s, which ends an unanswered connect as well",
                   setting_name("SOCKSHIM_CONNECT_TIMEOUT"), limit,
                   setting_name("SOCKSHIM_DEAD_PEER"), dead);
    }
    if (handling_is_dead_peer(dead) && handling_is_keepalive(alive, &seconds) &&
        seconds * 1000 > handling_duration(dead)) {
        wrong_call("%s %s finds a dead peer after %ld s, later than %s %s",
                   setting_name("SOCKSHIM_KEEPALIVE"), alive, seconds,
                   setting_name("SOCKSHIM_DEAD_PEER"), dead);
    }
}
