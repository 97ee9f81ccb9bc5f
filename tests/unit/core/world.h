/* A small cluster for tests of the core: the sample configuration below, parsed. */
#ifndef TESTS_UNIT_CORE_WORLD_H
#define TESTS_UNIT_CORE_WORLD_H

#include "core/model/model.h"

/* Twelve coordinators on three places, route "calls" (tokyo, osaka: least 2 of 4). */
struct model *world_model(const char *route_kind, int patience_ms);
struct model *world_parse(const char *yaml);
const char *world_yaml(const char *route_kind, int patience_ms);

#endif
