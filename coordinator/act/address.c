#include "act/address.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* 1..65535 in decimal, 0 when it is not. */
static int port_parse(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || port < 1 || port > 65535)
        return 0;
    return (int)port;
}

int act_address_parse(const char *text, struct sockaddr_storage *address, struct err *err)
{
    const char *colon = strrchr(text, ':');
    char host[LIMIT_TEXT];
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    int port = colon == NULL ? 0 : port_parse(colon + 1);
    bool v6 = len > 2 && text[0] == '[' && text[len - 1] == ']';

    memset(address, 0, sizeof *address);
    if (port == 0 || len == 0 || len >= sizeof host)
        return err_set(err, ERR_INVALID, "want an address and a port such as 10.0.0.1:53");
    memcpy(host, v6 ? text + 1 : text, v6 ? len - 2 : len);
    host[v6 ? len - 2 : len] = '\0';
    if (v6 ? uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0
           : uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0)
        return 0;
    return err_set(err, ERR_INVALID,
                   "\"%s\" is no numeric address (names are not looked up: moving traffic "
                   "must not wait for a resolver)",
                   host);
}
