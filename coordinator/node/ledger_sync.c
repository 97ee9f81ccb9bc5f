/* A node that got its state by a snapshot lacks ledger lines: it fetches them from the
 * others, page by page, and checks the whole against the root in the state. */
#include "node/internal.h"

#include <string.h>

static uint64_t size_here(const struct node *node)
{
    return node->shell.ledger_size(node->shell.context);
}

static void check_whole(struct node *node)
{
    uint8_t want[TREE_HASH], have[TREE_HASH];
    struct err err;

    if (node->shell.ledger_root(node->shell.context, have, &err) < 0) {
        node_fatal(node, "%s", err.text);
        return;
    }
    tree_root(&engine_shared(node->engine)->ledger, want);
    if (memcmp(want, have, sizeof want) != 0) {
        node_fatal(node, "the fetched ledger lines do not give the root that is committed");
        return;
    }
    log_line(node->log, LOG_LEVEL_INFO, "ledger", "%llu lines, whole",
             (unsigned long long)size_here(node));
}

/* How many of them got onto the disk. */
static int put_lines(struct node *node, uint64_t seq, const char *const *lines, int n)
{
    uint64_t limit = engine_shared(node->engine)->ledger.size;
    struct err err;
    size_t len;
    int i;

    for (i = 0; i < n && seq < limit; i++, seq++) {
        len = strlen(lines[i]);
        if (len > LIMIT_LEDGER_LINE)
            break;
        if (node->shell.ledger_put(node->shell.context, seq, lines[i], len, &err) < 0) {
            log_line(node->log, LOG_LEVEL_ERROR, "ledger", "%s", err.text);
            break;
        }
    }
    return i;
}

void node_fetched(struct node *node, int code, uint64_t from, const char *const *lines, int n)
{
    int64_t now_ms = node_now(node).boot_ms;
    int put = 0;

    node->fetch_ms = now_ms + LOOK_MS;
    if (code < 0 || !node_lives(node))
        return;
    if (from == size_here(node))
        put = put_lines(node, from, lines, n);
    if (size_here(node) == engine_shared(node->engine)->ledger.size) {
        check_whole(node);
    } else if (put > 0) {
        node->fetch_ms = now_ms; /* on with the next page */
    }
    node_tell(node);
}

void ledger_sync_look(struct node *node, int64_t now_ms)
{
    int n = node->model->n_coordinators;
    uint64_t have;

    if (!node_lives(node))
        return;
    node->fetch_ms = now_ms + LOOK_MS;
    have = size_here(node);
    if (n == 1 || have >= engine_shared(node->engine)->ledger.size)
        return;
    node->fetch_peer = (node->fetch_peer + 1) % n;
    if (node->fetch_peer == node->self)
        node->fetch_peer = (node->fetch_peer + 1) % n;
    node->fetch_ms = INT64_MAX;
    node->shell.fetch(node->shell.context, node->fetch_peer, have);
}
