/* The parts of a cluster file's notices. */
#ifndef WIRE_CONFIG_NOTICE_H
#define WIRE_CONFIG_NOTICE_H

#include "wire/config_parts.h"

/* Each reads one list into `into`, the struct notice_config. */
int config_channels(struct reader *r, const struct doc *doc, void *into);
int config_receivers(struct reader *r, const struct doc *doc, void *into);
int config_notice_rules(struct reader *r, const struct doc *doc, void *into);
int config_templates(struct reader *r, const struct doc *doc, void *into);

/* The receiver that a text names. */
int config_receiver(struct reader *r, const struct doc *doc, int *receiver);

/* Into a char[LIMIT_TEXT]: a bare address, which can stand in a command and in a header as it is.
 */
int config_mail_address(struct reader *r, const struct doc *doc, const char *what, char *address);

#endif
