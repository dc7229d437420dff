#include "pause.h"

#include <poll.h>
#include <stdlib.h>

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

int pause_for(const char *milliseconds, const char *output, const char *input)
{
    /* A pipe or socket whose other end was closed is reported although nothing is
     * asked of it (poll(2)); a file or terminal never is. */
    struct pollfd watched[] = {
        {.fd = number(output)},
        {.fd = input ? number(input) : -1, .events = POLLIN},
    };
    int count = poll(watched, 2, number(milliseconds));
    if (watched[0].revents & (POLLERR | POLLHUP)) {
        return 1;
    }
    return input && count <= 0 ? 3 : 0;
}
