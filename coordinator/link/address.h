/* Socket addresses: from texts, to texts, compared. */
#ifndef LINK_ADDRESS_H
#define LINK_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 64 /* "[…IPv6…]:port" and its NUL */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

/* 0, or 1 when `host` is no literal IPv4 or IPv6 address. */
int address_parse(const char *host, int port, union address *address);
/* From a resolver's answer, with `port` put in. */
void address_copy(const struct sockaddr *from, int port, union address *address);
void address_text(const union address *address, char text[ADDRESS_TEXT]);
/* The same machine, whatever the port; an IPv4 address mapped into IPv6 is itself. */
bool address_same_host(const union address *a, const union address *b);
bool address_is_any(const union address *address);
bool address_is_loopback(const union address *address);
/* IPv4 as an IPv6 socket wants it (RFC 4291, 2.5.5.2); IPv6 stays as it is. */
union address address_mapped(const union address *address);

#endif
