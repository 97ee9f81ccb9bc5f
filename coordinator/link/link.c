#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "link/inside.h"

#include <string.h>

#define REFUSAL_WINDOW_MS 10000
#define REFUSAL_LINES 3 /* a window */

uint64_t link_now(const struct link *link)
{
    return uv_now(link->env.loop);
}

int link_index_of(const void *context, const char *name)
{
    const struct link *link = context;

    for (int i = 0; i < link->options.n_peers; i++)
        if (strcmp(link->options.peers[i].name, name) == 0)
            return i;
    return -1;
}

/* --- refusals --- */

static void refusals_tick(struct link *link)
{
    struct refusals *refusals = &link->refusals;

    if (refusals->lines == 0 || link_now(link) - refusals->window_ms < REFUSAL_WINDOW_MS)
        return;
    if (refusals->silent > 0)
        log_line(link->options.log, LOG_LEVEL_WARN, "connections-refused",
                 "%llu more in the last %d s", (unsigned long long)refusals->silent,
                 REFUSAL_WINDOW_MS / 1000);
    *refusals = (struct refusals){0};
}

void link_refused(struct link *link, const char *address, const char *why)
{
    struct refusals *refusals = &link->refusals;

    link->counters.refused++;
    if (refusals->lines == 0)
        refusals->window_ms = link_now(link);
    if (refusals->lines < REFUSAL_LINES) {
        refusals->lines++;
        log_line(link->options.log, LOG_LEVEL_WARN, "connection-refused", "%s: %s", address, why);
    } else {
        refusals->silent++;
    }
    link->options.handlers.refused(link->options.handlers.context, address, why);
}

/* --- the course of time --- */

static void on_tick(uv_timer_t *timer);

static bool calm(const struct link *link)
{
    for (int i = 0; i < link->options.n_peers; i++)
        if (i != link->options.self &&
            (!dialler_calm(&link->peers[i].raft) || link->peers[i].n_requests > 0))
            return false;
    return listen_calm(link);
}

void link_busy(struct link *link)
{
    if (!link->closing && uv_timer_get_repeat(&link->tick) == LINK_CALM_MS)
        CHECK(uv_timer_start(&link->tick, on_tick, LINK_TICK_MS, LINK_TICK_MS) == 0);
}

static void on_tick(uv_timer_t *timer)
{
    struct link *link = timer->data;

    refusals_tick(link);
    listen_tick(link);
    for (int i = 0; i < link->options.n_peers && !link->closing; i++) {
        if (i != link->options.self) {
            dialler_tick(&link->peers[i].raft);
            if (!link->closing)
                dialler_tick(&link->peers[i].ask);
        }
        if (!link->closing)
            requests_tick(link, i);
    }
    /* Fewer wake-ups when all is well. */
    if (!link->closing && calm(link))
        uv_timer_set_repeat(&link->tick, LINK_CALM_MS);
}

/* --- opening --- */

static void options_copy(struct link_options *to, const struct link_options *from)
{
    *to = *from;
    to->bind_host =
        mem_strdup(from->bind_host != NULL ? from->bind_host : from->peers[from->self].host);
    to->ca_file = mem_strdup(from->ca_file);
    to->cert_file = mem_strdup(from->cert_file);
    to->key_file = mem_strdup(from->key_file);
}

static void options_free(struct link_options *options)
{
    mem_free((char *)options->bind_host);
    mem_free((char *)options->ca_file);
    mem_free((char *)options->cert_file);
    mem_free((char *)options->key_file);
}

static void link_free(struct link *link)
{
    conn_env_close(&link->env);
    tls_close(link->tls);
    options_free(&link->options);
    mem_free(link->peers);
    mem_free(link);
}

static void on_over(struct conn_env *env)
{
    struct link *link = (struct link *)((char *)env - offsetof(struct link, env));
    void (*closed)(void *context) = link->closed;
    void *context = link->closed_context;

    link_free(link);
    if (closed != NULL)
        closed(context);
}

static int resolve_bind(struct link *link, struct err *err)
{
    const struct link_options *options = &link->options;
    int port = options->peers[options->self].port, rc;
    uv_getaddrinfo_t request;

    if (address_parse(options->bind_host, port, &link->bind) == 0)
        return 0;
    rc = uv_getaddrinfo(link->env.loop, &request, NULL, options->bind_host, NULL, NULL);
    if (rc != 0)
        return err_set(err, ERR_INVALID, "host \"%s\" to listen on: %s", options->bind_host,
                       uv_strerror(rc));
    address_copy(request.addrinfo->ai_addr, port, &link->bind);
    uv_freeaddrinfo(request.addrinfo);
    return 0;
}

static void peers_open(struct link *link)
{
    int n = link->options.n_peers;

    link->peers = mem_zalloc((size_t)n, sizeof *link->peers);
    for (int i = 0; i < n; i++) {
        const struct link_peer *named = &link->options.peers[i];

        link->peers[i].resolved =
            address_parse(named->host, named->port, &link->peers[i].address) == 0;
        TAILQ_INIT(&link->peers[i].requests);
        dialler_init(&link->peers[i].raft, link, i, TLS_RAFT);
        dialler_init(&link->peers[i].ask, link, i, TLS_PEER);
    }
}

int link_open(const struct link_options *options, struct link **out, struct err *err)
{
    struct link *link;
    struct err ignored;
    int rc, rc_udp;

    CHECK(options->n_peers > 0 && options->n_peers <= LIMIT_SERVERS);
    CHECK(options->self >= 0 && options->self < options->n_peers);
    link = mem_zalloc(1, sizeof *link);
    options_copy(&link->options, options);
    conn_env_open(&link->env, options->loop, on_over);
    prng_seed(&link->prng,
              prng_hash(options->peers[options->self].name) ^ (uint64_t)clock_boot_us());
    rc = tls_open(options->ca_file, options->cert_file, options->key_file,
                  options->peers[options->self].name, LINK_NODE, &link->tls, err);
    if (rc == 0)
        rc = resolve_bind(link, err);
    if (rc != 0) {
        link_free(link);
        return rc;
    }
    peers_open(link);
    CHECK(uv_timer_init(options->loop, &link->tick) == 0);
    link->tick.data = link;
    conn_env_hold(&link->env);
    CHECK(uv_timer_start(&link->tick, on_tick, LINK_TICK_MS, LINK_TICK_MS) == 0);
    rc = listen_open(link, err);
    rc_udp = beats_open(link, rc == 0 ? err : &ignored);
    if (rc == 0)
        rc = rc_udp;
    if (rc != 0) {
        link_close(link, NULL, NULL);
        return rc;
    }
    *out = link;
    return 0;
}

/* --- the rest of the interface --- */

static void on_tick_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;

    conn_env_release(&link->env);
}

void link_close(struct link *link, void (*closed)(void *context), void *context)
{
    CHECK(!link->closing);
    link->closing = true;
    link->closed = closed;
    link->closed_context = context;
    for (int i = 0; i < link->options.n_peers; i++) {
        dialler_close(&link->peers[i].raft);
        dialler_close(&link->peers[i].ask);
        requests_close(link, i);
    }
    link_orders_close(link);
    listen_close(link);
    beats_close(link);
    uv_close((uv_handle_t *)&link->tick, on_tick_closed);
}

int link_reload(struct link *link, struct err *err)
{
    const struct link_options *options = &link->options;
    struct tls *fresh;
    int rc = tls_open(options->ca_file, options->cert_file, options->key_file,
                      options->peers[options->self].name, LINK_NODE, &fresh, err);

    if (rc != 0)
        return rc;
    tls_close(link->tls);
    link->tls = fresh;
    return 0;
}

int64_t link_certificate_ends_ms(const struct link *link)
{
    return tls_ends_ms(link->tls);
}

int link_send_raft(struct link *link, int peer, const uint8_t *bytes, size_t len)
{
    struct dialler *dialler;
    int rc = ERR_UNAVAILABLE;

    CHECK(peer >= 0 && peer < link->options.n_peers && len > 0);
    dialler = &link->peers[peer].raft;
    if (dialler->up)
        rc = conn_send(dialler->conn, NULL, 0, bytes, len);
    if (rc == 0)
        link->counters.raft_sent++;
    else
        link->counters.raft_dropped++;
    return rc;
}

struct link_counters link_counters(const struct link *link)
{
    struct link_counters counters = link->counters;

    counters.open = (uint64_t)link->n_inbound;
    return counters;
}
