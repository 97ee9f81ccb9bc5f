/* What every ledger line begins with (proto/README.md), read by position: the keys are
 * in a fixed order, so a million lines need no JSON tree. Pure. */
#ifndef REPORT_LINE_H
#define REPORT_LINE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_WORD_MAX 32

struct line_start {
    uint64_t seq, index, term;
    int64_t time_ms;
    char category[LINE_WORD_MAX], type[LINE_WORD_MAX];
};

/* ERR_INVALID names the field, not the line: the caller knows which one it is. */
int line_start(const char *line, size_t len, struct line_start *start, struct err *err);

static inline bool line_begins(const char *line, size_t len, const char *with, size_t with_len)
{
    return len >= with_len && __builtin_memcmp(line, with, with_len) == 0;
}

#endif
