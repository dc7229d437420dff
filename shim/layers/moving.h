/* The calls that move data, as lists for those layers that stand in the way of all of them:
 * DO(name) for each. splice is in both. */
#ifndef SOCKSHIM_MOVING_H
#define SOCKSHIM_MOVING_H

#include "base/next.h"

#ifdef __GLIBC__
#define RECEIVING_OF_GLIBC(DO)                                                                     \
    DO(preadv2) DO(preadv64v2) DO(__recv_chk) DO(__recvfrom_chk) DO(__read_chk)
#define SENDING_OF_GLIBC(DO) DO(pwritev2) DO(pwritev64v2) DO(__vdprintf_chk)
#else
#define RECEIVING_OF_GLIBC(DO)
#define SENDING_OF_GLIBC(DO)
#endif

#ifdef HAVE_TIME64_TWINS
#define RECEIVING_OF_TIME64(DO) DO(__recvmsg64) DO(__recvmmsg64)
#define SENDING_OF_TIME64(DO) DO(__sendmsg64) DO(__sendmmsg64)
#else
#define RECEIVING_OF_TIME64(DO)
#define SENDING_OF_TIME64(DO)
#endif

#define EACH_RECEIVING(DO)                                                                         \
    DO(recv)                                                                                       \
    DO(recvfrom)                                                                                   \
    DO(recvmsg)                                                                                    \
    DO(recvmmsg)                                                                                   \
    DO(read)                                                                                       \
    DO(readv)                                                                                      \
    DO(splice)                                                                                     \
    RECEIVING_OF_GLIBC(DO)                                                                         \
    RECEIVING_OF_TIME64(DO)

#define EACH_SENDING(DO)                                                                           \
    DO(send)                                                                                       \
    DO(sendto)                                                                                     \
    DO(sendmsg)                                                                                    \
    DO(sendmmsg)                                                                                   \
    DO(write)                                                                                      \
    DO(writev)                                                                                     \
    DO(sendfile)                                                                                   \
    DO(sendfile64)                                                                                 \
    DO(splice)                                                                                     \
    DO(vdprintf)                                                                                   \
    SENDING_OF_GLIBC(DO)                                                                           \
    SENDING_OF_TIME64(DO)

/* The function of that layer's file. */
#define PUT_INTO_TABLE(name) next.name = layer_##name;

#endif
