/* start ROUNDS PROGRAM WORD VARIABLES...: how long PROGRAM takes from
 * posix_spawn to its end with WORD as its argument (none if that is empty). Each
 * further word is an environment, as VARIABLE=VALUE with blanks between; they
 * take turns, forwards and backwards. Prints a line for each: microseconds, and
 * by how much they exceed those of the first one. */
#include "bench.h"

#include <spawn.h>
#include <sys/wait.h>

enum { MOST_VARIANTS = 8, MOST_VARIABLES = 16 };

static char *program[3];
static char *environments[MOST_VARIANTS][MOST_VARIABLES + 1];

static void split(char *words, char **into)
{
    int count = 0;
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        must(count < MOST_VARIABLES, "too many variables");
        into[count++] = word;
    }
}

static double spawn(char **environment)
{
    pid_t pid;
    int status = 0;
    double start = now();
    must(posix_spawn(&pid, program[0], NULL, NULL, program, environment) == 0, "posix_spawn");
    must(waitpid(pid, &status, 0) == pid && status == 0, program[0]);
    return (now() - start) / 1000;
}

int main(int argc, char **argv)
{
    must(argc > 4 && argc - 4 <= MOST_VARIANTS, "start ROUNDS PROGRAM WORD VARIABLES...");
    int rounds = number(argv, argc, 1, 1);
    int variants = argc - 4;
    double *took[MOST_VARIANTS], *added[MOST_VARIANTS];
    program[0] = argv[2];
    program[1] = *argv[3] ? argv[3] : NULL;
    for (int v = 0; v < variants; v++) {
        split(argv[4 + v], environments[v]);
        took[v] = calloc((size_t)rounds, sizeof(double));
        added[v] = calloc((size_t)rounds, sizeof(double));
        must(took[v] && added[v], "memory");
        spawn(environments[v]);
    }
    for (int round = 0; round < rounds; round++) {
        for (int turn = 0; turn < variants; turn++) {
            int v = round % 2 ? variants - 1 - turn : turn;
            took[v][round] = spawn(environments[v]);
        }
        for (int v = 0; v < variants; v++) {
            added[v][round] = took[v][round] - took[0][round];
        }
    }
    for (int v = 0; v < variants; v++) {
        printf("%.2f %.2f\n", median(took[v], (size_t)rounds), median(added[v], (size_t)rounds));
    }
    return 0;
}
