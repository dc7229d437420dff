/* What the programs of a run say of themselves without the log: shim/base/tally_page.h. */
#ifndef LAUNCHER_TALLY_H
#define LAUNCHER_TALLY_H

/* Makes the page, and puts where it is into COMMAND's environment. */
void tally_start(void);
/* Its descriptor, which has to stay open; -1: there is none. */
int tally_file(void);

/* How many programs had the shim; how many processes a socket; how many records could not be
 * written. 0 where there is no page. */
unsigned tally_loaded(void);
unsigned tally_sockets(void);
unsigned tally_lost(void);

/* How many exchanges TCP_NODELAY may have kept from waiting, and of how many connections. */
unsigned tally_spared(unsigned *connections);

/* Whose log could not be opened, and why, as a sentence; NULL: everybody's could. */
const char *tally_unopened(void);

#endif
