/* Which records are of one connection: most have no address, since a lean record asks
 * nothing, but a descriptor. What is known of that descriptor before and after counts. */
#ifndef RECORDER_CONNECTION_H
#define RECORDER_CONNECTION_H

#include "unpack.h"

/* Those with this peer or own address: HOST:PORT, HOST, :PORT or a path. */
void connection_choose(const char *address);

/* First of all each record in its order; returns the number of its connection, or 0. */
uint32_t connection_of(const struct unpacked *u);
/* Afterwards: whether it is one of those that were chosen. */
bool connection_is_chosen(uint32_t number);
/* Likewise: the one that it turned out to be, from 1 to connection_count(). */
uint32_t connection_whole(uint32_t number);
uint32_t connection_count(void);

#endif
