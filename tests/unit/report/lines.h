/* Ledger lines for tests, as proto/README.md has them. */
#ifndef TESTS_REPORT_LINES_H
#define TESTS_REPORT_LINES_H

#include "base/buf.h"
#include "core/model/model.h"

#include <stddef.h>
#include <stdint.h>

#define LINES_MAX 2000

struct lines {
    struct buf text;          /* each with its newline */
    size_t at[LINES_MAX + 1]; /* where line i begins */
    uint64_t n;
    int64_t time_ms; /* of the next line; one second later each */
};

void lines_free(struct lines *lines);
/* Adds a line; `more` is what follows "type", with its leading comma, may be "". */
void lines_add(struct lines *lines, const char *category, const char *type, const char *more, ...)
    __attribute__((format(printf, 4, 5)));
/* A verdict with three ballots, the most frequent kind. */
void lines_verdict(struct lines *lines);
const char *lines_get(const struct lines *lines, uint64_t i, size_t *len);

/* The start of a line, without the closing brace. */
void lines_start(struct buf *out, uint64_t seq, int64_t time_ms, const char *category,
                 const char *type);

/* Functions "calling" (label 発信) and "login", service "call-centre" of both, target
 * 98 %, Asia/Tokyo. */
struct model *lines_model(void);

#endif
