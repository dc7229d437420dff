/* The words of the log: calls, errno values, MSG_ flags, TCP states, levels
 * and causes. Every function here is pure and async-signal-safe. */
#ifndef SOCKSHIM_NAMES_H
#define SOCKSHIM_NAMES_H

#include "base/hidden.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a call does with data, */
enum __attribute__((packed)) direction {
    MOVES_NOTHING,
    RECEIVES,
    SENDS,
    EITHER_WAY, /* told by which of its two descriptors is the socket */
    ACCEPTS,    /* waits as a receiving call does */
};

/* what it is called with, */
enum __attribute__((packed)) descriptor {
    A_SOCKET,
    ASKED_ABOUT, /* asks: that it is no socket, or not connected, is an answer, no failure */
    ANY_FILE,    /* read, write and the like: a record only if it is a socket */
    NO_SOCKET    /* it makes one */
};

/* and what the members of struct attempt mean for it. Where it is called with a
 * socket and moves data, `flags` are MSG_ flags. */
enum __attribute__((packed)) arguments {
    NOTHING_MORE,      /* than the descriptor */
    LENGTH,            /* len: bytes */
    LENGTH_IF_NOTHING, /* len, which is 0, if the result is 0; else not known */
    LENGTH_TO,         /* len: bytes; addr: where to */
    COUNT_OF_MESSAGES, /* len */
    MESSAGE,           /* data: struct msghdr */
    VECTOR,            /* data: struct iovec; len: how many */
    ADDRESS_OF_PEER,   /* addr */
    OWN_ADDRESS,       /* addr */
    KIND_OF_SOCKET,    /* other: domain; flags: type; len: protocol */
};

/* The calls that are logged, under the name that a person knows them by:
 * __recv_chk is recv, sendfile64 is sendfile. */
#define CALLS(X)                                                                                   \
    X(recv, RECEIVES, A_SOCKET, LENGTH)                                                            \
    X(recvfrom, RECEIVES, A_SOCKET, LENGTH)                                                        \
    X(recvmsg, RECEIVES, A_SOCKET, MESSAGE)                                                        \
    X(recvmmsg, RECEIVES, A_SOCKET, COUNT_OF_MESSAGES)                                             \
    X(read, RECEIVES, ANY_FILE, LENGTH)                                                            \
    X(readv, RECEIVES, ANY_FILE, VECTOR)                                                           \
    X(preadv2, RECEIVES, ANY_FILE, VECTOR)                                                         \
    X(send, SENDS, A_SOCKET, LENGTH)                                                               \
    X(sendto, SENDS, A_SOCKET, LENGTH_TO)                                                          \
    X(sendmsg, SENDS, A_SOCKET, MESSAGE)                                                           \
    X(sendmmsg, SENDS, A_SOCKET, COUNT_OF_MESSAGES)                                                \
    X(write, SENDS, ANY_FILE, LENGTH)                                                              \
    X(writev, SENDS, ANY_FILE, VECTOR)                                                             \
    X(pwritev2, SENDS, ANY_FILE, VECTOR)                                                           \
    X(sendfile, SENDS, ANY_FILE, LENGTH)                                                           \
    X(dprintf, SENDS, ANY_FILE, LENGTH_IF_NOTHING)                                                 \
    X(splice, EITHER_WAY, ANY_FILE, LENGTH)                                                        \
    X(socket, MOVES_NOTHING, NO_SOCKET, KIND_OF_SOCKET)                                            \
    X(socketpair, MOVES_NOTHING, NO_SOCKET, KIND_OF_SOCKET)                                        \
    X(connect, MOVES_NOTHING, A_SOCKET, ADDRESS_OF_PEER)                                           \
    X(accept, ACCEPTS, A_SOCKET, NOTHING_MORE)                                                     \
    X(accept4, ACCEPTS, A_SOCKET, NOTHING_MORE)                                                    \
    X(bind, MOVES_NOTHING, A_SOCKET, OWN_ADDRESS)                                                  \
    X(listen, MOVES_NOTHING, A_SOCKET, NOTHING_MORE)                                               \
    X(shutdown, MOVES_NOTHING, A_SOCKET, NOTHING_MORE)                                             \
    X(close, MOVES_NOTHING, A_SOCKET, NOTHING_MORE)                                                \
    X(exit, MOVES_NOTHING, A_SOCKET, NOTHING_MORE)                                                 \
    X(getsockname, MOVES_NOTHING, ASKED_ABOUT, NOTHING_MORE)                                       \
    X(getpeername, MOVES_NOTHING, ASKED_ABOUT, NOTHING_MORE)                                       \
    X(getsockopt, MOVES_NOTHING, ASKED_ABOUT, NOTHING_MORE)                                        \
    X(setsockopt, MOVES_NOTHING, A_SOCKET, NOTHING_MORE)                                           \
    X(sigaction, MOVES_NOTHING, NO_SOCKET, NOTHING_MORE)                                           \
    X(getaddrinfo, MOVES_NOTHING, NO_SOCKET, NOTHING_MORE)                                         \
    X(getnameinfo, MOVES_NOTHING, NO_SOCKET, NOTHING_MORE)                                         \
    X(gethostbyname, MOVES_NOTHING, NO_SOCKET, NOTHING_MORE)                                       \
    X(gethostbyaddr, MOVES_NOTHING, NO_SOCKET, NOTHING_MORE)

#define CALL_ENUM(name, direction, descriptor, arguments) CALL_##name,
enum call { CALLS(CALL_ENUM) CALL_COUNT };
_Static_assert(CALL_COUNT < 64, "a bit for each: settings.skip_calls, process_first_time()");

struct call_traits {
    enum direction direction;
    enum descriptor descriptor;
    enum arguments arguments;
};
extern hidden const struct call_traits call_traits[CALL_COUNT];

/* exit: the program ended in order, with the connection open. */
static inline bool ends_connection(enum call call)
{
    return call == CALL_close || call == CALL_exit;
}

/* Asks for the name of an address. */
static inline bool call_finds_name(enum call call)
{
    return call == CALL_getnameinfo || call == CALL_gethostbyaddr;
}

/* Returns a pointer, and says in h_errno why there is none. */
static inline bool call_sets_h_errno(enum call call)
{
    return call == CALL_gethostbyname || call == CALL_gethostbyaddr;
}

static inline bool call_resolves(enum call call)
{
    return call == CALL_getaddrinfo || call_finds_name(call) || call_sets_h_errno(call);
}

static inline bool is_accept(enum call call)
{
    return call_traits[call].direction == ACCEPTS;
}

/* By a constant: a failure that is not logged needs no line of the table. */
#define CALL_SENDS(name, direction, descriptor, arguments)                                         \
    | (uint64_t)(direction == SENDS || direction == EITHER_WAY) << CALL_##name
static inline bool may_send(enum call call)
{
    const uint64_t senders = 0 CALLS(CALL_SENDS);
    return senders >> call & 1;
}

/* recvmmsg and sendmmsg. */
static inline bool counts_messages(enum call call)
{
    return call_traits[call].arguments == COUNT_OF_MESSAGES;
}

/* Whether it may be handed something that is no socket. */
static inline bool call_takes_any_file(enum call call)
{
    return call_traits[call].descriptor == ANY_FILE;
}

static inline bool call_only_asks(enum call call)
{
    return call < CALL_COUNT && call_traits[call].descriptor == ASKED_ABOUT;
}

enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR };

/* Causes with their level, in the order of scripts/lib/causes.txt, which says what
 * they mean. not-connected is only `info` from shutdown and setsockopt, as is a
 * bad-descriptor of shutdown that is no socket; cause_level() knows. */
#define CAUSES(X)                                                                                  \
    X(zero_length_request, "zero-length-request", LEVEL_DEBUG)                                     \
    X(zero_length_datagram, "zero-length-datagram", LEVEL_DEBUG)                                   \
    X(error_queue, "error-queue", LEVEL_DEBUG)                                                     \
    X(source_exhausted, "source-exhausted", LEVEL_DEBUG)                                           \
    X(would_block, "would-block", LEVEL_DEBUG)                                                     \
    X(in_progress, "in-progress", LEVEL_DEBUG)                                                     \
    X(interrupted, "interrupted", LEVEL_DEBUG)                                                     \
    X(peer_closed, "peer-closed", LEVEL_INFO)                                                      \
    X(local_shutdown_read, "local-shutdown-read", LEVEL_INFO)                                      \
    X(local_shutdown_write, "local-shutdown-write", LEVEL_WARN)                                    \
    X(peer_reset, "peer-reset", LEVEL_WARN)                                                        \
    X(closed_unanswered, "closed-unanswered", LEVEL_WARN)                                          \
    X(closed_after_error, "closed-after-error", LEVEL_WARN)                                        \
    X(write_after_close, "write-after-close", LEVEL_WARN)                                          \
    X(timeout, "timeout", LEVEL_WARN)                                                              \
    X(connection_timed_out, "connection-timed-out", LEVEL_WARN)                                    \
    X(connect_timed_out, "connect-timed-out", LEVEL_WARN)                                          \
    X(connection_refused, "connection-refused", LEVEL_WARN)                                        \
    X(connection_aborted, "connection-aborted", LEVEL_WARN)                                        \
    X(unreachable, "unreachable", LEVEL_WARN)                                                      \
    X(address_unavailable, "address-unavailable", LEVEL_ERROR)                                     \
    X(address_in_use, "address-in-use", LEVEL_ERROR)                                               \
    X(no_such_socket, "no-such-socket", LEVEL_WARN)                                                \
    X(message_not_sent, "message-not-sent", LEVEL_WARN)                                            \
    X(name_not_resolved, "name-not-resolved", LEVEL_WARN)                                          \
    X(name_resolved_late, "name-resolved-late", LEVEL_WARN)                                        \
    X(reset_by_own_close, "reset-by-own-close", LEVEL_INFO)                                        \
    X(gave_up_connecting, "gave-up-connecting", LEVEL_INFO)                                        \
    X(gave_up_waiting, "gave-up-waiting", LEVEL_INFO)                                              \
    X(gave_up_sending, "gave-up-sending", LEVEL_INFO)                                              \
    X(backlog_full, "backlog-full", LEVEL_WARN)                                                    \
    X(not_connected, "not-connected", LEVEL_ERROR)                                                 \
    X(bad_descriptor, "bad-descriptor", LEVEL_ERROR)                                               \
    X(bad_argument, "bad-argument", LEVEL_ERROR)                                                   \
    X(not_supported, "not-supported", LEVEL_INFO)                                                  \
    X(message_too_big, "message-too-big", LEVEL_ERROR)                                             \
    X(descriptor_limit, "descriptor-limit", LEVEL_ERROR)                                           \
    X(no_memory, "no-memory", LEVEL_ERROR)                                                         \
    X(not_permitted, "not-permitted", LEVEL_ERROR)                                                 \
    X(other, "other", LEVEL_WARN)

#define CAUSE_ENUM(name, word, level) CAUSE_##name,
enum cause { CAUSES(CAUSE_ENUM) CAUSE_COUNT };

_Static_assert(CAUSE_COUNT <= 64, "a bit for each cause: settings.skip_causes");

/* Linux has no errno above this one (EHWPOISON). */
#define ERRNO_MAX 133

const char *call_name(enum call call);
const char *cause_name(enum cause cause);
const char *level_name(enum level level);
/* "ECONNRESET" for ECONNRESET; NULL for a number that Linux does not use. */
const char *errno_name(int err);
/* What a call that resolves says of its failure (netdb.h; glibc and musl have the same numbers):
 * "EAI_NONAME" for getaddrinfo's and getnameinfo's -2, "TRY_AGAIN" for h_errno 2 of
 * gethostbyname; NULL for a number that is none. */
const char *resolver_error_name(enum call call, long error);
/* "ESTABLISHED" for 1, as in the kernel's include/net/tcp_states.h; NULL for
 * a number that is none. */
const char *tcp_state_name(unsigned state);
/* The name of the lowest MSG_ flag in *flags, which is then taken out of
 * *flags; NULL when no bit that has a name is left. */
const char *next_msg_flag(int *flags);

/* Names that the C library has for a call beside the one that is logged. */
enum { CALL_ALIAS_COUNT = 18 };
struct call_alias {
    char name[20];
    enum call call;
};
extern hidden const struct call_alias call_aliases[CALL_ALIAS_COUNT];

/* Second names for one number. */
enum { ERRNO_ALIAS_COUNT = 3 };
struct errno_alias {
    char name[16];
    int err;
};
extern hidden const struct errno_alias errno_aliases[ERRNO_ALIAS_COUNT];

/* Of ASCII, whatever the locale: in Turkish `I` is no large `i`. */
char small_letter(char letter);

/* Whether both have these letters, in upper or lower case. */
bool same_letters(const char *a, const char *b, size_t len);

/* The other way round, for the settings. The word need not end in a NUL, and may be in
 * upper or lower case. They return -1 for a word that is none. call_number also takes the names
 * that are logged under another one, such as sendfile64. */
int call_number(const char *word, size_t len);
int cause_number(const char *word, size_t len);
int errno_number(const char *word, size_t len);

#endif
