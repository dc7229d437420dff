/* Questions about a socket, put to the kernel directly. Every function is
 * async-signal-safe, keeps errno and leaves the socket's pending error alone. */
#ifndef SOCKSHIM_ASK_H
#define SOCKSHIM_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* getsockopt(2) of SO_ERROR is off limits: it would change what the program sees.
 * *len is the room in bytes, and then what the kernel filled in. One system call;
 * false if the question was not answered. */
bool ask(int fd, int level, int option, void *value, socklen_t *len);

/* An option that is an int; -1 if the kernel does not answer. */
int ask_int(int fd, int level, int option);

/* Whether `fd` is open on a socket at all. By fstat, which no filter forbids a program:
 * the loader makes it for every library, while a filter that kills for socket calls
 * is nothing unusual (systemd's SystemCallFilter=~@network-io). */
bool is_socket(int fd);
/* Whether it is a TCP or MPTCP socket, or any IP socket; false if the kernel does not
 * say. One to three system calls; of what is no socket is_ip_socket() asks no more
 * than is_socket(). */
bool is_tcp_socket(int fd);
bool is_ip_socket(int fd);
/* As is_tcp_socket(), of a socket and without a socket call: by SIOCOUTQNSD, which
 * only these know (net/ipv4/tcp.c, net/mptcp/protocol.c). */
bool is_tcp_by_ioctl(int fd);

/* Whether `len` bytes can be read; one system call for each page that they touch. false
 * in a cage, where nothing may be asked. */
bool can_read(const void *from, size_t len);

#endif
