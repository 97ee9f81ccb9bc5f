/* A ledger line while it is written. Private to the record*.c files. */
#ifndef CORE_RECORD_LINE_H
#define CORE_RECORD_LINE_H

#include "base/jsonw.h"
#include "core/record.h"

struct line {
    struct buf text;
    struct jsonw w;
};

/* The keys that every line begins with. */
void line_begin(struct recorder *r, struct line *line, const char *category, const char *type);
/* Appends it, and frees it; returns its seq. */
uint64_t line_finish(struct recorder *r, struct line *line);
const char *line_text(const char *text);                       /* NULL when it is empty */
const char *line_server(const struct recorder *r, int server); /* its name; NULL: none */
void line_who(const struct recorder *r, struct jsonw *w);      /* the entry's who and reason */
/* Their names, as a list. */
void line_servers(const struct recorder *r, struct jsonw *w, const char *key, server_set set);

#endif
