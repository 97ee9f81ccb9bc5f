#include "report/export.h"
#include "report/csv.h"
#include "report/line.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/account/tree.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

struct ledger_export {
    struct export_options options;
    struct tree tree;
    bool begun;
    uint64_t from;
    uint8_t leaves[EXPORT_RANGE * EXPORT_LEAF]; /* since the last checkpoint */
    size_t n_leaves;
};

struct ledger_export *export_new(const struct export_options *options)
{
    struct ledger_export *e = mem_zalloc(1, sizeof *e);

    e->options = *options;
    return e;
}

void export_free(struct ledger_export *e)
{
    mem_free(e);
}

static void before(const struct ledger_export *e, struct buf *out)
{
    struct jsonw w;
    int k;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "before");
    jsonw_int(&w, "size", (int64_t)e->tree.size);
    jsonw_array(&w, "peaks");
    for (k = 63; k >= 0; k--)
        if ((e->tree.size >> k & 1) != 0)
            jsonw_hex(&w, NULL, e->tree.peaks[k], TREE_HASH);
    jsonw_end(&w);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_str(out, "\n");
}

static void begin(struct ledger_export *e, struct buf *out)
{
    e->begun = true;
    e->from = e->tree.size;
    if (e->options.format == EXPORT_CSV) {
        static const char *const columns[] = {"seq",  "index",   "term",   "time", "category",
                                              "type", "subject", "detail", "entry"};
        size_t i;

        csv_begin(out);
        for (i = 0; i < sizeof columns / sizeof columns[0]; i++)
            csv_text(out, columns[i]);
        csv_end(out);
    } else if (e->from > 0) {
        before(e, out);
    }
}

static void checkpoint(struct ledger_export *e, struct buf *out)
{
    uint8_t root[TREE_HASH];
    struct jsonw w;

    tree_root(&e->tree, root);
    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "checkpoint");
    jsonw_int(&w, "size", (int64_t)e->tree.size);
    jsonw_hex(&w, "root", root, sizeof root);
    jsonw_hex(&w, "leaves", e->leaves, e->n_leaves * EXPORT_LEAF);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_str(out, "\n");
    e->n_leaves = 0;
}

/* The first of the keys that the entry has, as a cell. */
static void cell_of(const json_t *entry, const char *const *keys, struct buf *out)
{
    for (; *keys != NULL; keys++) {
        const json_t *item = json_object_get(entry, *keys);

        if (json_is_string(item)) {
            csv_text(out, json_string_value(item));
            return;
        }
        if (json_is_integer(item)) {
            csv_int(out, json_integer_value(item));
            return;
        }
    }
    csv_text(out, NULL);
}

static int row(const struct line_start *start, const char *line, size_t len, struct buf *out,
               struct err *err)
{
    static const char *const subjects[] = {"check",  "route",   "function", "server",
                                           "window", "version", "outage",   NULL};
    static const char *const details[] = {"reason", "text",  "to",  "target", "kind",
                                          "active", "cause", "end", NULL};
    char time[UTC_TEXT_MAX];
    json_error_t problem;
    json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem);

    if (entry == NULL)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": not JSON: %s", start->seq,
                       problem.text);
    utc_format(start->time_ms, time);
    csv_int(out, (int64_t)start->seq);
    csv_int(out, (int64_t)start->index);
    csv_int(out, (int64_t)start->term);
    csv_text(out, time);
    csv_text(out, start->category);
    csv_text(out, start->type);
    cell_of(entry, subjects, out);
    cell_of(entry, details, out);
    csv_bytes(out, line, len);
    csv_end(out);
    json_decref(entry);
    return 0;
}

int export_line(struct ledger_export *e, const char *line, size_t len, struct buf *out,
                struct err *err)
{
    uint8_t leaf[TREE_HASH];
    struct line_start start;
    int rc = line_start(line, len, &start, err);

    if (rc < 0)
        return err_wrap(err, rc, "entry %" PRIu64, e->tree.size);
    if (start.seq != e->tree.size)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": field seq: entry %" PRIu64 " found",
                       e->tree.size, start.seq);
    if (e->options.until_ms != UTC_NONE && start.time_ms >= e->options.until_ms)
        return 1;
    if (!e->begun && (e->options.since_ms == UTC_NONE || start.time_ms >= e->options.since_ms))
        begin(e, out);
    tree_leaf(line, len, leaf);
    tree_append(&e->tree, leaf);
    if (!e->begun)
        return 0;
    if (e->options.format == EXPORT_CSV)
        return row(&start, line, len, out, err);
    buf_append(out, line, len);
    buf_str(out, "\n");
    memcpy(e->leaves + e->n_leaves++ * EXPORT_LEAF, leaf, EXPORT_LEAF);
    if (e->tree.size % EXPORT_RANGE == 0)
        checkpoint(e, out);
    return 0;
}

void export_end(struct ledger_export *e, struct buf *out)
{
    uint8_t root[TREE_HASH];
    struct jsonw w;

    if (!e->begun)
        begin(e, out);
    if (e->options.format == EXPORT_CSV)
        return;
    if (e->n_leaves > 0)
        checkpoint(e, out);
    tree_root(&e->tree, root);
    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_object(&w, "head");
    jsonw_int(&w, "size", (int64_t)e->tree.size);
    jsonw_hex(&w, "root", root, sizeof root);
    jsonw_str(&w, "cluster", e->options.cluster);
    jsonw_int(&w, "from", (int64_t)e->from);
    if (e->options.since_ms != UTC_NONE)
        jsonw_time(&w, "since", e->options.since_ms);
    if (e->options.until_ms != UTC_NONE)
        jsonw_time(&w, "until", e->options.until_ms);
    jsonw_time(&w, "exported", e->options.exported_ms);
    jsonw_end(&w);
    jsonw_end(&w);
    buf_str(out, "\n");
}
