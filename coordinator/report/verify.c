#include "report/verify.h"
#include "report/export.h"
#include "report/line.h"
#include "base/mem.h"
#include "base/utc.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

struct verify {
    struct tree tree;
    uint64_t line;          /* of the file, from 1 */
    uint64_t from, checked; /* checked: size at the last checkpoint */
    bool begun, ended;
    int64_t time_ms;
    uint64_t backwards; /* first entry since `checked` whose time is before the last one's */
    uint8_t leaves[EXPORT_RANGE * EXPORT_LEAF]; /* since then */
    struct verify_result result;
};

struct verify *verify_new(void)
{
    struct verify *v = mem_zalloc(1, sizeof *v);

    v->time_ms = UTC_NONE;
    v->backwards = UINT64_MAX;
    return v;
}

void verify_free(struct verify *v)
{
    mem_free(v);
}

static int wrong(const struct verify *v, const char *what, struct err *err)
{
    return err_set(err, ERR_INVALID, "line %" PRIu64 ": %s", v->line, what);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly 2 * len lower-case digits. */
static bool hex_bytes(const json_t *item, uint8_t *out, size_t len)
{
    const char *text = json_string_value(item);
    size_t i;

    if (text == NULL || json_string_length(item) != 2 * len)
        return false;
    for (i = 0; i < len; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool count_of(const json_t *object, const char *key, uint64_t *value)
{
    const json_t *item = json_object_get(object, key);

    if (!json_is_integer(item) || json_integer_value(item) < 0)
        return false;
    *value = (uint64_t)json_integer_value(item);
    return true;
}

static int take_before(struct verify *v, const json_t *before, struct err *err)
{
    const json_t *peaks = json_object_get(before, "peaks");
    size_t i = 0;
    int k;

    if (v->begun)
        return wrong(v, "`before` may only be the first line", err);
    if (!count_of(before, "size", &v->tree.size) || v->tree.size == 0)
        return wrong(v, "before: field size: a number above 0 expected", err);
    if (!json_is_array(peaks) ||
        json_array_size(peaks) != (size_t)__builtin_popcountll(v->tree.size))
        return wrong(v, "before: field peaks: one hash for each set bit of size expected", err);
    for (k = 63; k >= 0; k--)
        if ((v->tree.size >> k & 1) != 0 &&
            !hex_bytes(json_array_get(peaks, i++), v->tree.peaks[k], TREE_HASH))
            return wrong(v, "before: field peaks: 64 hexadecimal digits expected", err);
    v->from = v->checked = v->tree.size;
    return 0;
}

/* The first entry since the last checkpoint whose hash is not the one exported. */
static int name_altered(const struct verify *v, const uint8_t *leaves, size_t n, struct err *err)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (memcmp(v->leaves + i * EXPORT_LEAF, leaves + i * EXPORT_LEAF, EXPORT_LEAF) != 0)
            return err_set(err, ERR_CORRUPT,
                           "entry %" PRIu64 " was altered: its hash is not the one in the "
                           "checkpoint on line %" PRIu64,
                           v->checked + i, v->line);
    return err_set(err, ERR_CORRUPT,
                   "line %" PRIu64 ": the root over %" PRIu64
                   " entries was altered, or the line `before`: the entries from %" PRIu64
                   " on have their hashes",
                   v->line, v->tree.size, v->checked);
}

static int take_checkpoint(struct verify *v, const json_t *checkpoint, struct err *err)
{
    uint8_t leaves[EXPORT_RANGE * EXPORT_LEAF], root[TREE_HASH], ours[TREE_HASH];
    size_t n = (size_t)(v->tree.size - v->checked);
    uint64_t size;

    if (!count_of(checkpoint, "size", &size))
        return wrong(v, "checkpoint: field size: a number expected", err);
    if (size != v->tree.size)
        return err_set(err, ERR_INVALID,
                       "line %" PRIu64 ": a checkpoint over %" PRIu64 " entries, but entry %" PRIu64
                       " is missing here",
                       v->line, size, v->tree.size);
    if (!hex_bytes(json_object_get(checkpoint, "root"), root, sizeof root))
        return wrong(v, "checkpoint: field root: 64 hexadecimal digits expected", err);
    if (!hex_bytes(json_object_get(checkpoint, "leaves"), leaves, n * EXPORT_LEAF))
        return wrong(v, "checkpoint: field leaves: 8 hexadecimal digits an entry expected", err);
    tree_root(&v->tree, ours);
    if (memcmp(root, ours, sizeof root) != 0 || memcmp(leaves, v->leaves, n * EXPORT_LEAF) != 0)
        return name_altered(v, leaves, n, err);
    if (v->backwards != UINT64_MAX)
        return err_set(err, ERR_INVALID, "entry %" PRIu64 ": field time: it runs backwards",
                       v->backwards);
    v->checked = v->tree.size;
    return 0;
}

static int take_head(struct verify *v, const json_t *head, struct err *err)
{
    const char *cluster = json_string_value(json_object_get(head, "cluster"));
    const char *exported = json_string_value(json_object_get(head, "exported"));
    const char *until = json_string_value(json_object_get(head, "until"));
    int64_t until_ms = UTC_NONE;
    uint8_t root[TREE_HASH];
    uint64_t size, from;

    if (v->checked != v->tree.size)
        return wrong(v, "the checkpoint before the head is missing", err);
    if (!count_of(head, "size", &size) || size != v->tree.size)
        return err_set(err, ERR_INVALID,
                       "line %" PRIu64 ": head: field size: %" PRIu64 " expected: entry %" PRIu64
                       " is the first that is missing",
                       v->line, v->tree.size, v->tree.size);
    if (!count_of(head, "from", &from) || from != v->from)
        return err_set(err, ERR_INVALID, "line %" PRIu64 ": head: field from: %" PRIu64 " expected",
                       v->line, v->from);
    if (cluster == NULL || strlen(cluster) >= LIMIT_NAME)
        return wrong(v, "head: field cluster: a name expected", err);
    tree_root(&v->tree, v->result.root);
    if (!hex_bytes(json_object_get(head, "root"), root, sizeof root) ||
        memcmp(root, v->result.root, sizeof root) != 0)
        return err_set(err, ERR_CORRUPT,
                       "line %" PRIu64 ": head: field root: it is not the root of the entries",
                       v->line);
    v->result.known_ms = UTC_NONE;
    if (exported != NULL && utc_parse(exported, &v->result.known_ms) != 0)
        return wrong(v, "head: field exported: a time expected", err);
    if (until != NULL && utc_parse(until, &until_ms) != 0)
        return wrong(v, "head: field until: a time expected", err);
    if (until != NULL && until_ms - 1 < v->result.known_ms)
        v->result.known_ms = until_ms - 1;
    if (v->result.known_ms < v->time_ms) /* the clock that made it was behind */
        v->result.known_ms = v->time_ms;
    v->result.from = from;
    v->result.size = size;
    memcpy(v->result.cluster, cluster, strlen(cluster) + 1);
    v->ended = true;
    return 0;
}

/* A line that is no entry. */
static int own_line(struct verify *v, const char *line, size_t len, struct err *err)
{
    json_error_t problem;
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, &problem);
    const json_t *item;
    int rc;

    if (root == NULL)
        return err_set(err, ERR_INVALID, "line %" PRIu64 ": not JSON: %s", v->line, problem.text);
    if ((item = json_object_get(root, "before")) != NULL)
        rc = take_before(v, item, err);
    else if ((item = json_object_get(root, "checkpoint")) != NULL)
        rc = take_checkpoint(v, item, err);
    else
        rc = take_head(v, json_object_get(root, "head"), err);
    json_decref(root);
    v->begun = true;
    return rc < 0 ? rc : 1;
}

static int out_of_step(const struct verify *v, uint64_t seq, struct err *err)
{
    if (seq > v->tree.size)
        return err_set(err, ERR_INVALID,
                       "line %" PRIu64 ": entry %" PRIu64 " is missing: entry %" PRIu64
                       " stands in its place",
                       v->line, v->tree.size, seq);
    return err_set(err, ERR_INVALID,
                   "line %" PRIu64 ": entry %" PRIu64 " is repeated or out of order: entry %" PRIu64
                   " expected",
                   v->line, seq, v->tree.size);
}

static int entry(struct verify *v, const char *line, size_t len, struct err *err)
{
    uint8_t leaf[TREE_HASH];
    struct line_start start;
    int rc = line_start(line, len, &start, err);

    v->begun = true;
    if (rc < 0)
        return err_wrap(err, rc, "line %" PRIu64 ": entry %" PRIu64, v->line, v->tree.size);
    if (start.seq != v->tree.size)
        return out_of_step(v, start.seq, err);
    /* Perhaps it was the entry before that was altered: the hashes will tell. */
    if (start.time_ms < v->time_ms && v->backwards == UINT64_MAX)
        v->backwards = start.seq;
    if (v->tree.size - v->checked == EXPORT_RANGE)
        return wrong(v, "a checkpoint is missing", err);
    tree_leaf(line, len, leaf);
    memcpy(v->leaves + (v->tree.size - v->checked) * EXPORT_LEAF, leaf, EXPORT_LEAF);
    tree_append(&v->tree, leaf);
    v->time_ms = start.time_ms;
    return 0;
}

int verify_line(struct verify *v, const char *line, size_t len, struct err *err)
{
    static const char *const own[] = {"{\"before\":", "{\"checkpoint\":", "{\"head\":"};
    size_t i;

    v->line++;
    if (v->ended)
        return wrong(v, "something follows the head", err);
    for (i = 0; i < sizeof own / sizeof own[0]; i++)
        if (line_begins(line, len, own[i], strlen(own[i])))
            return own_line(v, line, len, err);
    return entry(v, line, len, err);
}

const struct tree *verify_tree(const struct verify *v)
{
    return &v->tree;
}

int verify_end(struct verify *v, struct verify_result *result, struct err *err)
{
    if (!v->ended && v->tree.size == v->from)
        return err_set(err, ERR_INVALID, "the export is cut off: it has neither entries nor head");
    if (!v->ended)
        return err_set(err, ERR_INVALID,
                       "the export is cut off behind entry %" PRIu64 ": it has no head",
                       v->tree.size - 1);
    *result = v->result;
    return 0;
}
