#include "base/calendar.h"

/* YYYY-MM-DD, the civil date of a day count since 1970-01-01, proleptic
 * Gregorian: the calendar in years that begin in March, so that the leap day is
 * the last. */
static void put_date(char *at, unsigned days)
{
    unsigned z = days + 719468;
    unsigned era = z / 146097;
    unsigned day_of_era = z % 146097;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    unsigned year = era * 400 + year_of_era + (month <= 2);
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
