#include "witness.h"

#include "descriptors.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* kill(2) of a group tells its youngest member first (attach_pid() in kernel/pid.c),
 * so the witness has been told before this process is. The wait is for who goes
 * through the processes one by one: systemd's KillMode=control-group, timeout(1). */
enum { WITNESS_PATIENCE_MS = 20, LONGEST_ANSWER_MS = 500 };

static int question = -1;
static pid_t witness;

struct question {
    int signal;
    int patience_ms;
};

static _Noreturn void bear_witness(int socket)
{
    struct question asked;
    descriptors_close_all_but(&socket, 1);
    while (recv(socket, &asked, sizeof asked, 0) == sizeof asked) {
        const struct timespec patience = {0, asked.patience_ms * 1000000L};
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, asked.signal);
        bool told = sigtimedwait(&one, NULL, &patience) == asked.signal;
        send(socket, &told, 1, MSG_NOSIGNAL);
    }
    _exit(0);
}

void witness_start(void)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
        return;
    }
    witness = fork();
    if (witness == 0) {
        bear_witness(ends[1]);
    }
    close(ends[1]);
    question = ends[0];
}

/* A witness that was stopped (SIGSTOP to the group) does not answer; what it says
 * too late is thrown away before the next question. */
static bool ask(int signal, int patience_ms)
{
    struct question asked = {signal, patience_ms};
    struct pollfd answer = {.fd = question, .events = POLLIN};
    bool told = false;
    while (recv(question, &told, 1, MSG_DONTWAIT) == 1) {
    }
    if (send(question, &asked, sizeof asked, MSG_NOSIGNAL) != sizeof asked ||
        poll(&answer, 1, LONGEST_ANSWER_MS) != 1) {
        return false;
    }
    return recv(question, &told, 1, MSG_DONTWAIT) == 1 && told;
}

bool witness_was_told(int signal)
{
    return ask(signal, WITNESS_PATIENCE_MS);
}

void witness_forget(int signal)
{
    ask(signal, 0);
}

void witness_end(void)
{
    if (witness > 0) {
        kill(witness, SIGKILL);
        waitpid(witness, NULL, 0);
    }
    close(question);
}

int witness_socket(void)
{
    return question;
}
