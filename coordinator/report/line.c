#include "report/line.h"
#include "base/limits.h"
#include "base/utc.h"

#include <string.h>

#define TIME_LEN 24 /* 2026-11-22T03:04:05.678Z */

struct cursor {
    const char *at, *end;
};

static bool literal(struct cursor *c, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* ,"key":123 without sign or leading zeros; below 2^63 as JSON readers want it. */
static bool number(struct cursor *c, const char *key, uint64_t *value)
{
    const char *first;

    if (!literal(c, key))
        return false;
    first = c->at;
    for (*value = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (*value > ((uint64_t)INT64_MAX - 9) / 10)
            return false;
        *value = *value * 10 + (uint64_t)(*c->at - '0');
    }
    return c->at > first && (*first != '0' || c->at == first + 1);
}

static bool moment(struct cursor *c, int64_t *utc_ms)
{
    char text[TIME_LEN + 1];

    if (!literal(c, ",\"time\":\"") || c->end - c->at <= TIME_LEN)
        return false;
    memcpy(text, c->at, TIME_LEN);
    text[TIME_LEN] = '\0';
    c->at += TIME_LEN;
    return text[10] == 'T' && text[19] == '.' && text[23] == 'Z' && utc_parse(text, utc_ms) == 0 &&
           literal(c, "\"");
}

static bool word(struct cursor *c, const char *key, char out[LINE_WORD_MAX])
{
    size_t n = 0;

    if (!literal(c, key))
        return false;
    while (c->at < c->end && n < LINE_WORD_MAX - 1 &&
           ((*c->at >= 'a' && *c->at <= 'z') || *c->at == '-'))
        out[n++] = *c->at++;
    out[n] = '\0';
    return n > 0 && literal(c, "\"");
}

int line_start(const char *line, size_t len, struct line_start *start, struct err *err)
{
    struct cursor c = {line, line + len};

    if (len > LIMIT_LEDGER_LINE)
        return err_set(err, ERR_INVALID, "longer than %d bytes", LIMIT_LEDGER_LINE);
    if (!literal(&c, "{\"v\":1"))
        return err_set(err, ERR_INVALID, "field v: 1 expected at the beginning");
    if (!number(&c, ",\"seq\":", &start->seq))
        return err_set(err, ERR_INVALID, "field seq: a number expected as the second key");
    if (!number(&c, ",\"index\":", &start->index))
        return err_set(err, ERR_INVALID, "field index: a number expected as the third key");
    if (!number(&c, ",\"term\":", &start->term))
        return err_set(err, ERR_INVALID, "field term: a number expected as the fourth key");
    if (!moment(&c, &start->time_ms))
        return err_set(err, ERR_INVALID,
                       "field time: UTC such as \"2026-11-22T03:04:05.678Z\" expected as the "
                       "fifth key");
    if (!word(&c, ",\"category\":\"", start->category))
        return err_set(err, ERR_INVALID, "field category: a word expected as the sixth key");
    if (!word(&c, ",\"type\":\"", start->type))
        return err_set(err, ERR_INVALID, "field type: a word expected as the seventh key");
    if (c.at == c.end || (*c.at != ',' && !(*c.at == '}' && c.at + 1 == c.end)) ||
        line[len - 1] != '}')
        return err_set(err, ERR_INVALID, "not one whole JSON object");
    return 0;
}
