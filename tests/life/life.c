/* The steps of a life and how often each is taken; the command line, life.h. */
#include "life.h"

bool native, nodelay, has_log;
enum mode mode;
const char *self;

void random_step(void)
{
    static const struct {
        void (*run)(void);
        unsigned weight;
    } steps[] = {
        {receive, 60},           {receive_vector, 30},  {receive_message, 30},
        {receive_messages, 20},  {send_bytes, 60},      {send_vector, 30},
        {send_message, 30},      {send_messages, 20},   {send_file, 15},
        {send_splice, 20},       {send_printed, 15},    {open_socket, 15},
        {open_pair, 40},         {open_connection, 40}, {name_socket, 50},
        {open_other, 15},        {get_option, 40},      {set_option, 40},
        {set_action, 30},        {set_handler, 30},     {other_signal_call, 30},
        {play_with_numbers, 70}, {wait_for_events, 30}, {by_number, 20},
        {make_child, 3},         {start_program, 1},    {set_limit, 10},
        {make_by_clone, 3},      {make_by_vfork, 2},    {resolve, 10},
        {make_thread, 8},        {cancel_thread, 4},    {wait_for_signal, 4},
        {take_own_signal, 6},
    };
    unsigned all = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        all += steps[i].weight;
    }
    unsigned at = below(all);
    size_t i = 0;
    while (at >= steps[i].weight) {
        at -= steps[i++].weight;
    }
    clean();
    steps[i].run();
}

static void prepare(char **argv)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction act = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
    self = argv[0];
    chance = strtoull(argv[1], NULL, 0);
    native = strcmp(argv[3], "native") == 0;
    mode = strcmp(argv[4], "off") == 0 ? OFF : strcmp(argv[4], "always") == 0 ? ALWAYS : IGNORE;
    forced = mode == ALWAYS;
    nodelay = strcmp(argv[5], "on") == 0;
    has_log = strcmp(argv[6], "yes") == 0;
    syscall(SYS_close_range, 3, 249, 0); /* inherited ones */
    load_cancellation();
    map_arena();
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &act, NULL);
    sigaction(SIGBUS, &act, NULL);
    close(socket(AF_UNIX, SOCK_STREAM, 0)); /* the log comes with the first one */
    has_socket();
    if (native && has_log) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        log_fd = 239;
        syscall(SYS_dup3, fd, log_fd, O_CLOEXEC);
        syscall(SYS_close, fd);
    }
    if (has_log) {
        log_fd = 239;
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strncmp(argv[1], "show", 4) == 0) {
        return show(strcmp(argv[1], "show-all") == 0);
    }
    if (argc != 7) {
        fprintf(stderr, "transparent SEED STEPS native|shim SIGPIPE NODELAY LOG\n");
        return 2;
    }
    prepare(argv);
    unsigned steps = (unsigned)atoi(argv[2]);
    alarm(60);
    for (number = 1; number <= steps; number++) {
        random_step();
    }
    flush();
    /* A crash inside dprintf leaves a FILE behind that exit() would stumble over. */
    _exit(0);
}
