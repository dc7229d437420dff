/* What libsockshim(7), "LOG", promises of a line, checked strictly and without any of
 * the shim's own code: a line that breaks it is printed and ends the fuzzer. */
#ifndef CHECK_H
#define CHECK_H

#include "tell/record.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The checks are no part of what the fuzzer explores: twice as fast without. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)

/* Every key in its place: the man page's order. */
static const struct {
    const char *name;
    bool number;
} check_keys[] = {
    {"ts", false},         {"level", false},      {"event", false},    {"pid", true},
    {"tid", true},         {"prog", false},       {"version", false},  {"exe", false},
    {"host", false},       {"cgroup", false},     {"settings", false}, {"call", false},
    {"fd", true},          {"ret", true},         {"errno", true},     {"error", false},
    {"name", false},       {"waited_ms", true},   {"limit", true},     {"len", true},
    {"flags", false},      {"type", false},       {"local", false},    {"peer", false},
    {"peer_name", false},  {"peer_pid", true},    {"bound", false},    {"state", false},
    {"rx", true},          {"tx", true},          {"unacked", true},   {"unsent", true},
    {"blocked_by", false}, {"side", false},       {"idle_ms", true},   {"sent_ms", true},
    {"fin_ms", true},      {"blocking", false},   {"unread", true},    {"rtt_us", true},
    {"retrans", true},     {"at", false},         {"thread", false},   {"cause", false},
    {"lost", true},        {"duration_us", true}, {"why", false},
};
enum { CHECK_KEYS = sizeof check_keys / sizeof *check_keys };

/* A line that is being read. The values are those of the keys above, as they
 * stand in the line, without their quotes. */
struct check {
    const char *line, *at, *end;
    bool json;
    const char *values[CHECK_KEYS];
    size_t lengths[CHECK_KEYS];
};

static void check_fails(const struct check *c, const char *what)
{
    fprintf(stderr, "%s, at byte %td of:\n", what, c->at - c->line);
    fwrite(c->line, 1, (size_t)(c->end - c->line), stderr);
    fprintf(stderr, "\n");
    abort();
}

static void check_that(const struct check *c, bool good, const char *what)
{
    if (!good) {
        check_fails(c, what);
    }
}

/* The byte at the place, or NUL, which no line may hold, at the end. */
static char check_next(const struct check *c)
{
    return c->at < c->end ? *c->at : 0;
}

static void check_words(struct check *c, const char *words)
{
    size_t len = strlen(words);
    check_that(c, (size_t)(c->end - c->at) >= len && memcmp(c->at, words, len) == 0, words);
    c->at += len;
}

/* ---- bytes ---- */

/* One character, by RFC 3629's own table, that no terminal obeys. */
static void check_character(struct check *c)
{
    static const struct {
        unsigned char from, to, second_from, second_to;
        int len;
    } rows[] = {
        {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, /* C1 left out */
        {0xc3, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *s = (const unsigned char *)c->at;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (s[0] < rows[i].from || s[0] > rows[i].to) {
            continue;
        }
        check_that(c, c->end - c->at >= rows[i].len, "half a character");
        check_that(c, rows[i].len < 2 || (s[1] >= rows[i].second_from && s[1] <= rows[i].second_to),
                   "invalid UTF-8");
        for (int j = 2; j < rows[i].len; j++) {
            check_that(c, (s[j] & 0xc0) == 0x80, "invalid UTF-8");
        }
        c->at += rows[i].len;
        return;
    }
    check_fails(c, "a control byte, or invalid UTF-8");
}

static bool check_is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static void check_escape(struct check *c)
{
    c->at++;
    char kind = check_next(c);
    check_that(c, kind == '"' || kind == '\\' || kind == 'n' || (kind == 'x' && !c->json),
               "an escape that the format does not have");
    c->at++;
    for (int i = 0; kind == 'x' && i < 2; i++, c->at++) {
        check_that(c, check_is_hex(check_next(c)), "two hex digits");
    }
}

/* ---- values ---- */

static void check_quoted(struct check *c)
{
    check_words(c, "\"");
    while (check_next(c) != '"') {
        if (check_next(c) == '\\') {
            check_escape(c);
        } else {
            check_character(c);
        }
    }
    c->at++;
}

static void check_bare(struct check *c)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at != ' ' && *c->at != '\n') {
        check_that(c, *c->at != '"' && *c->at != '=' && *c->at != '\\', "quotes are missing");
        check_character(c);
    }
    check_that(c, c->at > start, "an empty value without quotes");
}

/* As JSON has it: no plus, no zero in front. */
static void check_number(struct check *c)
{
    c->at += check_next(c) == '-';
    const char *first = c->at;
    while (check_next(c) >= '0' && check_next(c) <= '9') {
        c->at++;
    }
    check_that(c, c->at > first && (*first != '0' || c->at == first + 1), "a number");
}

static void check_value(struct check *c, int key)
{
    const char *start = c->at;
    bool quoted = !check_keys[key].number && (c->json || check_next(c) == '"');
    if (check_keys[key].number) {
        check_number(c);
    } else if (quoted) {
        check_quoted(c);
    } else {
        check_bare(c);
    }
    c->values[key] = start + quoted;
    c->lengths[key] = (size_t)(c->at - start) - 2 * quoted;
}

/* ---- the line ---- */

/* The number of the key at the place, which must come after `last`. */
static int check_key(struct check *c, int last)
{
    check_words(c, c->json ? "\"" : "");
    const char *start = c->at;
    while ((check_next(c) >= 'a' && check_next(c) <= 'z') || check_next(c) == '_') {
        c->at++;
    }
    size_t len = (size_t)(c->at - start);
    check_words(c, c->json ? "\":" : "=");
    for (int key = last + 1; key < CHECK_KEYS; key++) {
        if (strlen(check_keys[key].name) == len && memcmp(start, check_keys[key].name, len) == 0) {
            return key;
        }
    }
    c->at = start;
    check_fails(c, "an unknown key, a key twice, or out of order");
    return 0;
}

static void check_pairs(struct check *c)
{
    check_words(c, c->json ? "{" : "");
    for (int key = -1;;) {
        key = check_key(c, key);
        check_value(c, key);
        if (check_next(c) != (c->json ? ',' : ' ')) {
            break;
        }
        c->at++;
    }
    check_words(c, c->json ? "}\n" : "\n");
    check_that(c, c->at == c->end, "exactly one newline, at the end");
}

static int check_number_of(const char *name)
{
    for (int key = 0; key < CHECK_KEYS; key++) {
        if (strcmp(check_keys[key].name, name) == 0) {
            return key;
        }
    }
    abort();
}

static bool check_has(const struct check *c, const char *name)
{
    return c->values[check_number_of(name)];
}

static size_t check_length(const struct check *c, const char *name)
{
    return c->lengths[check_number_of(name)];
}

static bool check_is(const struct check *c, const char *name, const char *value)
{
    int key = check_number_of(name);
    return c->values[key] && c->lengths[key] == strlen(value) &&
           memcmp(c->values[key], value, c->lengths[key]) == 0;
}

/* 2026-11-22T11:03:22.123456Z */
static void check_timestamp(const struct check *c)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    bool good = check_length(c, "ts") == sizeof form - 1;
    for (size_t i = 0; good && i < sizeof form - 1; i++) {
        char byte = c->values[0][i];
        good = form[i] == '0' ? byte >= '0' && byte <= '9' : byte == form[i];
    }
    check_that(c, good, "a timestamp");
}

/* Any record: its form, and what every one of them has. */
static struct check check_line(const char *line, size_t len, bool json)
{
    struct check c = {.line = line, .at = line, .end = line + len, .json = json};
    check_that(&c, len > 0 && len <= RECORD_SIZE, "RECORD_SIZE");
    check_pairs(&c);
    check_that(&c, check_has(&c, "ts") && check_has(&c, "prog"), "ts and prog");
    check_timestamp(&c);
    check_that(&c,
               check_is(&c, "level", "debug") || check_is(&c, "level", "info") ||
                   check_is(&c, "level", "warn") || check_is(&c, "level", "error"),
               "a level");
    check_that(&c, check_has(&c, "event"), "an event");
    return c;
}

#pragma clang attribute pop

#endif
