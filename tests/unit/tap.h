/* Results in TAP: https://testanything.org. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count;
static int tap_failed;

__attribute__((format(printf, 2, 3))) static void ok(bool good, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%sok %d - ", good ? "" : "not ", ++tap_count);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    tap_failed += !good;
}

static int tap_end(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed > 0;
}

#endif
