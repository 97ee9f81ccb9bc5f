/* Tells the neighbours of an address that it lives here now: ARP announcements (RFC 5227, 3)
 * and unsolicited neighbour advertisements (RFC 4861, 7.2.6). */
#ifndef HELPER_ANNOUNCE_H
#define HELPER_ANNOUNCE_H

#include "wire/config_helper.h"

/* Done too where nobody could be told: an interface that is no Ethernet. */
int announce(const struct helper_address *address, struct err *err);

#endif
