#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lines.h"
#include "base/mem.h"
#include "base/prng.h"
#include "base/utc.h"
#include "report/export.h"
#include "report/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 600 /* two whole ranges and a part */

static struct lines *ledger(void)
{
    struct lines *lines = mem_zalloc(1, sizeof *lines);

    assert_int_equal(utc_parse("2026-11-22T00:00:00Z", &lines->time_ms), 0);
    while (lines->n < ENTRIES)
        lines_verdict(lines);
    return lines;
}

static void export_all(const struct lines *lines, const struct export_options *options,
                       struct buf *out)
{
    struct ledger_export *e = export_new(options);
    struct err err;
    uint64_t i;
    int rc = 0;

    for (i = 0; rc == 0 && i < lines->n; i++) {
        size_t len;
        const char *line = lines_get(lines, i, &len);

        rc = export_line(e, line, len, out, &err);
        assert_true(rc >= 0);
    }
    export_end(e, out);
    export_free(e);
}

static struct export_options whole(enum export_format format)
{
    return (struct export_options){.format = format,
                                   .cluster = "call-centre",
                                   .since_ms = UTC_NONE,
                                   .until_ms = UTC_NONE,
                                   .exported_ms = 1795316645678};
}

static int verify_text(const char *text, size_t len, struct verify_result *result, struct err *err)
{
    struct verify *v = verify_new();
    const char *at = text, *end = text + len;
    int rc = 0;

    while (rc >= 0 && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t n = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at);
        char *copy = malloc(n > 0 ? n : 1);

        memcpy(copy, at, n);
        rc = verify_line(v, copy, n, err);
        free(copy);
        at += n + (newline != NULL);
    }
    if (rc >= 0)
        rc = verify_end(v, result, err);
    verify_free(v);
    return rc;
}

static int verify_buf(const struct buf *buf, struct err *err)
{
    struct verify_result result;

    return verify_text((const char *)buf->data, buf->len, &result, err);
}

static void a_whole_export_is_whole(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct lines *lines = ledger();
    struct verify_result result;
    struct tree tree = {0};
    struct buf out = {0};
    uint8_t hash[TREE_HASH];
    struct err err;
    uint64_t i;

    export_all(lines, &options, &out);
    assert_int_equal(verify_text((char *)out.data, out.len, &result, &err), 0);
    assert_int_equal(result.from, 0);
    assert_int_equal(result.size, ENTRIES);
    assert_string_equal(result.cluster, "call-centre");
    for (i = 0; i < lines->n; i++) {
        size_t len;
        const char *line = lines_get(lines, i, &len);

        tree_leaf(line, len, hash);
        tree_append(&tree, hash);
        assert_non_null(memmem(out.data, out.len, line, len + 1));
    }
    tree_root(&tree, hash);
    assert_memory_equal(hash, result.root, TREE_HASH);
    buf_free(&out);
    lines_free(lines);
    mem_free(lines);
}

static void an_empty_ledger_too(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct verify_result result;
    struct lines none = {0};
    struct buf out = {0};
    struct err err;

    export_all(&none, &options, &out);
    assert_int_equal(verify_text((char *)out.data, out.len, &result, &err), 0);
    assert_int_equal(result.size, 0);
    assert_int_equal(verify_text("", 0, &result, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "cut off"));
    buf_free(&out);
}

/* Any one byte changed in any entry: that entry is named. */
static void an_altered_entry_is_named(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct lines *lines = ledger();
    struct buf out = {0};
    struct prng prng;
    struct err err;
    int round;

    prng_seed(&prng, 3);
    export_all(lines, &options, &out);
    for (round = 0; round < 400; round++) {
        uint64_t i = prng_below(&prng, ENTRIES);
        char word[32];
        size_t len, at;
        const char *line = lines_get(lines, i, &len);
        uint8_t *place = memmem(out.data, out.len, line, len + 1), old;

        at = prng_below(&prng, (uint32_t)len);
        old = place[at];
        place[at] = (uint8_t)(old == '1' ? '2' : '1');
        assert_true(verify_buf(&out, &err) < 0);
        snprintf(word, sizeof word, "entry %" PRIu64, i);
        if (strstr(err.text, word) == NULL)
            fail_msg("byte %zu of entry %" PRIu64 " altered, but: %s", at, i, err.text);
        place[at] = old;
    }
    assert_int_equal(verify_buf(&out, &err), 0);
    buf_free(&out);
    lines_free(lines);
    mem_free(lines);
}

/* The file's lines in another order: `order[i]` is which line comes i-th. */
static int verify_lines(const struct buf *out, const size_t *order, size_t n, struct err *err)
{
    struct buf text = {0};
    size_t i, k;
    int rc;

    for (i = 0; i < n; i++) {
        const char *at = (const char *)out->data;
        size_t len;

        for (k = 0; k < order[i]; k++)
            at = strchr(at, '\n') + 1;
        len = (size_t)(strchr(at, '\n') + 1 - at);
        buf_append(&text, at, len);
    }
    rc = verify_buf(&text, err);
    buf_free(&text);
    return rc;
}

static void missing_repeated_swapped(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct lines *lines = ledger();
    size_t order[ENTRIES + 10], n = 0, k, all;
    struct buf out = {0};
    struct err err;

    export_all(lines, &options, &out);
    buf_cstr(&out);
    for (k = 0; k < out.len; k++)
        n += out.data[k] == '\n';
    assert_int_equal(n, ENTRIES + 3 + 1);
    all = n;
    for (k = 0; k < n; k++)
        order[k] = k;
    assert_int_equal(verify_lines(&out, order, n, &err), 0);

    order[17] = 18, order[18] = 17;
    assert_int_equal(verify_lines(&out, order, n, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 17"));
    order[17] = 17, order[18] = 17;
    assert_int_equal(verify_lines(&out, order, n, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 17 is repeated"));
    order[18] = 18;
    for (n = 0, k = 0; k < all; k++) /* entry 300 is line 301: a checkpoint comes before */
        if (k != 301)
            order[n++] = k;
    assert_int_equal(verify_lines(&out, order, n, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 300 is missing"));
    for (n = 0, k = 0; k < all; k++) /* the last one before a checkpoint */
        if (k != 255)
            order[n++] = k;
    assert_int_equal(verify_lines(&out, order, n, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 255 is missing"));
    for (n = 0, k = 0; k < all; k++) /* a checkpoint itself */
        if (k != 256)
            order[n++] = k;
    assert_int_equal(verify_lines(&out, order, n, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "checkpoint is missing"));
    for (k = 0; k < all - 1; k++) /* cut off behind any line */
        order[k] = k;
    for (k = 0; k < all; k += 23) {
        assert_int_equal(verify_lines(&out, order, k, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "cut off"));
    }
    for (k = 0; k <= all; k++) /* something behind the head */
        order[k] = k < all ? k : 0;
    assert_int_equal(verify_lines(&out, order, all + 1, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "follows the head"));
    buf_free(&out);
    lines_free(lines);
    mem_free(lines);
}

/* Every byte of the lines that the export itself adds matters. */
static void the_exports_own_lines_are_checked(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct lines *lines = ledger();
    struct buf out = {0};
    uint8_t *head, *root;
    struct err err;

    export_all(lines, &options, &out);
    head = memmem(out.data, out.len, "{\"head\"", 7);
    assert_non_null(head);
    root = (uint8_t *)strstr((char *)head, "\"root\":\"") + 8;
    *root = *root == 'a' ? 'b' : 'a';
    assert_int_equal(verify_buf(&out, &err), ERR_CORRUPT);
    assert_non_null(strstr(err.text, "root"));
    *root = 'G';
    assert_int_equal(verify_buf(&out, &err), ERR_CORRUPT);
    *head = '[';
    assert_int_equal(verify_buf(&out, &err), ERR_INVALID);
    buf_free(&out);
    lines_free(lines);
    mem_free(lines);
}

/* A part still proves itself: its root is the root of the ledger up to its end. */
static void a_part_of_the_ledger(void **state)
{
    static const struct {
        int since, until; /* entries; -1 no bound */
    } parts[] = {{0, 100},  {1, 2},    {100, 300}, {256, 512}, {255, 257}, {599, -1},
                 {300, -1}, {700, -1}, {-1, 0},    {128, 128}, {511, 600}};
    struct lines *lines = ledger();
    size_t p;

    for (p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        struct export_options options = whole(EXPORT_JSONL);
        uint64_t from = 0, size = ENTRIES, i;
        struct verify_result result;
        struct tree tree = {0};
        struct buf out = {0};
        uint8_t hash[TREE_HASH];
        int64_t first;
        struct err err;

        assert_int_equal(utc_parse("2026-11-22T00:00:00Z", &first), 0);
        if (parts[p].since >= 0)
            options.since_ms = first + parts[p].since * 1000 - 500;
        if (parts[p].until >= 0)
            options.until_ms = first + parts[p].until * 1000 - 500;
        if (parts[p].until >= 0)
            size = (uint64_t)parts[p].until;
        if (parts[p].since >= 0)
            from = (uint64_t)parts[p].since < size ? (uint64_t)parts[p].since : size;
        export_all(lines, &options, &out);
        if (verify_text((char *)out.data, out.len, &result, &err) != 0)
            fail_msg("part %zu: %s", p, err.text);
        assert_int_equal(result.from, from);
        assert_int_equal(result.size, size);
        for (i = 0; i < size; i++) {
            size_t len;
            const char *line = lines_get(lines, i, &len);

            tree_leaf(line, len, hash);
            tree_append(&tree, hash);
        }
        tree_root(&tree, hash);
        assert_memory_equal(hash, result.root, TREE_HASH);
        if (from > 0 && from < size) {
            uint8_t *peak = memmem(out.data, out.len, "\"peaks\":[\"", 10);

            assert_non_null(peak);
            peak[10] = peak[10] == '0' ? '1' : '0';
            assert_int_equal(verify_buf(&out, &err), ERR_CORRUPT);
        }
        buf_free(&out);
    }
    lines_free(lines);
    mem_free(lines);
}

/* An attacker who leaves the hashes out is noticed as well. */
static void without_its_beginning(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct lines *lines = ledger();
    struct verify_result result;
    struct buf out = {0};
    const char *second;
    struct err err;

    export_all(lines, &options, &out);
    second = memchr(out.data, '\n', out.len);
    second++;
    assert_int_equal(
        verify_text(second, out.len - (size_t)(second - (char *)out.data), &result, &err),
        ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 0 is missing"));
    buf_free(&out);
    lines_free(lines);
    mem_free(lines);
}

static void lines_that_are_not_whole_are_not_exported(void **state)
{
    struct export_options options = whole(EXPORT_JSONL);
    struct ledger_export *e = export_new(&options);
    struct lines *lines = ledger();
    struct buf out = {0};
    const char *line;
    struct err err;
    size_t len;

    line = lines_get(lines, 1, &len);
    assert_int_equal(export_line(e, line, len, &out, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "entry 0"));
    line = lines_get(lines, 0, &len);
    assert_int_equal(export_line(e, line, len - 1, &out, &err), ERR_INVALID);
    assert_int_equal(out.len, 0);
    export_free(e);
    lines_free(lines);
    mem_free(lines);
}

static void as_csv(void **state)
{
    struct export_options options = whole(EXPORT_CSV);
    struct lines *lines = mem_zalloc(1, sizeof *lines);
    struct buf out = {0};
    const char *text;

    assert_int_equal(utc_parse("2026-11-22T00:00:00Z", &lines->time_ms), 0);
    lines_verdict(lines);
    lines_add(lines, "failover", "refused", ",\"route\":\"calls\",\"reason\":\"=cmd|' /C\\\"\"");
    lines_add(lines, "maintenance", "ended", ",\"window\":12,\"finished\":null,\"reason\":null");
    export_all(lines, &options, &out);
    text = buf_cstr(&out);
    assert_memory_equal(text, "\xef\xbb\xbf\"seq\",\"index\",\"term\",\"time\",", 30);
    assert_non_null(strstr(text, "\"subject\",\"detail\",\"entry\"\r\n\"0\",\"10\",\"3\","
                                 "\"2026-11-22T00:00:00.000Z\",\"verdict\",\"up\","
                                 "\"voice@voice-1\",\"voice-1\",\"{\"\"v\"\":1,"));
    assert_non_null(strstr(text, "\"calls\",\"'=cmd|' /C\"\"\",\"{"));
    assert_non_null(strstr(text, "\"maintenance\",\"ended\",\"12\",\"\",\"{"));
    assert_string_equal(text + strlen(text) - 4, "}\"\r\n");
    buf_free(&out);
    lines_free(lines);
    mem_free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_export_is_whole),
        cmocka_unit_test(an_empty_ledger_too),
        cmocka_unit_test(an_altered_entry_is_named),
        cmocka_unit_test(missing_repeated_swapped),
        cmocka_unit_test(the_exports_own_lines_are_checked),
        cmocka_unit_test(a_part_of_the_ledger),
        cmocka_unit_test(without_its_beginning),
        cmocka_unit_test(lines_that_are_not_whole_are_not_exported),
        cmocka_unit_test(as_csv),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
