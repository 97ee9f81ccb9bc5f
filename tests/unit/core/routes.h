/* A cluster of twelve with a site-wide route and a pairwise one, to look at what a route does and
 * why, rule by rule. */
#ifndef TESTS_CORE_ROUTES_H
#define TESTS_CORE_ROUTES_H

#include "cluster.h"

enum { VOICE = 0, MIRROR = 4, BACKUP = 8, CALLS = 0, PAIR = 1 };

#define ROUTES_YAML 4096
/* `calls`, `pair`: one more line of these routes. */
void routes_yaml(const char *calls, const char *pair, char yaml[ROUTES_YAML]);
/* … at rest, `calls` in tokyo. */
struct cluster *routes_calm(const char *calls, const char *pair);
const struct route_state *route_of(const struct cluster *c, int route);
uint32_t facts_of(const struct cluster *c, int route);
int rule_of(const struct cluster *c, int route);
void assert_moved(const struct cluster *c, int route, int to, int rule);
void routes_end(struct cluster *c);
void set(bool *of, int first, int n, bool value);
void command(struct cluster *c, enum command_kind kind, int route, int to);

#endif
