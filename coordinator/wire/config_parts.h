/* The sections of a cluster file; config.c calls them in an order in which names are
 * known before they are used, whatever their order in the file. */
#ifndef WIRE_CONFIG_PARTS_H
#define WIRE_CONFIG_PARTS_H

#include "core/model/model.h"
#include "wire/fields.h"

/* A check as written, which stands for one check per target. */
struct check_template {
    char name[LIMIT_NAME];
    int first, n; /* in model->checks */
};

/* reader.context of all sections. */
struct config_builder {
    struct model *model;
    struct check_template *templates; /* owned */
    int n_templates;
    int room_checks; /* allocated in model->checks */
};

#define CONFIG_HOST_CHARS ".:-_"

/* Each reads one section into `into`, the model. */
int config_checks(struct reader *r, const struct doc *doc, void *into);
int config_routes(struct reader *r, const struct doc *doc, void *into);
int config_functions(struct reader *r, const struct doc *doc, void *into);
int config_services(struct reader *r, const struct doc *doc, void *into);
int config_contract(struct reader *r, const struct doc *doc, void *into);
int config_notices(struct reader *r, const struct doc *doc, void *into);
int config_status_page(struct reader *r, const struct doc *doc, void *into);

/* The checks that a text names: a template, or one target's as check@target. Their number, and
 * the first of them; they stand in a row. */
int config_find_checks(const struct config_builder *b, const char *name, int *first);

/* The server, site, ... that a text names; `find` is one of model_site() and such. */
int config_reference(struct reader *r, const struct doc *doc, const char *what,
                     int (*find)(const struct model *model, const char *name), int *index);

/* The thing just read has a name that none before it has: `first`, what model_site() or
 * such finds for the name, must be its own number. */
int config_unique(struct reader *r, const struct doc *doc, const char *what, const char *name,
                  int first, int own);

#endif
