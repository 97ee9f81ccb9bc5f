/* What the tools read from their command lines. */
#ifndef TOOLS_ARGS_H
#define TOOLS_ARGS_H

#include <stdbool.h>
#include <sys/socket.h>

#define ARGS_HOST 64

/* A whole decimal number in [least, most]. */
bool args_number(const char *text, int least, int most, int *number);
/* "127.0.0.1:80" or "[::1]:80"; no names. */
bool args_address(const char *text, struct sockaddr_storage *address);

#endif
