/* What is odd in a configuration's notices. */
#ifndef CLI_NOTICE_WARN_H
#define CLI_NOTICE_WARN_H

#include "core/model/model.h"

#include <stdio.h>

/* "warning: notices: ..." for what is legal and yet perhaps not what was meant. Returns their
 * number. */
int notice_warn(FILE *out, const struct model *model);

#endif
