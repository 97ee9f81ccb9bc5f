#include "report/status.h"
#include "base/check.h"
#include "base/utc.h"
#include "core/account/availability.h"
#include "core/failover/rules.h"

const char *status_route_kind_name(enum route_kind kind)
{
    return kind == ROUTE_EXCLUSIVE ? "exclusive" : "available";
}

const char *status_role_name(enum raft_role role)
{
    static const char *const names[] = {"follower", "candidate", "leader", "other"};

    return (unsigned)role < ARRAY_LEN(names) ? names[role] : "?";
}

static const char *server_name(const struct model *model, int server)
{
    return server >= 0 && server < model->n_servers ? model->servers[server].name : NULL;
}

struct status_quorum status_quorum(const struct engine *engine, struct moment now, int self)
{
    const struct model *model = engine_model(engine);
    int leader = engine_leader(engine), i;
    bool led = leader >= 0 && engine_peer(engine, now, leader).heard;
    struct status_quorum quorum = {.voters = model_voters(model),
                                   .majority = model_majority(model),
                                   .teller = led ? leader : self};
    server_set set = engine_peer(engine, now, quorum.teller).hears | server_bit(quorum.teller);
    int64_t knew_ms = engine_knew_ms(engine);

    for (i = 0; i < model->n_coordinators; i++)
        quorum.heard += model->servers[i].role == MEMBER_VOTER && (set & server_bit(i)) != 0;
    quorum.ok = led && quorum.heard >= quorum.majority;
    if (!quorum.ok)
        quorum.lost_ms = knew_ms == INT64_MIN ? -1 : now.boot_ms - knew_ms;
    return quorum;
}

static void quorum(const struct engine *engine, struct moment now, int self, struct jsonw *w)
{
    struct status_quorum q = status_quorum(engine, now, self);

    jsonw_object(w, "quorum");
    jsonw_int(w, "voters", q.voters);
    jsonw_int(w, "majority", q.majority);
    jsonw_int(w, "heard", q.heard);
    jsonw_str(w, "heard_by", server_name(engine_model(engine), q.teller));
    jsonw_bool(w, "ok", q.ok);
    jsonw_end(w);
}

static void ledger(const struct shared *shared, const struct status_local *local, struct jsonw *w)
{
    uint8_t root[TREE_HASH];

    tree_root(&shared->ledger, root);
    jsonw_object(w, "ledger");
    jsonw_int(w, "size", (int64_t)shared->ledger.size);
    jsonw_hex(w, "root", root, sizeof root);
    jsonw_int(w, "stored", (int64_t)local->ledger_lines);
    jsonw_int(w, "bytes", (int64_t)local->ledger_bytes);
    jsonw_end(w);
}

static void routes(const struct engine *engine, const struct model *model, struct moment now,
                   struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    int i;

    jsonw_array(w, "routes");
    for (i = 0; shared->model != NULL && i < model->n_routes; i++) {
        const struct route *route = &model->routes[i];
        const struct route_state *state = &shared->routes[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "route", route->name);
        jsonw_str(w, "kind", status_route_kind_name(route->kind));
        jsonw_str(w, "phase", phase_name(state->phase));
        jsonw_str(w, "active", route->candidates[state->now.candidate].name);
        jsonw_int(w, "epoch", state->now.epoch);
        jsonw_int(w, "step", state->now.step);
        jsonw_bool(w, "held", state->held);
        jsonw_bool(w, "disputed",
                   (engine_route_view(engine, now, i, NULL).facts & FACT_DISPUTED) != 0);
        status_paused(shared, i, now, w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void functions(const struct model *model, const struct shared *shared, struct moment now,
                      struct jsonw *w)
{
    int i;

    jsonw_array(w, "functions");
    for (i = 0; shared->model != NULL && i < model->n_functions && i < STATUS_LIST_MAX; i++) {
        const struct function_state *state = &shared->functions[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "function", model->functions[i].name);
        jsonw_str(w, "label_ja", model->functions[i].label_ja);
        jsonw_bool(w, "down", state->down);
        jsonw_bool(w, "maintenance", shared_function_in_window(shared, i, now.utc_ms));
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void outages(const struct model *model, const struct shared *shared, struct moment now,
                    struct jsonw *w)
{
    int i;

    jsonw_array(w, "outages");
    for (i = 0; shared->model != NULL && i < model->n_functions; i++) {
        const struct function_state *state = &shared->functions[i];

        if (!state->down || state->outage == 0)
            continue;
        jsonw_object(w, NULL);
        jsonw_int(w, "outage", (int64_t)state->outage - 1);
        jsonw_str(w, "function", model->functions[i].name);
        jsonw_str(w, "severity", outage_severity_name(model->functions[i].severity));
        jsonw_time(w, "start", state->start_ms);
        jsonw_time(w, "last_good", state->last_good_ms);
        jsonw_int(w, "lasting_ms", now.utc_ms > state->start_ms ? now.utc_ms - state->start_ms : 0);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static bool is_down(const struct check_state *state)
{
    return state->verdict == VERDICT_DOWN;
}

static bool is_disputed(const struct check_state *state)
{
    return state->verdict == VERDICT_DISPUTED;
}

static bool is_hole(const struct check_state *state)
{
    return state->hole;
}

static void checks(const char *key, const struct model *model, const struct shared *shared,
                   bool (*wanted)(const struct check_state *), struct jsonw *w)
{
    int i, count = 0;

    jsonw_object(w, key);
    jsonw_array(w, "checks");
    for (i = 0; shared->model != NULL && i < model->n_checks; i++) {
        const struct check_state *state = &shared->checks[i];

        if (!wanted(state) || count++ >= STATUS_LIST_MAX)
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "check", model->checks[i].name);
        jsonw_str(w, "target", server_name(model, model->checks[i].target));
        jsonw_time(w, "since", state->since_ms);
        jsonw_int(w, "index", (int64_t)state->index);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_int(w, "count", count);
    jsonw_end(w);
}

static void silent(const struct model *model, const struct shared *shared, struct jsonw *w)
{
    int i;

    jsonw_array(w, "silent");
    for (i = 0; i < model->n_coordinators; i++) {
        if (!shared->nodes[i].silent)
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "server", model->servers[i].name);
        jsonw_time(w, "since", shared->nodes[i].since_ms);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void counters(const struct status_local *local, struct jsonw *w)
{
    jsonw_object(w, "counters");
    jsonw_int(w, "refused", (int64_t)local->refused);
    jsonw_int(w, "beats_sent", (int64_t)local->beats_sent);
    jsonw_int(w, "beats_received", (int64_t)local->beats_received);
    jsonw_int(w, "beats_bad", (int64_t)local->beats_bad);
    jsonw_int(w, "beats_replayed", (int64_t)local->beats_replayed);
    jsonw_int(w, "raft_sent", (int64_t)local->raft_sent);
    jsonw_int(w, "raft_received", (int64_t)local->raft_received);
    jsonw_int(w, "raft_dropped", (int64_t)local->raft_dropped);
    jsonw_int(w, "guarded", (int64_t)local->guarded);
    jsonw_end(w);
}

static void raft(const struct status_local *local, struct jsonw *w)
{
    jsonw_object(w, "raft");
    jsonw_str(w, "role", status_role_name(local->role));
    jsonw_int(w, "term", (int64_t)local->term);
    jsonw_int(w, "last", (int64_t)local->last_index);
    jsonw_int(w, "commit", (int64_t)local->commit_index);
    jsonw_int(w, "applied", (int64_t)local->applied_index);
    jsonw_int(w, "snapshot", (int64_t)local->snapshot_index);
    jsonw_end(w);
}

void status_json(const struct engine *engine, struct moment now, const struct status_local *local,
                 struct jsonw *w)
{
    const struct model *model = engine_model(engine);
    const struct shared *shared = engine_shared(engine);
    const struct model *committed = shared->model != NULL ? shared->model : model;

    jsonw_object(w, NULL);
    jsonw_str(w, "cluster", model->cluster);
    jsonw_str(w, "node", server_name(model, local->self));
    jsonw_time(w, "utc", now.utc_ms);
    jsonw_int(w, "uptime_ms", local->uptime_ms);
    jsonw_str(w, "leader", server_name(model, engine_leader(engine)));
    raft(local, w);
    quorum(engine, now, local->self, w);
    jsonw_object(w, "config");
    jsonw_int(w, "version", model->version);
    jsonw_str(w, "profile", model->profile == PROFILE_FAST ? "fast" : "normal");
    jsonw_bool(w, "committed", shared->model != NULL);
    jsonw_end(w);
    ledger(shared, local, w);
    status_features(engine, now, w);
    status_paused(shared, ROUTE_ALL, now, w);
    status_drained(shared, w);
    routes(engine, committed, now, w);
    functions(committed, shared, now, w);
    outages(committed, shared, now, w);
    checks("down", committed, shared, is_down, w);
    checks("disputed", committed, shared, is_disputed, w);
    checks("holes", committed, shared, is_hole, w);
    silent(model, shared, w);
    counters(local, w);
    jsonw_end(w);
}

/* A window's place in time: "planned", "active", "over" or "ended" (early). */
static const char *window_state(const struct window_state *window, int64_t utc_ms)
{
    if (window->finished_ms != UTC_NONE)
        return "ended";
    if (utc_ms < window->start_ms)
        return "planned";
    return utc_ms < window->end_ms ? "active" : "over";
}

void status_windows_json(const struct engine *engine, struct moment now, struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    int i, j;

    jsonw_object(w, NULL);
    jsonw_array(w, "windows");
    for (i = 0; i < shared->n_windows; i++) {
        const struct window_state *window = &shared->windows[i];

        jsonw_object(w, NULL);
        jsonw_int(w, "window", (int64_t)window->id);
        jsonw_str(w, "state", window_state(window, now.utc_ms));
        jsonw_str(w, "kind", window->emergency ? "emergency" : "regular");
        jsonw_array(w, "functions");
        for (j = 0; shared->model != NULL && j < shared->model->n_functions; j++)
            if (window->functions[j / 64] & ((uint64_t)1 << (j % 64)))
                jsonw_str(w, NULL, shared->model->functions[j].name);
        jsonw_end(w);
        jsonw_time(w, "announced", window->announced_ms);
        jsonw_time(w, "start", window->start_ms);
        jsonw_time(w, "end", window->end_ms);
        jsonw_time(w, "finished", window->finished_ms);
        jsonw_bool(w, "short_notice", window->short_notice);
        jsonw_str(w, "who", window->who);
        jsonw_str(w, "reason", window->reason);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}
