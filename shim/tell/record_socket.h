/* What a record says of the socket and its connection: its keys from `type` to `retrans`.
 * Pure and async-signal-safe. */
#ifndef SOCKSHIM_RECORD_SOCKET_H
#define SOCKSHIM_RECORD_SOCKET_H

#include "base/facts.h"
#include "base/text.h"

/* Bytes of the line that an address, or a name that was looked up, may take. */
enum { ADDRESS_MAX = 110 };

/* At most ADDRESS_MAX bytes of the line: a path of control bytes is cut. */
void put_address(struct text *t, const struct address *a);

void put_socket(struct text *t, const struct facts *f);

#endif
