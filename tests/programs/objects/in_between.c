/* Stands in front of what any program takes of the C library: each call ends the
 * process once the program's first socket call has been made, for by then start-up
 * is over. The program of the test makes none of these itself. */
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int armed;

/* Called by the program. */
void arm(int now)
{
    armed = now;
}

static void pass(const char *name, size_t len)
{
    if (armed) {
        syscall(SYS_write, 2, name, len);
        syscall(SYS_exit_group, 9);
    }
}
#define PASS pass(__func__, sizeof __func__ - 1)

int clock_gettime(clockid_t clock, struct timespec *now)
{
    PASS;
    *now = (struct timespec){.tv_sec = 86400};
    return 0 * (int)clock;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    PASS;
    for (volatile size_t i = 0; i < len; i++) {
        ((char *)to)[i] = ((const char *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t len)
{
    PASS;
    for (volatile size_t i = 0; i < len; i++) {
        ((char *)to)[i] = (char)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    PASS;
    volatile size_t i = 0;
    while (i < len && ((const char *)a)[i] == ((const char *)b)[i]) {
        i++;
    }
    return i < len ? ((const unsigned char *)a)[i] - ((const unsigned char *)b)[i] : 0;
}

size_t strnlen(const char *words, size_t most)
{
    PASS;
    volatile size_t len = 0;
    while (len < most && words[len]) {
        len++;
    }
    return len;
}

size_t strlen(const char *words)
{
    PASS;
    return strnlen(words, (size_t)-1);
}

const char *strerrordesc_np(int err)
{
    PASS;
    return err ? "not the C library's words" : "";
}

unsigned long getauxval(unsigned long type)
{
    PASS;
    return 0 * type;
}

char *getenv(const char *name)
{
    extern char **environ;
    PASS;
    for (char **entry = environ; *entry; entry++) {
        size_t i = 0;
        while (name[i] && (*entry)[i] == name[i]) {
            i++;
        }
        if (!name[i] && (*entry)[i] == '=') {
            return *entry + i + 1;
        }
    }
    return NULL;
}
