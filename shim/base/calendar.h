/* Time of day as text. Pure and async-signal-safe. */
#ifndef SOCKSHIM_CALENDAR_H
#define SOCKSHIM_CALENDAR_H

#include "base/clock.h"
#include "base/text.h"

/* 2026-11-22T11:03:22.123456Z: RFC 3339 in UTC. A time before 1970 is written as
 * 1970-01-01. By hand, since gmtime() takes the lock of the time zone. */
void text_time(struct text *t, const struct clock_time *time);

#endif
