#include "tables.h"

#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name in a line, or NULL: behind the number, in an errno's. */
static const char *name_in(char *line)
{
    char *rest = NULL;
    const char *kind = strtok_r(line, "\t\n", &rest);
    if (kind && strcmp(kind, "errno") == 0) {
        strtok_r(NULL, "\t\n", &rest);
    } else if (!kind || (strcmp(kind, "call") != 0 && strcmp(kind, "alias") != 0 &&
                         strcmp(kind, "cause") != 0 && strcmp(kind, "errno-alias") != 0)) {
        return NULL;
    }
    return strtok_r(NULL, "\t\n", &rest);
}

bool tables_know(const char *path, const char *word, const char **meant)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    unsigned best = farthest(word);
    bool is_known = !file;
    *meant = NULL;
    while (!is_known && getline(&line, &size, file) > 0) {
        const char *name = name_in(line);
        is_known = name && strcasecmp(name, word) == 0;
        if (name && is_nearer(word, name, &best)) {
            *meant = words("%s", name);
        }
    }
    if (file) {
        fclose(file);
    }
    free(line);
    return is_known;
}
