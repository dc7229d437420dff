#include "base/names.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Tables of arrays, not of pointers: those would have to be relocated, one by
 * one, at every start of every program. */

#define CALL_WORD(name, direction, descriptor, arguments) #name,
static const char call_words[][16] = {CALLS(CALL_WORD)};

#define CALL_TRAITS(name, direction, descriptor, arguments) {direction, descriptor, arguments},
const struct call_traits call_traits[] = {CALLS(CALL_TRAITS)};

#define CAUSE_WORD(name, word, level) word,
static const char cause_words[][24] = {CAUSES(CAUSE_WORD)};

const struct call_alias call_aliases[CALL_ALIAS_COUNT] = {
    {"sendfile64", CALL_sendfile},
    {"__recv_chk", CALL_recv},
    {"__recvfrom_chk", CALL_recvfrom},
    {"__read_chk", CALL_read},
    {"__read", CALL_read},
    {"__write", CALL_write},
    {"__send", CALL_send},
    {"__connect", CALL_connect},
    {"preadv64v2", CALL_preadv2},
    {"pwritev64v2", CALL_pwritev2},
    {"signal", CALL_sigaction},
    {"vdprintf", CALL_dprintf},
    {"__dprintf_chk", CALL_dprintf},
    {"__vdprintf_chk", CALL_dprintf},
    {"gethostbyname2", CALL_gethostbyname},
    {"gethostbyname_r", CALL_gethostbyname},
    {"gethostbyname2_r", CALL_gethostbyname},
    {"gethostbyaddr_r", CALL_gethostbyaddr},
};

#define E(name) [name] = #name,
static const char errno_names[ERRNO_MAX + 1][16] = {
    /* clang-format off */
    E(EPERM) E(ENOENT) E(ESRCH) E(EINTR) E(EIO) E(ENXIO) E(E2BIG) E(ENOEXEC) E(EBADF) E(ECHILD)
    E(EAGAIN) E(ENOMEM) E(EACCES) E(EFAULT) E(ENOTBLK) E(EBUSY) E(EEXIST) E(EXDEV) E(ENODEV)
    E(ENOTDIR) E(EISDIR) E(EINVAL) E(ENFILE) E(EMFILE) E(ENOTTY) E(ETXTBSY) E(EFBIG) E(ENOSPC)
    E(ESPIPE) E(EROFS) E(EMLINK) E(EPIPE) E(EDOM) E(ERANGE) E(EDEADLK) E(ENAMETOOLONG) E(ENOLCK)
    E(ENOSYS) E(ENOTEMPTY) E(ELOOP) E(ENOMSG) E(EIDRM) E(ECHRNG) E(EL2NSYNC) E(EL3HLT) E(EL3RST)
    E(ELNRNG) E(EUNATCH) E(ENOCSI) E(EL2HLT) E(EBADE) E(EBADR) E(EXFULL) E(ENOANO) E(EBADRQC)
    E(EBADSLT) E(EBFONT) E(ENOSTR) E(ENODATA) E(ETIME) E(ENOSR) E(ENONET) E(ENOPKG) E(EREMOTE)
    E(ENOLINK) E(EADV) E(ESRMNT) E(ECOMM) E(EPROTO) E(EMULTIHOP) E(EDOTDOT) E(EBADMSG)
    E(EOVERFLOW) E(ENOTUNIQ) E(EBADFD) E(EREMCHG) E(ELIBACC) E(ELIBBAD) E(ELIBSCN) E(ELIBMAX)
    E(ELIBEXEC) E(EILSEQ) E(ERESTART) E(ESTRPIPE) E(EUSERS) E(ENOTSOCK) E(EDESTADDRREQ)
    E(EMSGSIZE) E(EPROTOTYPE) E(ENOPROTOOPT) E(EPROTONOSUPPORT) E(ESOCKTNOSUPPORT) E(EOPNOTSUPP)
    E(EPFNOSUPPORT) E(EAFNOSUPPORT) E(EADDRINUSE) E(EADDRNOTAVAIL) E(ENETDOWN) E(ENETUNREACH)
    E(ENETRESET) E(ECONNABORTED) E(ECONNRESET) E(ENOBUFS) E(EISCONN) E(ENOTCONN) E(ESHUTDOWN)
    E(ETOOMANYREFS) E(ETIMEDOUT) E(ECONNREFUSED) E(EHOSTDOWN) E(EHOSTUNREACH) E(EALREADY)
    E(EINPROGRESS) E(ESTALE) E(EUCLEAN) E(ENOTNAM) E(ENAVAIL) E(EISNAM) E(EREMOTEIO) E(EDQUOT)
    E(ENOMEDIUM) E(EMEDIUMTYPE) E(ECANCELED) E(ENOKEY) E(EKEYEXPIRED) E(EKEYREVOKED)
    E(EKEYREJECTED) E(EOWNERDEAD) E(ENOTRECOVERABLE) E(ERFKILL) E(EHWPOISON)
    /* clang-format on */
};

/* Second names for one number; include/uapi/asm-generic/errno.h. */
const struct errno_alias errno_aliases[ERRNO_ALIAS_COUNT] = {
    {"EWOULDBLOCK", EWOULDBLOCK}, {"EDEADLOCK", EDEADLOCK}, {"ENOTSUP", ENOTSUP}};

static const char eai_names[][16] = {
    "",           "EAI_BADFLAGS", "EAI_NONAME",   "EAI_AGAIN",   "EAI_FAIL",
    "EAI_NODATA", "EAI_FAMILY",   "EAI_SOCKTYPE", "EAI_SERVICE", "EAI_ADDRFAMILY",
    "EAI_MEMORY", "EAI_SYSTEM",   "EAI_OVERFLOW",
};

/* From NETDB_INTERNAL on, which is -1. */
static const char host_errors[][16] = {
    "NETDB_INTERNAL", "", "HOST_NOT_FOUND", "TRY_AGAIN", "NO_RECOVERY", "NO_DATA",
};

static const char tcp_states[][16] = {
    "",      "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",    "TIME_WAIT",
    "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV",
};

#define FLAG(name)                                                                                 \
    {                                                                                              \
        name, #name                                                                                \
    }
static const struct {
    int bit;
    char name[20];
} msg_flags[] = {
    FLAG(MSG_OOB),        FLAG(MSG_PEEK),
    FLAG(MSG_DONTROUTE),  FLAG(MSG_CTRUNC),
    FLAG(MSG_TRUNC),      FLAG(MSG_DONTWAIT),
    FLAG(MSG_EOR),        FLAG(MSG_WAITALL),
    FLAG(MSG_CONFIRM),    FLAG(MSG_ERRQUEUE),
    FLAG(MSG_NOSIGNAL),   FLAG(MSG_MORE),
    FLAG(MSG_WAITFORONE), {0x4000000, "MSG_ZEROCOPY"},
    FLAG(MSG_FASTOPEN),   FLAG(MSG_CMSG_CLOEXEC),
};

const char *call_name(enum call call)
{
    return call_words[call];
}

const char *cause_name(enum cause cause)
{
    return cause_words[cause];
}

const char *level_name(enum level level)
{
    static const char *const words[] = {"debug", "info", "warn", "error"};
    return words[level];
}

const char *errno_name(int err)
{
    return err > 0 && err <= ERRNO_MAX && *errno_names[err] ? errno_names[err] : NULL;
}

static const char *word_at(long place, const char (*words)[16], size_t count)
{
    return place >= 0 && place < (long)count && *words[place] ? words[place] : NULL;
}

const char *resolver_error_name(enum call call, long error)
{
    if (call_sets_h_errno(call)) {
        return word_at(error + 1, host_errors, COUNT(host_errors));
    }
    return word_at(-error, eai_names, COUNT(eai_names));
}

const char *tcp_state_name(unsigned state)
{
    return state > 0 && state < COUNT(tcp_states) ? tcp_states[state] : NULL;
}

const char *next_msg_flag(int *flags)
{
    for (size_t i = 0; i < COUNT(msg_flags); i++) {
        if (*flags & msg_flags[i].bit) {
            *flags &= ~msg_flags[i].bit;
            return msg_flags[i].name;
        }
    }
    return NULL;
}

char small_letter(char letter)
{
    if (letter < 'A' || letter > 'Z') {
        return letter;
    }
    return (char)(letter - 'A' + 'a');
}

bool same_letters(const char *a, const char *b, size_t len)
{
    while (len > 0 && small_letter(a[len - 1]) == small_letter(b[len - 1])) {
        len--;
    }
    return len == 0;
}

static bool same(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && same_letters(word, name, len);
}

/* In a table of `count` names that take `width` bytes each. */
static int position(const char *word, size_t len, const char *names, size_t width, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same(word, len, names + i * width)) {
            return (int)i;
        }
    }
    return -1;
}

int call_number(const char *word, size_t len)
{
    for (size_t i = 0; i < COUNT(call_aliases); i++) {
        if (same(word, len, call_aliases[i].name)) {
            return (int)call_aliases[i].call;
        }
    }
    return position(word, len, *call_words, sizeof *call_words, COUNT(call_words));
}

int cause_number(const char *word, size_t len)
{
    return position(word, len, *cause_words, sizeof *cause_words, COUNT(cause_words));
}

int errno_number(const char *word, size_t len)
{
    for (size_t i = 0; i < COUNT(errno_aliases); i++) {
        if (same(word, len, errno_aliases[i].name)) {
            return errno_aliases[i].err;
        }
    }
    return position(word, len, *errno_names, sizeof *errno_names, COUNT(errno_names));
}
