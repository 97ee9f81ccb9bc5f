/* Where an actuator listens, as text -> socket address. */
#ifndef ACT_ADDRESS_H
#define ACT_ADDRESS_H

#include "base/err.h"

#include <sys/socket.h>

/* "10.0.0.1:53" or "[fd00::1]:53". Names are refused: moving traffic away from a
 * fault must not wait for a resolver. 0, or ERR_INVALID with the text. */
int act_address_parse(const char *text, struct sockaddr_storage *address, struct err *err);

#endif
