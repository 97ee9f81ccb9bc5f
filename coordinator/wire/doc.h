/* A YAML document, and so a JSON one, as a tree of texts with line numbers. Only what a
 * configuration needs: one document, no anchors, aliases, tags, nested keys or deep nesting, so
 * that the tree is never larger than the file. Pure. */
#ifndef WIRE_DOC_H
#define WIRE_DOC_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DOC_DEPTH_MAX 8

enum doc_kind { DOC_TEXT, DOC_LIST, DOC_MAP };

struct doc {
    enum doc_kind kind;
    int line;        /* from 1 */
    const char *key; /* of a map's child; NULL otherwise */
    int key_line;
    const char *text;  /* DOC_TEXT: of control characters it has line feeds alone; else NULL */
    bool block;        /* DOC_TEXT: written with |, its lines are the file's from `line` + 1 on */
    bool null;         /* DOC_TEXT: null without quotes, which JSON has for what is not there */
    struct doc *first; /* children of a list or map */
    struct doc *next;  /* of the same parent */
};

/* 0 and a tree for doc_free(); ERR_LIMIT (> LIMIT_CONFIG) or ERR_INVALID with
 * `file`:line in the text. */
int doc_parse(const char *file, const unsigned char *yaml, size_t len, struct doc **root,
              struct err *err);
void doc_free(struct doc *doc); /* NULL is fine */

int doc_count(const struct doc *doc); /* children */
/* "a text", "a list", "a map": for messages. */
const char *doc_kind_name(const struct doc *doc);

#endif
