/* Stands in front of dlsym as overlays and tracers of graphics do: a name of its own,
 * all others passed on. The C library takes this object for the caller. */
#include <dlfcn.h>
#include <string.h>

#ifdef __aarch64__
#define FIRST_VERSION "GLIBC_2.17"
#elif defined(__i386__)
#define FIRST_VERSION "GLIBC_2.0"
#else
#define FIRST_VERSION "GLIBC_2.2.5"
#endif

void *dlsym(void *handle, const char *name)
{
    static void *(*next)(void *, const char *);
    if (!next) {
        *(void **)&next = dlvsym(RTLD_NEXT, "dlsym", FIRST_VERSION);
    }
    void *volatile found = strcmp(name, "glXSwapBuffers") == 0 ? NULL : next(handle, name);
    return found;
}
