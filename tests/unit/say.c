/* say.c: every template that the object has, and what the engine does with figures,
 * clauses and little room. */
#include "tell/say.h"

#include "tap.h"

#include <string.h>

/* Where the linker has put the templates, one behind the other. */
extern const char __start_sentences[] __attribute__((visibility("hidden")));
extern const char __stop_sentences[] __attribute__((visibility("hidden")));

static bool is_well_formed(const char *words)
{
    return !strstr(words, "  ") && !strchr(words, '"') && !strchr(words, '\\') &&
           !strchr(words, '\n');
}

static void check_all(void)
{
    int count = 0;
    bool figures = true;
    bool form = true;
    for (const char *at = __start_sentences; at < __stop_sentences; at += strlen(at) + 1) {
        const char *unknown = say_unknown((template)at);
        if (unknown) {
            printf("# no figure: %s\n# in: %s\n", unknown, at);
            figures = false;
        }
        if (!is_well_formed(at)) {
            printf("# blanks or quotes: %s\n", at);
            form = false;
        }
        count += *at != 0;
    }
    ok(figures, "all figures of all templates exist");
    ok(form, "no template needs escaping or has two blanks");
    ok(count > 150, "there are %d templates", count);
}

/* Not SAY: the templates of this test are none of the object's. */
#define WORDS(words) ((template)(words))

static void says(template sentence, const struct facts *f, size_t room, const char *expected)
{
    char buffer[400];
    struct text t = text_in(buffer, room, QUOTE_PLAIN);
    say(&t, f, sentence);
    *t.at = 0;
    ok(strcmp(buffer, expected) == 0, "%s: %s", expected, buffer);
}

int main(void)
{
    struct facts f = {.rx = 1, .tx = 2, .unacked = 3, .unsent = 4294967295, .idle_ms = 60000};
    check_all();
    says(WORDS("$Peer: $rx, $tx; $peer"), &f, 300, "The peer: 1 byte, 2 bytes; the peer");
    says(WORDS("$waiting$rx."), &f, 300, "4294967298 bytes1 byte.");
    says(WORDS("$idle"), &f, 300, "60 s");
    says(WORDS("a$never_acknowledged$saved."), &f, 300,
         "a; 4294967298 bytes of what this program had written had not been acknowledged.");
    f.saved_from_sigpipe = true;
    says(WORDS("$saved"), &f, 10, " SIGPIPE w");
    says(WORDS("abc $tx of it"), &f, 4, "abc ");
    says(WORDS("abc $tx of it"), &f, 7, "abc 2 b");
    /* Two levels of clauses, and on behind them. */
    f = (struct facts){
        .domain = AF_INET, .has_payload = true, .send_failed = true, .unsent = 1, .probes = 1};
    says(WORDS("x$send_queue."), &f, 300,
         "x: 1 byte could not leave this host: its interface is down, its address is gone, it has "
         "no route, or a local "
         "firewall rule, a BPF program, a full conntrack table or a full queue drops them.");
    /* What the test over all templates would find. */
    ok(say_unknown(WORDS("$peer and $pear")) != NULL, "an unknown figure is found");
    ok(say_unknown(WORDS("$peers")) != NULL, "a longer name is another name");
    ok(say_unknown(WORDS("$rx_")) != NULL, "and so is one with a line behind it");
    ok(say_unknown(WORDS("$peer$rx.")) == NULL, "known ones are known");
    return tap_end();
}
