/* Addresses on interfaces, by rtnetlink. Every call is answered by the kernel before it
 * returns. */
#ifndef HELPER_ADDRESS_H
#define HELPER_ADDRESS_H

#include "wire/config_helper.h"

#include <stdbool.h>

struct netlink;

int netlink_open(struct netlink **netlink, struct err *err);
void netlink_close(struct netlink *netlink);

/* Puts it there, or renews it, for HOLDING_LIFE_S; read back. */
int address_put(struct netlink *netlink, const struct helper_address *address, struct err *err);
/* Done too when it was not there; read back. */
int address_take(struct netlink *netlink, const struct helper_address *address, struct err *err);
/* IFF_UP; bringing down one that does not exist is done. */
int interface_set(struct netlink *netlink, const char *interface, bool up, struct err *err);

#endif
