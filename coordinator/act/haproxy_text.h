/* HAProxy's command line answers, as text -> facts. Computation only: every text is
 * taken as what a stranger sent. Answers are those of HAProxy 2.4 and later. */
#ifndef ACT_HAPROXY_TEXT_H
#define ACT_HAPROXY_TEXT_H

#include "base/err.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* What a route's map says. */
struct haproxy_map {
    char active[LIMIT_NAME]; /* empty: no such key, or a value we never wrote */
    uint32_t epoch, step;    /* 0.0 when missing or garbled */
    bool exact;              /* the two keys once each and well formed, and nothing else */
};
/* The answer to `show map PATH`: lines "0xADDRESS KEY VALUE". */
int haproxy_parse_map(const char *answer, struct haproxy_map *map, struct err *err);

/* The line of PATH in the answer to `show map`: the version in force and the newest one
 * given out by `prepare map`. */
int haproxy_parse_versions(const char *answer, const char *path, uint32_t *current,
                           uint32_t *newest, struct err *err);

/* "New version created: N". */
int haproxy_parse_prepared(const char *answer, uint32_t *version, struct err *err);

enum haproxy_state { HAPROXY_READY, HAPROXY_MAINT, HAPROXY_DRAIN, HAPROXY_ABSENT };
struct haproxy_server {
    enum haproxy_state state;
    unsigned weight, configured; /* now; in HAProxy's configuration */
};
/* What the operator's side of a server says in the answer to `show servers state
 * BACKEND`. What the configuration says besides (a server that is "disabled" there) is
 * overruled by a command, so only the commanded bits count; maint before drain. */
int haproxy_parse_server(const char *answer, const char *backend, const char *server,
                         struct haproxy_server *is, struct err *err);

/* An answer of HAProxy where none was expected, or an unexpected one: its first line as
 * the error's text. ERR_DENIED for a missing permission, else ERR_INVALID. */
int haproxy_refusal(const char *answer, struct err *err);
/* `commit map` of a version that is older than the one in force. */
bool haproxy_is_outdated(const char *answer);

/* Can be one word of a command: no space, quote, backslash, semicolon. */
bool haproxy_word(const char *text);

#endif
