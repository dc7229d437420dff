/* The tables of the source as lines of words with tabs between them, the kind first:
 * what tests, documents and the command know of calls, causes, errno values and
 * settings they read here, and nobody reads C by regular expression. */
#include "base/names.h"
#include "base/next.h"
#include "base/settings.h"
#include "tell/cause.h"

#include <stdio.h>
#include <string.h>

static void print_calls(void)
{
    static const char *const directions[] = {"none", "receives", "sends", "either", "accepts"};
    static const char *const descriptors[] = {"socket", "asked", "any", "new"};
    for (enum call call = 0; call < CALL_COUNT; call++) {
        printf("call\t%s\t%s\t%s\n", call_name(call), directions[call_traits[call].direction],
               descriptors[call_traits[call].descriptor]);
    }
    for (int i = 0; i < CALL_ALIAS_COUNT; i++) {
        printf("alias\t%s\t%s\n", call_aliases[i].name, call_name(call_aliases[i].call));
    }
}

static void print_causes(void)
{
    static const struct facts nothing = {.call = CALL_recv};
    for (enum level level = LEVEL_DEBUG; level <= LEVEL_ERROR; level++) {
        printf("level\t%s\n", level_name(level));
    }
    for (enum cause cause = 0; cause < CAUSE_COUNT; cause++) {
        printf("cause\t%s\t%s\n", cause_name(cause), level_name(cause_level(&nothing, cause)));
    }
}

static void print_errnos(void)
{
    for (int err = 1; err <= ERRNO_MAX; err++) {
        if (errno_name(err)) {
            printf("errno\t%d\t%s\t%s\n", err, errno_name(err), cause_name(cause_of_errno(err)));
        }
    }
    for (int err = 1; err <= ERRNO_MAX; err++) {
        if (errno_name(err)) {
            printf("errno-message\t%d\t%s\n", err, strerror(err));
        }
    }
    for (int i = 0; i < ERRNO_ALIAS_COUNT; i++) {
        printf("errno-alias\t%s\t%d\n", errno_aliases[i].name, errno_aliases[i].err);
    }
}

static void print_words(void)
{
    int flags = -1;
    for (const char *flag; (flag = next_msg_flag(&flags));) {
        printf("flag\t%s\n", flag);
    }
    for (unsigned state = 1; tcp_state_name(state); state++) {
        printf("state\t%s\n", tcp_state_name(state));
    }
}

static void print_settings(void)
{
    printf("version\t%s\n", SOCKSHIM_VERSION);
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting_row *row = &setting_rows[i];
        printf("setting\t%s\t%s\t%s\t%s\n", row->variable, row->label, row->allowed,
               row->initial ? row->initial : "");
    }
}

/* Every exported function, and with which C library. */
static void print_names(void)
{
#define PRINT(where, name) printf("name\t%s\t%s\n", #name, where);
#define EVERYWHERE(result, name, ...) PRINT("everywhere", name)
#define OF_GLIBC(result, name, ...) PRINT("glibc", name)
#define OF_TIME64(result, name, ...) PRINT("time64", name)
#define ALIAS_EVERYWHERE(name, of) PRINT("everywhere", name)
#define ALIAS_OF_GLIBC(name, of) PRINT("glibc", name)
    NEXT_EVERYWHERE(EVERYWHERE)
    NEXT_OF_GLIBC(OF_GLIBC)
    NEXT_OF_TIME64(OF_TIME64)
    ALIASES_EVERYWHERE(ALIAS_EVERYWHERE)
    ALIASES_OF_GLIBC(ALIAS_OF_GLIBC)
}

/* What every sentence is made of (tell/say.h). */
static void print_templates(void)
{
    extern const char __start_sentences[] __attribute__((visibility("hidden")));
    extern const char __stop_sentences[] __attribute__((visibility("hidden")));
    for (const char *at = __start_sentences; at < __stop_sentences; at += strlen(at) + 1) {
        if (*at) {
            printf("%s\n", at);
        }
    }
}

/* With an argument the templates alone, one a line. */
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        print_templates();
        return fflush(stdout) != 0;
    }
    print_settings();
    print_calls();
    print_causes();
    print_errnos();
    print_words();
    print_names();
    return fflush(stdout) != 0;
}
