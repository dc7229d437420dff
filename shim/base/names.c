#include "base/names.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Tables of arrays, not of pointers: those would have to be relocated, one by
 * one, at every start of every program. */

#define CALL_WORD(name) #name,
static const char call_words[][12] = {CALLS(CALL_WORD)};

#define CAUSE_WORD(name, word, level) word,
static const char cause_words[][24] = {CAUSES(CAUSE_WORD)};

/* Names that the C library has for a call beside its own. */
static const struct {
    char name[16];
    enum call call;
} call_aliases[] = {
    {"sendfile64", CALL_sendfile},  {"__recv_chk", CALL_recv},   {"__recvfrom_chk", CALL_recvfrom},
    {"__read_chk", CALL_read},      {"__read", CALL_read},       {"__write", CALL_write},
    {"__send", CALL_send},          {"__connect", CALL_connect}, {"preadv64v2", CALL_preadv2},
    {"pwritev64v2", CALL_pwritev2}, {"signal", CALL_sigaction},
};

#define ERRNO(name) [name] = #name
static const char errno_words[ERRNO_MAX + 1][16] = {
    ERRNO(EPERM),
    ERRNO(ENOENT),
    ERRNO(ESRCH),
    ERRNO(EINTR),
    ERRNO(EIO),
    ERRNO(ENXIO),
    ERRNO(E2BIG),
    ERRNO(ENOEXEC),
    ERRNO(EBADF),
    ERRNO(ECHILD),
    ERRNO(EAGAIN),
    ERRNO(ENOMEM),
    ERRNO(EACCES),
    ERRNO(EFAULT),
    ERRNO(ENOTBLK),
    ERRNO(EBUSY),
    ERRNO(EEXIST),
    ERRNO(EXDEV),
    ERRNO(ENODEV),
    ERRNO(ENOTDIR),
    ERRNO(EISDIR),
    ERRNO(EINVAL),
    ERRNO(ENFILE),
    ERRNO(EMFILE),
    ERRNO(ENOTTY),
    ERRNO(ETXTBSY),
    ERRNO(EFBIG),
    ERRNO(ENOSPC),
    ERRNO(ESPIPE),
    ERRNO(EROFS),
    ERRNO(EMLINK),
    ERRNO(EPIPE),
    ERRNO(EDOM),
    ERRNO(ERANGE),
    ERRNO(EDEADLK),
    ERRNO(ENAMETOOLONG),
    ERRNO(ENOLCK),
    ERRNO(ENOSYS),
    ERRNO(ENOTEMPTY),
    ERRNO(ELOOP),
    ERRNO(ENOMSG),
    ERRNO(EIDRM),
    ERRNO(ECHRNG),
    ERRNO(EL2NSYNC),
    ERRNO(EL3HLT),
    ERRNO(EL3RST),
    ERRNO(ELNRNG),
    ERRNO(EUNATCH),
    ERRNO(ENOCSI),
    ERRNO(EL2HLT),
    ERRNO(EBADE),
    ERRNO(EBADR),
    ERRNO(EXFULL),
    ERRNO(ENOANO),
    ERRNO(EBADRQC),
    ERRNO(EBADSLT),
    ERRNO(EBFONT),
    ERRNO(ENOSTR),
    ERRNO(ENODATA),
    ERRNO(ETIME),
    ERRNO(ENOSR),
    ERRNO(ENONET),
    ERRNO(ENOPKG),
    ERRNO(EREMOTE),
    ERRNO(ENOLINK),
    ERRNO(EADV),
    ERRNO(ESRMNT),
    ERRNO(ECOMM),
    ERRNO(EPROTO),
    ERRNO(EMULTIHOP),
    ERRNO(EDOTDOT),
    ERRNO(EBADMSG),
    ERRNO(EOVERFLOW),
    ERRNO(ENOTUNIQ),
    ERRNO(EBADFD),
    ERRNO(EREMCHG),
    ERRNO(ELIBACC),
    ERRNO(ELIBBAD),
    ERRNO(ELIBSCN),
    ERRNO(ELIBMAX),
    ERRNO(ELIBEXEC),
    ERRNO(EILSEQ),
    ERRNO(ERESTART),
    ERRNO(ESTRPIPE),
    ERRNO(EUSERS),
    ERRNO(ENOTSOCK),
    ERRNO(EDESTADDRREQ),
    ERRNO(EMSGSIZE),
    ERRNO(EPROTOTYPE),
    ERRNO(ENOPROTOOPT),
    ERRNO(EPROTONOSUPPORT),
    ERRNO(ESOCKTNOSUPPORT),
    ERRNO(EOPNOTSUPP),
    ERRNO(EPFNOSUPPORT),
    ERRNO(EAFNOSUPPORT),
    ERRNO(EADDRINUSE),
    ERRNO(EADDRNOTAVAIL),
    ERRNO(ENETDOWN),
    ERRNO(ENETUNREACH),
    ERRNO(ENETRESET),
    ERRNO(ECONNABORTED),
    ERRNO(ECONNRESET),
    ERRNO(ENOBUFS),
    ERRNO(EISCONN),
    ERRNO(ENOTCONN),
    ERRNO(ESHUTDOWN),
    ERRNO(ETOOMANYREFS),
    ERRNO(ETIMEDOUT),
    ERRNO(ECONNREFUSED),
    ERRNO(EHOSTDOWN),
    ERRNO(EHOSTUNREACH),
    ERRNO(EALREADY),
    ERRNO(EINPROGRESS),
    ERRNO(ESTALE),
    ERRNO(EUCLEAN),
    ERRNO(ENOTNAM),
    ERRNO(ENAVAIL),
    ERRNO(EISNAM),
    ERRNO(EREMOTEIO),
    ERRNO(EDQUOT),
    ERRNO(ENOMEDIUM),
    ERRNO(EMEDIUMTYPE),
    ERRNO(ECANCELED),
    ERRNO(ENOKEY),
    ERRNO(EKEYEXPIRED),
    ERRNO(EKEYREVOKED),
    ERRNO(EKEYREJECTED),
    ERRNO(EOWNERDEAD),
    ERRNO(ENOTRECOVERABLE),
    ERRNO(ERFKILL),
    ERRNO(EHWPOISON),
};

/* Second names for one number; include/uapi/asm-generic/errno.h. */
static const struct {
    char name[16];
    int err;
} errno_aliases[] = {{"EWOULDBLOCK", EWOULDBLOCK}, {"EDEADLOCK", EDEADLOCK}, {"ENOTSUP", ENOTSUP}};

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
    return err > 0 && err <= ERRNO_MAX && *errno_words[err] ? errno_words[err] : NULL;
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

bool call_takes_any_descriptor(enum call call)
{
    switch (call) {
    case CALL_read:
    case CALL_readv:
    case CALL_preadv2:
    case CALL_write:
    case CALL_writev:
    case CALL_pwritev2:
    case CALL_sendfile:
    case CALL_splice:
        return true;
    default:
        return false;
    }
}

static bool same(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(word, name, len) == 0;
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
    return position(word, len, *errno_words, sizeof *errno_words, COUNT(errno_words));
}
