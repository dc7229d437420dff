#include "base/calendar.h"

/* YYYY-MM-DD, the civil date of a day count since 1970-01-01, proleptic Gregorian: in years
 * that begin in March, so that the leap day is the last. The divisions are those of Neri and
 * Schneider, "Euclidean affine functions and their application to calendar algorithms". */
static void put_date(char *at, unsigned days)
{
    const unsigned days_of_four_centuries = 146097;
    unsigned quarters = 4 * (days + 719468) + 3;
    unsigned century = quarters / days_of_four_centuries;
    uint64_t scaled = (uint64_t)2939745 * (quarters % days_of_four_centuries | 3);
    unsigned day_of_year = (unsigned)scaled / 2939745 / 4; /* from March 1 */
    unsigned scaled_month = 2141 * day_of_year + 197913;
    unsigned day = scaled_month % 65536 / 2141 + 1;
    bool is_next_year = day_of_year >= 306;
    unsigned month = scaled_month / 65536 - (is_next_year ? 12 : 0);
    unsigned year = 100 * century + (unsigned)(scaled >> 32) + is_next_year;
    put_two_digits(at, year / 100 % 100);
    put_two_digits(at + 2, year % 100);
    put_two_digits(at + 5, month);
    put_two_digits(at + 8, day);
}

void text_time(struct text *t, const struct clock_time *time)
{
    char at[] = "YYYY-MM-DDThh:mm:ss.uuuuuuZ";
    uint64_t seconds = time->tv_sec > 0 ? (uint64_t)time->tv_sec : 0;
    unsigned in_day = (unsigned)(seconds % 86400);
    unsigned microseconds = (unsigned)time->tv_nsec / 1000;
    put_date(at, (unsigned)(seconds / 86400));
    put_two_digits(at + 11, in_day / 3600);
    put_two_digits(at + 14, in_day / 60 % 60);
    put_two_digits(at + 17, in_day % 60);
    put_two_digits(at + 20, microseconds / 10000 % 100);
    put_two_digits(at + 22, microseconds / 100 % 100);
    put_two_digits(at + 24, microseconds % 100);
    text_put(t, at, sizeof at - 1);
}
