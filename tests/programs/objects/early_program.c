/* Linked with one object of early.c, it opens another. */
#include "../harm.h"

#include <dlfcn.h>

extern void linked_call(void);

#ifdef PREINIT
/* Before any constructor: of the C library, too. */
static void before_all(void)
{
    open_quiet();
    leave_record(1);
}
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = before_all;
#endif

__attribute__((destructor)) static void end(void)
{
    leave_record(6);
}

static void at_exit(void)
{
    leave_record(5);
}

int main(int argc, char **argv)
{
    void (*call)(void);
    if (quiet[0] < 0) {
        open_quiet();
        leave_record(1);
    }
    atexit(at_exit);
    linked_call();
    leave_record(2);
    if (argc > 1) {
        void *object = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        CHECK(object != NULL);
        *(void **)&call = dlsym(object, "opened_call");
        CHECK(call != NULL);
        call();
        CHECK(dlclose(object) == 0);
    }
    leave_record(3);
    return 0;
}
