/* Requests that only read. */
#include "base/check.h"
#include "serve/internal.h"

#include <openssl/sha.h>
#include <string.h>

#define SCAN_BYTES (4 << 20) /* of lines looked at for one filtered answer */
#define CATEGORIES_MAX 16

static struct status_local local(const struct request *request)
{
    const struct serve_handlers *handlers = &request->serve->options.handlers;
    struct status_local l = {0};

    handlers->local(handlers->context, &l);
    l.self = request->serve->options.self;
    return l;
}

int run_status(struct request *request, struct rpc_response *response, struct err *err)
{
    struct status_local l = local(request);
    struct jsonw w;

    jsonw_begin(&w, &response->result);
    status_json(request->engine, request->now, &l, &w);
    return 0;
}

int run_nodes(struct request *request, struct rpc_response *response, struct err *err)
{
    struct status_local l = local(request);
    struct jsonw w;

    jsonw_begin(&w, &response->result);
    status_nodes_json(request->engine, request->now, &l, &w);
    return 0;
}

int run_routes(struct request *request, struct rpc_response *response, struct err *err)
{
    struct status_local l = local(request);
    struct jsonw w;

    jsonw_begin(&w, &response->result);
    status_routes_json(request->engine, request->now, &l, &w);
    return 0;
}

int run_coverage(struct request *request, struct rpc_response *response, struct err *err)
{
    struct status_local l = local(request);
    struct jsonw w;
    int64_t from;
    int r;

    r = args_int(request->args, "from", 0, LIMIT_CHECKS, 0, &from, err);
    if (r < 0)
        return r;
    jsonw_begin(&w, &response->result);
    status_coverage_json(request->engine, request->now, &l, (int)from, &w);
    return 0;
}

int run_windows(struct request *request, struct rpc_response *response, struct err *err)
{
    struct jsonw w;

    jsonw_begin(&w, &response->result);
    status_windows_json(request->engine, request->now, &w);
    return 0;
}

int run_topology(struct request *request, struct rpc_response *response, struct err *err)
{
    struct jsonw w;

    jsonw_begin(&w, &response->result);
    status_topology_json(engine_model(request->engine), &w);
    return 0;
}

int run_config(struct request *request, struct rpc_response *response, struct err *err)
{
    const struct shared *shared = engine_shared(request->engine);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct buf text = {0};
    struct jsonw w;

    if (shared->model == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no configuration is committed yet");
    SHA256(shared->config_yaml, shared->config_yaml_len, digest);
    buf_append(&text, shared->config_yaml, shared->config_yaml_len);
    jsonw_begin(&w, &response->result);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "cluster", shared->model->cluster);
    jsonw_int(&w, "version", shared->model->version);
    jsonw_hex(&w, "sha256", digest, sizeof digest);
    jsonw_str(&w, "yaml", buf_cstr(&text));
    jsonw_end(&w);
    buf_free(&text);
    return 0;
}

/* ---- the ledger ---- */

struct filter {
    const char *categories[CATEGORIES_MAX];
    size_t n; /* 0: all */
};

static int filter_read(const json_t *args, struct filter *filter, struct err *err)
{
    const json_t *list = json_object_get(args, "categories");
    size_t i;

    filter->n = json_array_size(list);
    if (filter->n > CATEGORIES_MAX)
        return err_set(err, ERR_INVALID, "more than %d categories", CATEGORIES_MAX);
    for (i = 0; i < filter->n; i++) {
        filter->categories[i] = json_string_value(json_array_get(list, i));
        if (filter->categories[i] == NULL)
            return err_set(err, ERR_INVALID, "a category is not a text");
    }
    return 0;
}

/* The category stands before any text that an operator chose (proto/README.md). */
static bool filter_match(const struct filter *filter, const char *line)
{
    static const char key[] = "\"category\":\"";
    const char *at = strstr(line, key);
    size_t i;

    if (filter->n == 0)
        return true;
    if (at == NULL)
        return false;
    at += sizeof key - 1;
    for (i = 0; i < filter->n; i++) {
        size_t len = strlen(filter->categories[i]);

        if (strncmp(at, filter->categories[i], len) == 0 && at[len] == '"')
            return true;
    }
    return false;
}

/* Writes the lines of `page` that match; returns their bytes. */
static size_t write_lines(struct buf *page, uint64_t count, const struct filter *filter,
                          struct jsonw *w)
{
    char *line = (char *)page->data;
    size_t written = 0;

    while (count-- > 0) {
        char *end = memchr(line, '\n', page->len - (size_t)(line - (char *)page->data));

        CHECK(end != NULL);
        *end = '\0';
        if (filter_match(filter, line)) {
            jsonw_str(w, NULL, line);
            written += (size_t)(end - line);
        }
        line = end + 1;
    }
    return written;
}

/* Reads on from *from until `end`, or until enough was found or looked at. */
static int write_pages(struct request *request, const struct filter *filter, uint64_t *from,
                       uint64_t end, struct jsonw *w, struct err *err)
{
    struct ledger *ledger = request->serve->options.ledger;
    size_t scanned = 0, written = 0;
    struct buf page = {0};
    uint64_t count;
    int r = 0;

    while (*from < end && scanned < SCAN_BYTES && written < SERVE_PAGE_BYTES / 2) {
        buf_clear(&page);
        r = ledger_read(ledger, *from, SERVE_PAGE_BYTES / 2, &page, &count, err);
        if (r < 0)
            break;
        CHECK(count > 0);
        if (count > end - *from)
            count = end - *from;
        written += write_lines(&page, count, filter, w);
        scanned += page.len;
        *from += count;
    }
    buf_free(&page);
    return r;
}

static int ledger_range(struct request *request, uint64_t *from, uint64_t *end, struct err *err)
{
    uint64_t size = engine_shared(request->engine)->ledger.size;
    uint64_t stored = ledger_size(request->serve->options.ledger);
    int64_t first, count;
    int r;

    r = args_int(request->args, "from", 0, INT64_MAX, 0, &first, err);
    if (r == 0)
        r = args_int(request->args, "count", 1, INT64_MAX, INT64_MAX, &count, err);
    if (r != 0)
        return r;
    *from = (uint64_t)first;
    if (*from > size)
        return err_set(err, ERR_INVALID, "the ledger has %llu lines, none with number %llu",
                       (unsigned long long)size, (unsigned long long)*from);
    *end = size < stored ? size : stored;
    if (*from >= *end && *from < size)
        return err_set(err, ERR_UNAVAILABLE, "line %llu is not on this node's disk yet",
                       (unsigned long long)*from);
    if (*end > *from && (uint64_t)count < *end - *from)
        *end = *from + (uint64_t)count;
    return 0;
}

int run_ledger(struct request *request, struct rpc_response *response, struct err *err)
{
    const struct shared *shared = engine_shared(request->engine);
    uint8_t root[TREE_HASH];
    struct filter filter;
    uint64_t from = 0, end = 0, next;
    struct jsonw w;
    int r;

    r = filter_read(request->args, &filter, err);
    if (r == 0)
        r = ledger_range(request, &from, &end, err);
    if (r != 0)
        return r;
    tree_root(&shared->ledger, root);
    next = from;
    jsonw_begin(&w, &response->result);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "cluster", engine_model(request->engine)->cluster);
    jsonw_int(&w, "size", (int64_t)shared->ledger.size);
    jsonw_hex(&w, "root", root, sizeof root);
    jsonw_int(&w, "from", (int64_t)from);
    jsonw_array(&w, "lines");
    r = write_pages(request, &filter, &next, end, &w, err);
    jsonw_end(&w);
    jsonw_int(&w, "next", (int64_t)next);
    jsonw_end(&w);
    return r;
}
