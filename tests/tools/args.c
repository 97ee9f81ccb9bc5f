#include "args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

bool args_number(const char *text, int least, int most, int *number)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most)
        return false;
    *number = (int)value;
    return true;
}

bool args_address(const char *text, struct sockaddr_storage *address)
{
    const char *colon = strrchr(text, ':');
    char host[ARGS_HOST];
    size_t len;
    int port;

    if (colon == NULL || !args_number(colon + 1, 0, 65535, &port))
        return false;
    len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    return uv_ip4_addr(host, port, (struct sockaddr_in *)address) == 0 ||
           uv_ip6_addr(host, port, (struct sockaddr_in6 *)address) == 0;
}
