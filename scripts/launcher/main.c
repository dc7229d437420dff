/* The part of the command that a shell cannot do: `sockshim run`, and what `sockshim
 * check` says of a file. Called by scripts/sockshim alone:
 *
 *   sockshim-run run SCRIPT LIB OBJECT KEEPER PRELOADED COUNTERS REMEDY WORD...
 *   sockshim-run check OBJECT NAME
 *   sockshim-run fits OBJECT PATH NAME INSTEAD
 *   sockshim-run secure PID
 *   sockshim-run pause MILLISECONDS OUTPUT [INPUT]
 */
#include "check.h"
#include "command.h"
#include "descriptors.h"
#include "environment.h"
#include "log.h"
#include "options.h"
#include "pause.h"
#include "preload.h"
#include "summary.h"
#include "tally.h"
#include "target.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How the script starts this program for run. */
struct call {
    char *script; /* scripts/sockshim */
    char *lib;    /* the folder of the awk programs, and of the subcommands */
    char *object;
    char *keeper;    /* environment.h */
    char *preloaded; /* the caller's LD_PRELOAD */
    char *counters;  /* doctor's, before the run; empty: it is not doctor */
    char *remedy;    /* if the object is missing */
    char *words[];
};

/* sockshim reprot LOG: the subcommands are the files of a folder. */
static const char *meant_subcommand(const char *lib, const char *command)
{
    const char *meant = NULL;
    unsigned best = farthest(command);
    struct dirent **entry;
    int count = scandir(words("%s/commands", lib), &entry, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        size_t len = strlen(entry[i]->d_name);
        if (len > 3 && strcmp(entry[i]->d_name + len - 3, ".sh") == 0) {
            const char *name = words("%.*s", (int)len - 3, entry[i]->d_name);
            meant = is_nearer(command, name, &best) ? name : meant;
        }
    }
    return meant ? words(" (did you mean sockshim %s?)", meant) : NULL;
}

/* sockshim LOG */
static const char *meant_report(const char *command)
{
    return log_is_one(command) ? words(" (did you mean sockshim report %s?)", command) : NULL;
}

/* What only a shell knows. */
static bool is_builtin(const char *command)
{
    static const char names[] = " alias bg cd eval exec export fg for if jobs set source type "
                                "ulimit umask until wait while . { ( ! ";
    return !strchr(command, ' ') && strstr(names, words(" %s ", command));
}

/* Copied from a text: U+2012 to U+2015 and U+2212 look like a dash. */
static bool begins_with_other_dash(const char *command)
{
    static const char *const dashes[] = {"\u2012", "\u2013", "\u2014", "\u2015", "\u2212"};
    for (unsigned i = 0; i < sizeof dashes / sizeof *dashes; i++) {
        if (begins_with(command, dashes[i])) {
            return true;
        }
    }
    return false;
}

/* sockshim 'curl URL' and sockshim NAME=value COMMAND, as a shell would take them. */
static const char *meant_words(const char *command, const char *last_switch)
{
    if (last_switch) {
        return words(" (%s takes no value)", last_switch);
    }
    if (is_builtin(command)) {
        return words(" (only a shell knows it: sh -c '%s ...')", command);
    }
    if (begins_with_other_dash(command)) {
        return " (it begins with a typographic dash instead of -)";
    }
    static struct target target;
    const char *first = words("%.*s", (int)strcspn(command, " "), command);
    size_t name =
        strspn(command, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789");
    if (name > 0 && command[name] == '=') {
        return " (to set a variable, put env before it)";
    }
    bool is_line = strcmp(first, command) != 0 && *first && target_find(&target, first) == 0;
    return is_line ? " (leave out the quotes around it)" : NULL;
}

static void check_target(const struct call *call, const struct options *options,
                         struct target *target)
{
    const char *command = options->command[0];
    if (!*command) {
        wrong_call("the command's name is empty");
    }
    int status = target_find(target, command);
    if (status != 0) {
        const char *meant = meant_report(command);
        meant = meant ? meant : meant_subcommand(call->lib, command);
        meant = meant ? meant : meant_words(command, options->last_switch);
        die(status, "%s%s", target->problem, meant ? meant : "");
    }
    if (!target_check(target, call->object) && !options->force) {
        die(CANNOT_RUN, "%s; %s, or run it anyway with --force", target->problem, target->instead);
    }
}

/* Back to the script, which has the texts. */
static _Noreturn void answer_question(const struct call *call, const char *question)
{
    execl("/bin/sh", "sh", call->script, question, (char *)NULL);
    _exit(WRONG_CALL);
}

static void set_environment(const char *preload)
{
    const char *value;
    for (unsigned i = 0;; i++) {
        const char *variable = options_setting(i, &value);
        if (!variable) {
            break;
        }
        environment_set(variable, value);
    }
    environment_set("LD_PRELOAD", preload);
}

static _Noreturn void cannot_run(const struct target *target, const char *command, int failure)
{
    die(failure == ENOENT ? NOT_FOUND : CANNOT_RUN, "%s: %s", command,
        target->broken ? target->broken : strerror(failure));
}

/* doctor is told what the log was asked for, and what of it is this run's. */
static void tell_doctor(const struct call *call)
{
    size_t parts;
    size_t files;
    const struct part *part = log_parts(&parts, &files);
    char **argv = calloc(2 * parts + 10, sizeof *argv);
    size_t count = 0;
    if (!argv) {
        return;
    }
    argv[count++] = "sh";
    argv[count++] = call->script;
    argv[count++] = "doctor";
    argv[count++] = "--after";
    argv[count++] = call->counters;
    argv[count++] = (char *)setting("SOCKSHIM_LEVEL");
    argv[count++] = (char *)setting("SOCKSHIM_SKIP");
    argv[count++] = files > 0 && strcasecmp(setting("SOCKSHIM"), "off") != 0 ? "records" : "";
    for (size_t i = 0; i < parts; i++) {
        argv[count++] = words("%lld", (long long)part[i].from + 1);
        argv[count++] = part[i].path;
    }
    summary_start(argv, (char *[]){NULL}, NULL);
}

/* A file in the object's folder. */
static const char *beside(const char *object, const char *name)
{
    const char *slash = strrchr(object, '/');
    return words("%.*s%s", slash ? (int)(slash + 1 - object) : 0, object, name);
}

static int run(struct call *call)
{
    static struct target target;
    struct options options = {0};
    struct outcome outcome = {0};
    environment_read((pid_t)strtol(call->keeper, NULL, 10), call->preloaded);
    options_read(call->words, beside(call->object, "tables.txt"), &options);
    if (options.question) {
        answer_question(call, options.question);
    }
    if (!options.command[0]) {
        wrong_call("no command to run");
    }
    if (access(call->object, F_OK)) {
        die(WRONG_CALL, "%s is not there: %s", call->object, call->remedy);
    }
    check_target(call, &options, &target);
    log_settle(options.log_option, *call->counters != 0);
    recorder_settle();
    set_environment(preload_list(call->object, call->preloaded));
    if (options.quiet) {
        command_become(target.file, options.command, environment_list());
        cannot_run(&target, options.command[0], errno);
    }
    log_begin();
    tally_start();
    int failure = command_run(target.file, options.command, environment_list(), &outcome);
    if (failure != 0) {
        cannot_run(&target, options.command[0], failure);
    }
    summary_print(call->lib, &target, options.command[0], &outcome);
    if (*call->counters) {
        tell_doctor(call);
    }
    return outcome.status;
}

int main(int count, char **word)
{
    const char *part = count > 1 ? word[1] : "";
    descriptors_fill();
    if (strcmp(part, "run") == 0 && count >= 9) {
        return run((struct call *)(void *)(word + 2));
    }
    if (strcmp(part, "check") == 0 && count == 4) {
        return check_command(word[2], word[3]);
    }
    if (strcmp(part, "fits") == 0 && count == 6) {
        return check_fits(word[2], word[3], word[4], word[5]);
    }
    if (strcmp(part, "secure") == 0 && count == 3) {
        return check_secure(word[2]);
    }
    if (strcmp(part, "pause") == 0 && (count == 4 || count == 5)) {
        return pause_for(word[2], word[3], word[4]);
    }
    die(WRONG_CALL, "this program is called by sockshim alone: sockshim help");
}
