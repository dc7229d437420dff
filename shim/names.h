/* The words of the log: calls, errno values, MSG_ flags, TCP states, levels
 * and causes. Every function here is pure and async-signal-safe. */
#ifndef SOCKSHIM_NAMES_H
#define SOCKSHIM_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* The calls that are logged, under the name that a person knows them by:
 * __recv_chk is recv, sendfile64 is sendfile. */
#define CALLS(X)                                                                                   \
    X(recv)                                                                                        \
    X(recvfrom)                                                                                    \
    X(recvmsg)                                                                                     \
    X(recvmmsg)                                                                                    \
    X(read)                                                                                        \
    X(readv)                                                                                       \
    X(preadv2)                                                                                     \
    X(send)                                                                                        \
    X(sendto)                                                                                      \
    X(sendmsg)                                                                                     \
    X(sendmmsg)                                                                                    \
    X(write)                                                                                       \
    X(writev)                                                                                      \
    X(pwritev2)                                                                                    \
    X(sendfile)                                                                                    \
    X(splice)                                                                                      \
    X(socket)                                                                                      \
    X(socketpair)                                                                                  \
    X(connect)                                                                                     \
    X(accept)                                                                                      \
    X(accept4)                                                                                     \
    X(bind)                                                                                        \
    X(listen)                                                                                      \
    X(shutdown)                                                                                    \
    X(getsockopt)                                                                                  \
    X(setsockopt)                                                                                  \
    X(sigaction)

#define CALL_ENUM(name) CALL_##name,
enum call { CALLS(CALL_ENUM) CALL_COUNT };

enum level { LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR };

/* Causes with their level, in the order of scripts/lib/causes.txt, which says what
 * they mean. not-connected is only `info` from shutdown; cause_level() knows. */
#define CAUSES(X)                                                                                  \
    X(ZERO_LENGTH_REQUEST, "zero-length-request", LEVEL_DEBUG)                                     \
    X(ZERO_LENGTH_DATAGRAM, "zero-length-datagram", LEVEL_DEBUG)                                   \
    X(ERROR_QUEUE, "error-queue", LEVEL_DEBUG)                                                     \
    X(SOURCE_EXHAUSTED, "source-exhausted", LEVEL_DEBUG)                                           \
    X(WOULD_BLOCK, "would-block", LEVEL_DEBUG)                                                     \
    X(IN_PROGRESS, "in-progress", LEVEL_DEBUG)                                                     \
    X(INTERRUPTED, "interrupted", LEVEL_DEBUG)                                                     \
    X(PEER_CLOSED, "peer-closed", LEVEL_INFO)                                                      \
    X(LOCAL_SHUTDOWN_READ, "local-shutdown-read", LEVEL_INFO)                                      \
    X(LOCAL_SHUTDOWN_WRITE, "local-shutdown-write", LEVEL_WARN)                                    \
    X(PEER_RESET, "peer-reset", LEVEL_WARN)                                                        \
    X(CLOSED_AFTER_ERROR, "closed-after-error", LEVEL_WARN)                                        \
    X(WRITE_AFTER_CLOSE, "write-after-close", LEVEL_WARN)                                          \
    X(TIMEOUT, "timeout", LEVEL_WARN)                                                              \
    X(CONNECTION_TIMED_OUT, "connection-timed-out", LEVEL_WARN)                                    \
    X(CONNECT_TIMED_OUT, "connect-timed-out", LEVEL_WARN)                                          \
    X(CONNECTION_REFUSED, "connection-refused", LEVEL_WARN)                                        \
    X(CONNECTION_ABORTED, "connection-aborted", LEVEL_WARN)                                        \
    X(UNREACHABLE, "unreachable", LEVEL_WARN)                                                      \
    X(ADDRESS_UNAVAILABLE, "address-unavailable", LEVEL_ERROR)                                     \
    X(ADDRESS_IN_USE, "address-in-use", LEVEL_ERROR)                                               \
    X(NO_SUCH_SOCKET, "no-such-socket", LEVEL_WARN)                                                \
    X(BACKLOG_FULL, "backlog-full", LEVEL_WARN)                                                    \
    X(NOT_CONNECTED, "not-connected", LEVEL_ERROR)                                                 \
    X(BAD_DESCRIPTOR, "bad-descriptor", LEVEL_ERROR)                                               \
    X(BAD_ARGUMENT, "bad-argument", LEVEL_ERROR)                                                   \
    X(NOT_SUPPORTED, "not-supported", LEVEL_INFO)                                                  \
    X(MESSAGE_TOO_BIG, "message-too-big", LEVEL_ERROR)                                             \
    X(DESCRIPTOR_LIMIT, "descriptor-limit", LEVEL_ERROR)                                           \
    X(NO_MEMORY, "no-memory", LEVEL_ERROR)                                                         \
    X(NOT_PERMITTED, "not-permitted", LEVEL_ERROR)                                                 \
    X(OTHER, "other", LEVEL_WARN)

#define CAUSE_ENUM(name, word, level) CAUSE_##name,
enum cause { CAUSES(CAUSE_ENUM) CAUSE_COUNT };

/* Linux has no errno above this one (EHWPOISON). */
#define ERRNO_MAX 133

const char *call_name(enum call call);
const char *cause_name(enum cause cause);
const char *level_name(enum level level);
/* "ECONNRESET" for ECONNRESET; NULL for a number that Linux does not use. */
const char *errno_name(int err);
/* "ESTABLISHED" for 1, as in the kernel's include/net/tcp_states.h; NULL for
 * a number that is none. */
const char *tcp_state_name(unsigned state);
/* The name of the lowest MSG_ flag in *flags, which is then taken out of
 * *flags; NULL when no bit that has a name is left. */
const char *next_msg_flag(int *flags);

/* Whether it is read, write or the like, which may be handed something that is
 * no socket. */
bool call_takes_any_descriptor(enum call call);

/* The other way round, for the settings. The word need not end in a NUL. They
 * return -1 for a word that is none. call_number also takes the names that are
 * logged under another one, such as sendfile64. */
int call_number(const char *word, size_t len);
int cause_number(const char *word, size_t len);
int errno_number(const char *word, size_t len);

#endif
