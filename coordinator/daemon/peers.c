/* What a coordinator asks another over the port: ledger lines, and to be taken back. */
#include "base/mem.h"
#include "daemon/daemon.h"

#include <jansson.h>

#define PAGE_WAIT_MS 5000
#define JOIN_WAIT_MS 10000

static void ask(struct daemon *daemon, int server, struct rpc_request *request, int wait_ms,
                link_answer *answer)
{
    struct buf bytes = {0};

    rpc_request_encode(request, &bytes);
    link_request(daemon->link, server, bytes.data, bytes.len, wait_ms, answer, daemon);
    buf_free(&bytes);
    rpc_request_free(request);
}

/* ---- ledger lines ---- */

static int give_page(struct daemon *daemon, const json_t *page)
{
    const json_t *lines = json_object_get(page, "lines");
    json_int_t from = json_integer_value(json_object_get(page, "from"));
    size_t i, n = json_array_size(lines);
    const char **texts;

    if (from < 0 || n == 0 || n > INT32_MAX)
        return ERR_INVALID;
    texts = mem_zalloc(n, sizeof *texts);
    for (i = 0; i < n; i++) {
        texts[i] = json_string_value(json_array_get(lines, i));
        if (texts[i] == NULL)
            break;
    }
    if (i > 0)
        node_fetched(daemon->node, 0, (uint64_t)from, texts, (int)i);
    mem_free(texts);
    return i > 0 ? 0 : ERR_INVALID;
}

static void on_page(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct daemon *daemon = context;
    struct rpc_response response = {0};
    json_t *page = NULL;
    struct err err;

    if (daemon->node == NULL)
        return;
    if (code == 0)
        code = rpc_response_decode(bytes, len, &response, &err);
    if (code == 0)
        code = response.code;
    if (code == 0) {
        page = json_loadb((char *)response.result.data, response.result.len, 0, NULL);
        code = give_page(daemon, page);
    }
    if (code != 0)
        node_fetched(daemon->node, code, 0, NULL, 0);
    json_decref(page);
    rpc_response_free(&response);
}

void peers_fetch(void *context, int server, uint64_t from)
{
    struct rpc_request request = {.verb = "ledger-page"};

    buf_printf(&request.args, "{\"from\":%llu}", (unsigned long long)from);
    ask(context, server, &request, PAGE_WAIT_MS, on_page);
}

/* ---- joining ---- */

static void on_join_answer(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct daemon *daemon = context;
    struct rpc_response response = {0};
    struct err err;

    if (daemon->node == NULL)
        return;
    if (code == 0)
        code = rpc_response_decode(bytes, len, &response, &err);
    if (code != 0)
        node_joined(daemon->node, code, err_name(code), -1);
    else
        node_joined(daemon->node, response.code, response.text,
                    model_server(daemon->file_model, response.leader));
    rpc_response_free(&response);
}

void peers_join(void *context, int server, uint64_t raft_id)
{
    struct rpc_request request = {.verb = "join"};

    buf_printf(&request.args, "{\"raft_id\":%llu}", (unsigned long long)raft_id);
    ask(context, server, &request, JOIN_WAIT_MS, on_join_answer);
}
