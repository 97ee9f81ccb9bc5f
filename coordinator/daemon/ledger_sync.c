/* A node that got its state by a snapshot lacks ledger lines: it fetches them from the
 * others, page by page, and checks the whole against the root in the state. */
#include "base/check.h"
#include "core/account/tree.h"
#include "daemon/node.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define PAGE_WAIT_MS 5000
#define CHECK_BYTES (1 << 20)

/* Recomputes the tree over the lines on disk. */
static int disk_root(struct node *node, uint8_t root[TREE_HASH], struct err *err)
{
    struct tree tree = {0};
    struct buf page = {0};
    uint8_t leaf[TREE_HASH];
    uint64_t count;
    int r = 0;

    while (r == 0 && tree.size < ledger_size(node->ledger)) {
        char *line, *end;

        buf_clear(&page);
        r = ledger_read(node->ledger, tree.size, CHECK_BYTES, &page, &count, err);
        for (line = (char *)page.data; r == 0 && count > 0; count--, line = end + 1) {
            end = memchr(line, '\n', page.len - (size_t)(line - (char *)page.data));
            CHECK(end != NULL);
            tree_leaf(line, (size_t)(end - line), leaf);
            tree_append(&tree, leaf);
        }
    }
    tree_root(&tree, root);
    buf_free(&page);
    return r;
}

static void check_whole(struct node *node)
{
    uint8_t want[TREE_HASH], have[TREE_HASH];
    struct err err;

    if (disk_root(node, have, &err) < 0)
        node_fatal(node, err.text);
    tree_root(&engine_shared(node->engine)->ledger, want);
    if (memcmp(want, have, sizeof want) != 0)
        node_fatal(node, "the fetched ledger lines do not give the root that is committed");
    log_line(node->log, LOG_LEVEL_INFO, "ledger", "%llu lines, whole",
             (unsigned long long)ledger_size(node->ledger));
}

static bool put_lines(struct node *node, const json_t *lines)
{
    uint64_t seq = ledger_size(node->ledger);
    uint64_t limit = engine_shared(node->engine)->ledger.size;
    const char *line;
    struct err err;
    size_t i;

    for (i = 0; i < json_array_size(lines) && seq < limit; i++, seq++) {
        line = json_string_value(json_array_get(lines, i));
        if (line == NULL || strlen(line) > LIMIT_LEDGER_LINE ||
            ledger_put(node->ledger, seq, line, strlen(line), &err) < 0)
            return false;
    }
    return i > 0;
}

static void on_page(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    struct rpc_response response = {0};
    json_t *page = NULL;
    struct err err;
    bool more = false;

    node->syncing = false;
    if (code != 0 || node->closing)
        return;
    if (rpc_response_decode(bytes, len, &response, &err) == 0 && response.code == 0)
        page = json_loadb((char *)response.result.data, response.result.len, 0, NULL);
    if (page != NULL &&
        json_integer_value(json_object_get(page, "from")) == (json_int_t)ledger_size(node->ledger))
        more = put_lines(node, json_object_get(page, "lines"));
    json_decref(page);
    rpc_response_free(&response);
    if (ledger_size(node->ledger) == engine_shared(node->engine)->ledger.size)
        check_whole(node);
    else if (more)
        ledger_sync_check(node);
}

void ledger_sync_check(struct node *node)
{
    uint64_t have = ledger_size(node->ledger);
    struct rpc_request request = {.verb = "ledger-page"};
    struct buf bytes = {0};
    int n = node->file_model->n_coordinators;

    if (node->syncing || have >= engine_shared(node->engine)->ledger.size)
        return;
    node->sync_peer = (node->sync_peer + 1) % n;
    if (node->sync_peer == node->self)
        node->sync_peer = (node->sync_peer + 1) % n;
    buf_printf(&request.args, "{\"from\":%llu}", (unsigned long long)have);
    rpc_request_encode(&request, &bytes);
    node->syncing = true;
    link_request(node->link, node->sync_peer, bytes.data, bytes.len, PAGE_WAIT_MS, on_page, node);
    buf_free(&bytes);
    rpc_request_free(&request);
}
