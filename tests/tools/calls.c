#include "calls.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/prng.h"
#include "transfer/transfer.h"
#include "query.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct call {
    struct calls *calls;
    struct call *next, **link; /* among those under way */
    uint64_t number;
    uv_timer_t timer;
    struct query *query;       /* or NULL */
    struct transfer *transfer; /* or NULL */
    char body[LIMIT_NAME + 32];
    size_t len;
};

struct calls {
    uv_loop_t *loop;
    struct calls_options options;
    calls_ended *ended;
    void *context;
    struct transfers *transfers;
    struct prng prng;
    uv_timer_t timer;
    uint64_t next;
    struct call *under_way;
    int handles;
};

static void release(struct calls *calls)
{
    if (--calls->handles == 0)
        mem_free(calls);
}

static void on_call_closed(uv_handle_t *handle)
{
    struct call *call = handle->data;

    release(call->calls);
    mem_free(call);
}

static void drop(struct call *call)
{
    if (call->query != NULL)
        query_stop(call->query);
    if (call->transfer != NULL)
        transfer_stop(call->transfer);
    *call->link = call->next;
    if (call->next != NULL)
        call->next->link = call->link;
    uv_close((uv_handle_t *)&call->timer, on_call_closed);
}

static void end(struct call *call, const char *name)
{
    struct calls *calls = call->calls;

    drop(call);
    calls->ended(calls->context, call->number, name);
}

static void on_timeout(uv_timer_t *timer)
{
    end(timer->data, NULL);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    size_t room = sizeof call->body - 1 - call->len, len = size * count;

    if (len > room)
        return 0;
    memcpy(call->body + call->len, bytes, len);
    call->len += len;
    return len;
}

static void on_served(void *context, const struct transfer_end *how)
{
    struct call *call = context;

    call->transfer = NULL;
    call->body[call->len] = '\0';
    call->body[strcspn(call->body, " \r\n")] = '\0';
    end(call,
        how->code == CURLE_OK && how->status == 200 && call->body[0] != '\0' ? call->body : NULL);
}

static void ask(struct call *call, const char *where)
{
    char url[LIMIT_TEXT];
    CURL *easy;

    call->transfer = transfer_new(call->calls->transfers, on_served, call);
    easy = transfer_easy(call->transfer);
    snprintf(url, sizeof url, "http://%s/call", where);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    transfer_start(call->transfer);
}

static void on_resolved(void *context, const struct in_addr *addresses, int n)
{
    struct call *call = context;
    struct calls *calls = call->calls;
    char address[INET_ADDRSTRLEN], where[INET_ADDRSTRLEN + 8];

    call->query = NULL;
    if (n == 0)
        return end(call, NULL);
    inet_ntop(AF_INET, &addresses[prng_below(&calls->prng, (uint32_t)n)], address, sizeof address);
    snprintf(where, sizeof where, "%s:%d", address, calls->options.dns_port);
    ask(call, where);
}

static void on_interval(uv_timer_t *timer)
{
    struct calls *calls = timer->data;
    const struct calls_options *options = &calls->options;
    struct call *call = mem_zalloc(1, sizeof *call);

    call->calls = calls;
    call->number = calls->next++;
    call->link = &calls->under_way;
    call->next = calls->under_way;
    if (call->next != NULL)
        call->next->link = &call->next;
    calls->under_way = call;
    CHECK(uv_timer_init(calls->loop, &call->timer) == 0);
    call->timer.data = call;
    calls->handles++;
    uv_timer_start(&call->timer, on_timeout, (uint64_t)options->timeout_ms, 0);
    if (options->http != NULL)
        return ask(call, options->http);
    call->query = query_start(calls->loop, (const struct sockaddr *)&options->dns,
                              options->dns_name, on_resolved, call);
    if (call->query == NULL)
        end(call, NULL);
}

struct calls *calls_open(uv_loop_t *loop, const struct calls_options *options, calls_ended *ended,
                         void *context)
{
    struct calls *calls = mem_zalloc(1, sizeof *calls);

    calls->loop = loop;
    calls->options = *options;
    calls->ended = ended;
    calls->context = context;
    calls->transfers = transfers_open(loop, 1);
    prng_seed(&calls->prng, (uint64_t)clock_boot_us() ^ (uint64_t)getpid());
    CHECK(uv_timer_init(loop, &calls->timer) == 0);
    calls->timer.data = calls;
    calls->handles = 2;
    uv_timer_start(&calls->timer, on_interval, 0, (uint64_t)options->interval_ms);
    return calls;
}

uint64_t calls_next(const struct calls *calls)
{
    return calls->next;
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_transfers_closed(void *context)
{
    release(context);
}

void calls_close(struct calls *calls)
{
    while (calls->under_way != NULL)
        drop(calls->under_way);
    uv_close((uv_handle_t *)&calls->timer, on_timer_closed);
    transfers_close(calls->transfers, on_transfers_closed, calls);
}
