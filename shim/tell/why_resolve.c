#include "tell/kind.h"
#include "tell/why.h"

#include <errno.h>
#include <netdb.h>

/* Not everywhere in netdb.h, but the same number in glibc and musl. */
enum { NAME_WITHOUT_ADDRESS = -5 };

template clause_asked_for(const struct facts *f)
{
    if (call_finds_name((enum call)f->call)) {
        return SAY("The name of the address $name was");
    }
    return f->name.len > 0 ? SAY("The name $name was") : SAY("A name was");
}

static template why_no_server(const struct facts *f)
{
    (void)f;
    return SAY("no name server gave an answer: they cannot be reached, did not answer in time, "
               "failed themselves (SERVFAIL) or refused (REFUSED), or none is configured");
}

/* glibc, sysdeps/posix/getaddrinfo.c: NO_RECOVERY, of a name server or of a lookup that could not
 * even begin, is told as EAI_NONAME. musl has EAI_FAIL and EAI_SYSTEM for them. */
static template why_no_name(const struct facts *f)
{
    if (call_finds_name((enum call)f->call)) {
        return SAY("no source of names told one (there is no PTR record, as a rule)");
    }
    if (f->err != 0) {
        return SAY("the C library could not look it up$errno_words; or the name does not exist, or "
                   "has no address of the requested kind");
    }
#ifdef __GLIBC__
    return SAY("the name does not exist, or has no address of the requested kind, or a name server "
               "answered with an error (such as FORMERR)");
#else
    return SAY("the name does not exist, or has no address of the requested kind");
#endif
}

/* glibc, nss/getXXbyYY_r.c: NO_RECOVERY as well where no source could be used. musl,
 * src/network/gethostbyname2_r.c: and where a system call failed. */
static template why_no_recovery(const struct facts *f)
{
    if (f->err != 0) {
        return SAY("the C library could not look it up$errno_words; or a name server answered with "
                   "an error (such as FORMERR)");
    }
    return SAY("a name server answered with an error (such as FORMERR), its answer could not be "
               "read, the name cannot be asked for (an empty label), or none of the sources of "
               "names in nsswitch.conf could be used");
}

/* EAI_SYSTEM and NETDB_INTERNAL. glibc, sysdeps/posix/getaddrinfo.c: EBUSY where none of the
 * sources has a module that can be used; gethostbyname then leaves errno at 0. */
static template why_internal(const struct facts *f)
{
    if (f->err == 0 || f->err == EBUSY) {
        return SAY("the C library could not look it up, as where a source of names in "
                   "nsswitch.conf has no module on this system");
    }
    return SAY("a system call that it needs failed$errno_words");
}

/* Of h_errno, whose words tell more. */
static template why_no_host(const struct facts *f)
{
    bool is_of_address = call_finds_name((enum call)f->call);
    switch (f->ret) {
    case HOST_NOT_FOUND:
        return is_of_address
                   ? why_no_name(f)
                   : SAY("the name does not exist, or has no address of the requested kind");
    case NO_DATA:
        return is_of_address ? why_no_name(f)
                             : SAY("the name exists but has no address of the requested kind");
    case TRY_AGAIN:
        return why_no_server(f);
    case NO_RECOVERY:
        return why_no_recovery(f);
    default:
        return why_internal(f);
    }
}

template clause_why_not_resolved(const struct facts *f)
{
    if (call_sets_h_errno((enum call)f->call)) {
        return why_no_host(f);
    }
    switch (f->ret) {
    case EAI_NONAME:
        return why_no_name(f);
    case NAME_WITHOUT_ADDRESS:
        return SAY("the name exists but has no address of the requested kind");
    case EAI_AGAIN:
        return why_no_server(f);
    case EAI_FAIL:
        return SAY(
            "a name server answered with an error (such as FORMERR), or its answer could not "
            "be read");
    case EAI_MEMORY:
        return SAY("there was not enough memory");
    default:
        return why_internal(f);
    }
}

template why_name_not_resolved(const struct facts *f)
{
    return f->is_own_name
               ? SAY("$asked_for not resolved, after $waited_ms ms: $why_not_resolved. It "
                     "is the name of this host itself (hostname).")
               : SAY("$asked_for not resolved, after $waited_ms ms: $why_not_resolved.");
}

template why_name_resolved_late(const struct facts *f)
{
    if (call_finds_name((enum call)f->call)) {
        return SAY("The name of the address $name was looked up for $waited_ms ms, while this "
                   "program waited. A name server that does not answer costs 5 s before the next "
                   "is asked (resolv.conf(5)); the servers may also be slow, or another source of "
                   "names (nsswitch.conf(5)).");
    }
    return SAY("$asked_for resolved, but only after $waited_ms ms. A name server that does not "
               "answer costs 5 s before the next is asked (resolv.conf(5)); the servers may also "
               "be slow, or another source of names (nsswitch.conf(5)).");
}
