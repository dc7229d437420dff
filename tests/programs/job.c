/* What a shell with job control handles. Says "ready"; says "on again" each time that
 * it is continued; ends with 7 after a line. `job editor` catches Ctrl-Z as editors
 * do, which put the terminal right, and stop then. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text)
{
    ssize_t written = write(STDOUT_FILENO, text, strlen(text));
    (void)written;
}

static void on_continue(int signal)
{
    (void)signal;
    say("on again\n");
}

static void on_stop(int signal)
{
    (void)signal;
    usleep(100000);
    kill(getpid(), SIGSTOP);
}

static void catch_signal(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(number, &action, NULL);
}

int main(int count, char **word)
{
    char line[100];
    catch_signal(SIGCONT, on_continue);
    if (count > 1 && strcmp(word[1], "editor") == 0) {
        catch_signal(SIGTSTP, on_stop);
    }
    say("ready\n");
    if (read(STDIN_FILENO, line, sizeof line) <= 0) {
        return 1;
    }
    say("read it\n");
    return 7;
}
