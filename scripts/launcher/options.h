/* The options of `sockshim run`, a row of a table each. */
#ifndef LAUNCHER_OPTIONS_H
#define LAUNCHER_OPTIONS_H

#include <stdbool.h>

struct options {
    bool quiet; /* -q */
    bool force;
    /* Set instead of all else: what the script is to answer, --help or --version. */
    const char *question;
    const char *log_option; /* -o or --log, as it was typed; NULL: not given */
    /* The option right before COMMAND, if it takes no value; else NULL. */
    const char *last_switch;
    char **command; /* COMMAND ARG... */
};

/* Reads the words up to COMMAND; a wrong one ends the process. `tables` is the file
 * with the words that --skip takes; any word passes if it is not there. */
void options_read(char **word, const char *tables, struct options *options);

/* The i-th setting that an option gives: its variable, and in *value its value;
 * NULL after the last one. */
const char *options_setting(unsigned i, const char **value);

/* What COMMAND will find in a variable: the option's value, else the environment's;
 * "" for none. */
const char *setting(const char *variable);

/* An option's name for messages, --level for SOCKSHIM_LEVEL, if it was given by one;
 * else the variable. */
const char *setting_name(const char *variable);

/* Gives a setting its value as an option does. */
void options_set(const char *variable, const char *value);

#endif
