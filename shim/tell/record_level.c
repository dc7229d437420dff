#include "base/settings.h"
#include "tell/record.h"

/* It is the second key, and the first has always the same length. */
enum level record_level(const char *line)
{
    static const char initials[] = {'d', 'i', 'w', 'e'};
    size_t at = sizeof "ts=2026-11-22T11:03:22.123456Z level=" - 1;
    if (settings.json) {
        at = sizeof "{\"ts\":\"2026-11-22T11:03:22.123456Z\",\"level\":\"" - 1;
    }
    enum level level = LEVEL_DEBUG;
    while (level < LEVEL_ERROR && initials[level] != line[at]) {
        level++;
    }
    return level;
}
