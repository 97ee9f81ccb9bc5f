/* Validation's inside, shared by the validate*.c files only. Each function says in `err` what is
 * wrong and returns ERR_INVALID, or 0. */
#ifndef CORE_MODEL_VALIDATE_H
#define CORE_MODEL_VALIDATE_H

#include "core/model/model.h"

#include <stddef.h>

/* validate_name.c: of a-z and 0-9, and after the first character also those of `also` */
int validate_name(const char *what, const char *name, const char *also, struct err *err);
/* The `name` members of `n` structs of `size` bytes, none twice; `first` is the first's. */
int validate_all_names(const char *what, const char *first, int n, size_t size, const char *also,
                       struct err *err);
#define VALIDATE_NAMES(what, array, n, also, err)                                                  \
    ((n) == 0 ? 0 : validate_all_names(what, (array)[0].name, n, sizeof *(array), also, err))

/* validate_route.c */
int validate_routes(const struct model *model, struct err *err);
/* validate_actuator.c: of the route with this index */
int validate_actuators(const struct model *model, int route, struct err *err);
/* validate_notice.c */
int validate_notices(const struct model *model, struct err *err);

#endif
