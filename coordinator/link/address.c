#include "link/address.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

int address_parse(const char *host, int port, union address *address)
{
    memset(address, 0, sizeof *address);
    if (uv_ip4_addr(host, port, &address->v4) == 0)
        return 0;
    return uv_ip6_addr(host, port, &address->v6) == 0 ? 0 : 1;
}

void address_copy(const struct sockaddr *from, int port, union address *address)
{
    memset(address, 0, sizeof *address);
    if (from->sa_family == AF_INET6) {
        address->v6 = *(const struct sockaddr_in6 *)from;
        address->v6.sin6_port = htons((uint16_t)port);
    } else {
        address->v4 = *(const struct sockaddr_in *)from;
        address->v4.sin_port = htons((uint16_t)port);
    }
}

void address_text(const union address *address, char text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->any.sa_family == AF_INET6) {
        uv_ip6_name(&address->v6, host, sizeof host);
        snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, ntohs(address->v6.sin6_port));
    } else if (address->any.sa_family == AF_INET) {
        uv_ip4_name(&address->v4, host, sizeof host);
        snprintf(text, ADDRESS_TEXT, "%s:%u", host, ntohs(address->v4.sin_port));
    } else {
        snprintf(text, ADDRESS_TEXT, "?");
    }
}

union address address_mapped(const union address *address)
{
    union address mapped = *address;

    if (address->any.sa_family != AF_INET)
        return mapped;
    memset(&mapped, 0, sizeof mapped);
    mapped.v6.sin6_family = AF_INET6;
    mapped.v6.sin6_port = address->v4.sin_port;
    mapped.v6.sin6_addr.s6_addr[10] = 0xff;
    mapped.v6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(mapped.v6.sin6_addr.s6_addr + 12, &address->v4.sin_addr, 4);
    return mapped;
}

bool address_same_host(const union address *a, const union address *b)
{
    union address x = address_mapped(a), y = address_mapped(b);

    return memcmp(&x.v6.sin6_addr, &y.v6.sin6_addr, sizeof x.v6.sin6_addr) == 0;
}

bool address_is_any(const union address *address)
{
    static const struct in6_addr any6 = IN6ADDR_ANY_INIT;

    if (address->any.sa_family == AF_INET)
        return address->v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return memcmp(&address->v6.sin6_addr, &any6, sizeof any6) == 0;
}

bool address_is_loopback(const union address *address)
{
    union address mapped = address_mapped(address);
    const struct in6_addr *in6 = &mapped.v6.sin6_addr;

    return IN6_IS_ADDR_LOOPBACK(in6) || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == 127);
}
