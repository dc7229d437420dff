#include "words.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *format_words(const char *format, va_list arguments)
{
    char *text;
    if (vasprintf(&text, format, arguments) < 0) {
        _exit(WRONG_CALL);
    }
    return text;
}

char *words(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_words(format, arguments);
    va_end(arguments);
    return text;
}

/* The middle of a text that nobody would read: what to do stands at its end. */
static void shorten(char *text)
{
    size_t len = strlen(text);
    if (len > 1000) {
        memmove(text + 603, text + len - 300, 301);
        text[600] = text[601] = text[602] = '.';
    }
}

/* In one write: COMMAND's children may be writing, too. */
static void say(char *text)
{
    shorten(text);
    make_printable(text);
    char *line = words("sockshim: %s\n", text);
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written;
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format_words(format, arguments));
    va_end(arguments);
}

void die(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format_words(format, arguments));
    va_end(arguments);
    _exit(status);
}

void wrong_call(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(words("%s; see sockshim help run", format_words(format, arguments)));
    va_end(arguments);
    _exit(WRONG_CALL);
}

bool begins_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

const char *basename_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool is_utf8_locale(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value) {
            return strcasestr(value, "utf8") || strcasestr(value, "utf-8");
        }
    }
    return false;
}

/* The length of the well-formed sequence at `at` (RFC 3629), and its character in
 * *character; 0 if there is none. */
static size_t decode(const unsigned char *at, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
    if (len <= 1) {
        *character = *at;
        return len;
    }
    *character = *at & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
        *character = *character << 6 | (at[i] & 0x3f);
    }
    bool surrogate = *character >> 11 == 0xd800 >> 11;
    return *character < least[len] || *character > 0x10ffff || surrogate ? 0 : len;
}

static bool is_between(uint32_t character, uint32_t first, uint32_t last)
{
    return character >= first && character <= last;
}

/* Controls; invisible ones and those for the direction of writing (UAX 9), the
 * byte order mark, and tag characters, which no terminal shows. */
static bool is_harmful(uint32_t c)
{
    return c < 0x20 || is_between(c, 0x7f, 0x9f) || c == 0x61c || is_between(c, 0x200b, 0x200f) ||
           is_between(c, 0x2028, 0x202e) || is_between(c, 0x2060, 0x206f) || c == 0xfeff ||
           is_between(c, 0xe0000, 0xe007f);
}

void make_printable(char *text)
{
    bool is_utf8 = is_utf8_locale();
    char *to = text;
    for (const char *from = text; *from;) {
        uint32_t character;
        size_t len = decode((const unsigned char *)from, &character);
        bool is_shown = len == 1 || (is_utf8 && len > 1);
        size_t taken = len && is_utf8 ? len : 1;
        if (is_shown && !is_harmful(character)) {
            memmove(to, from, taken);
            to += taken;
        } else {
            *to++ = '?';
        }
        from += taken;
    }
    *to = 0;
}

static const char *without_dashes(const char *word)
{
    return word + strspn(word, "-");
}

enum { LONGEST = 32 };

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static int small(char letter)
{
    return tolower((unsigned char)letter);
}

/* Letters put in, left out, changed other than in case, or swapped with the next. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned d[LONGEST + 1][LONGEST + 1];
    for (unsigned i = 0; i <= LONGEST; i++) {
        d[i][0] = i;
        d[0][i] = i;
    }
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            unsigned changed = d[i - 1][j - 1] + (small(a[i - 1]) != small(b[j - 1]));
            d[i][j] = least_of(least_of(d[i - 1][j], d[i][j - 1]) + 1, changed);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = least_of(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a_len][b_len];
}

unsigned farthest(const char *word)
{
    return strlen(without_dashes(word)) < 5 ? 2 : 3;
}

bool is_nearer(const char *word, const char *choice, unsigned *best)
{
    word = without_dashes(word);
    choice = without_dashes(choice);
    size_t len = strlen(word);
    size_t choice_len = strlen(choice);
    if (len == 0 || len > LONGEST || choice_len > LONGEST) {
        return false;
    }
    bool is_beginning = len > 2 && strncasecmp(choice, word, len) == 0;
    unsigned steps = is_beginning ? 1 : distance(word, len, choice, choice_len);
    if (steps >= *best) {
        return false;
    }
    *best = steps;
    return true;
}
