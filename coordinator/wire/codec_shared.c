#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/feature.h"
#include "state.pb-c.h"
#include "wire/codec.h"
#include "wire/codec_notice.h"
#include "wire/codec_operator.h"
#include "wire/config.h"
#include "wire/pb.h"

#include <string.h>

#define WORDS (LIMIT_FUNCTIONS / 64)
#define CHECK_HOLE 4 /* in the verdict column */

typedef Kirikae__V1__State Message;

/* Everything that is allocated while a snapshot is packed. */
struct parts {
    Kirikae__V1__CheckStates checks;
    Kirikae__V1__RouteState *routes;
    Kirikae__V1__FunctionState *functions;
    Kirikae__V1__NodeState *nodes;
    Kirikae__V1__WindowState *windows;
    Kirikae__V1__CommandState *commands;
    uint64_t (*automatic)[LIMIT_ACTUATORS];
    Kirikae__V1__PauseState *pauses; /* by route */
    struct operator_parts operator;
    struct notices_parts notices;
    uint8_t peaks[64 * TREE_HASH];
};

/* A list of pointers to the `n` elements of `size` bytes at `first`; owned by caller. */
static void *list_of(void *first, size_t n, size_t size)
{
    void **list = mem_zalloc(n, sizeof *list);

    for (size_t i = 0; i < n; i++)
        list[i] = (char *)first + i * size;
    return list;
}

static void put_checks(const struct shared *shared, struct parts *p, Message *message)
{
    size_t n = shared->model != NULL ? (size_t)shared->model->n_checks : 0;
    Kirikae__V1__CheckStates *c = &p->checks;

    kirikae__v1__check_states__init(c);
    message->checks = c;
    c->verdict.len = n;
    c->n_since_time = c->n_index = c->n_fail_since_time = c->n_good_before_time = n;
    c->verdict.data = mem_alloc(n);
    c->since_time = mem_zalloc(n, sizeof *c->since_time);
    c->index = mem_zalloc(n, sizeof *c->index);
    c->fail_since_time = mem_zalloc(n, sizeof *c->fail_since_time);
    c->good_before_time = mem_zalloc(n, sizeof *c->good_before_time);
    for (size_t i = 0; i < n; i++) {
        const struct check_state *check = &shared->checks[i];

        c->verdict.data[i] = (uint8_t)(check->verdict | (check->hole ? CHECK_HOLE : 0));
        c->since_time[i] = pb_time(check->since_ms);
        c->index[i] = check->index;
        c->fail_since_time[i] = pb_time(check->fail_since_ms);
        c->good_before_time[i] = pb_time(check->good_before_ms);
    }
}

static void put_routes(const struct shared *shared, struct parts *p, Message *message)
{
    size_t n = shared->model != NULL ? (size_t)shared->model->n_routes : 0;

    p->routes = mem_zalloc(n, sizeof *p->routes);
    p->automatic = mem_zalloc(n, sizeof *p->automatic);
    p->pauses = mem_zalloc(n, sizeof *p->pauses);
    for (size_t i = 0; i < n; i++) {
        const struct route_state *route = &shared->routes[i];
        Kirikae__V1__RouteState *m = &p->routes[i];

        kirikae__v1__route_state__init(m);
        m->phase = route->phase;
        m->epoch = route->now.epoch;
        m->step = route->now.step;
        m->candidate = (uint32_t)route->now.candidate;
        m->members = route->now.members;
        m->previous = route->previous;
        m->intent_index = route->intent_index;
        m->intent_time = pb_time(route->intent_ms);
        m->rule = route->rule;
        m->planned = route->planned;
        m->done = route->done;
        m->moved_time = pb_time(route->moved_ms);
        for (int k = 0; k < LIMIT_ACTUATORS; k++)
            p->automatic[i][k] = pb_time(route->automatic_ms[k]);
        m->n_automatic_time = LIMIT_ACTUATORS;
        m->automatic_time = p->automatic[i];
        m->held = route->held;
        m->draining = route->now.draining;
        m->drain_until_time = pb_time(route->grace_until_ms);
        m->lapsed = route->lapsed;
        m->lapsed_time = pb_time(route->lapsed_ms);
        m->lapsed_index = route->lapsed_index;
        m->disputed = route->disputed;
        m->command_id = pb_id_of(route->command.bytes);
        m->who = (char *)route->who;
        m->pause = pause_put(&route->pause, &p->pauses[i]);
    }
    message->n_routes = n;
    message->routes = list_of(p->routes, n, sizeof *p->routes);
}

static void put_functions(const struct shared *shared, struct parts *p, Message *message)
{
    size_t n = shared->model != NULL ? (size_t)shared->model->n_functions : 0;

    p->functions = mem_zalloc(n, sizeof *p->functions);
    for (size_t i = 0; i < n; i++) {
        const struct function_state *function = &shared->functions[i];

        kirikae__v1__function_state__init(&p->functions[i]);
        p->functions[i].down = function->down;
        p->functions[i].outage = function->outage;
        p->functions[i].start_time = pb_time(function->start_ms);
        p->functions[i].last_good_time = pb_time(function->last_good_ms);
        p->functions[i].unmonitored = function->unmonitored;
        p->functions[i].unmonitored_time = pb_time(function->unmonitored_ms);
        p->functions[i].last_outage = function->last.outage;
        p->functions[i].lasting_outage = function->lasting_outage;
        p->functions[i].lasting = function->lasting;
        p->functions[i].acknowledged_outage = function->acknowledged_outage;
        if (function->last.outage != 0) {
            p->functions[i].last_start_time = pb_time(function->last.start_ms);
            p->functions[i].last_last_good_time = pb_time(function->last.last_good_ms);
            p->functions[i].last_end_time = pb_time(function->last.end_ms);
        }
    }
    message->n_functions = n;
    message->functions = list_of(p->functions, n, sizeof *p->functions);
}

static void put_nodes(const struct shared *shared, struct parts *p, Message *message)
{
    p->nodes = mem_zalloc(LIMIT_SERVERS, sizeof *p->nodes);
    for (size_t i = 0; i < LIMIT_SERVERS; i++) {
        kirikae__v1__node_state__init(&p->nodes[i]);
        p->nodes[i].raft_id = shared->nodes[i].raft_id;
        p->nodes[i].silent = shared->nodes[i].silent;
        p->nodes[i].since_time = pb_time(shared->nodes[i].since_ms);
        p->nodes[i].certificate_told = shared->nodes[i].certificate_told;
        if (shared->nodes[i].certificate_told > 0)
            p->nodes[i].certificate_time = pb_time(shared->nodes[i].certificate_ms);
    }
    message->n_nodes = LIMIT_SERVERS;
    message->nodes = list_of(p->nodes, LIMIT_SERVERS, sizeof *p->nodes);
}

static void put_windows(const struct shared *shared, struct parts *p, Message *message)
{
    size_t n = (size_t)shared->n_windows;

    p->windows = mem_zalloc(n, sizeof *p->windows);
    for (size_t i = 0; i < n; i++) {
        const struct window_state *window = &shared->windows[i];
        Kirikae__V1__WindowState *m = &p->windows[i];

        kirikae__v1__window_state__init(m);
        m->id = window->id;
        m->emergency = window->emergency;
        m->short_notice = window->short_notice;
        m->announced_time = pb_time(window->announced_ms);
        m->start_time = pb_time(window->start_ms);
        m->end_time = pb_time(window->end_ms);
        m->finished_time = pb_time(window->finished_ms);
        m->n_functions = WORDS;
        m->functions = (uint64_t *)window->functions;
        m->begun = window->begun;
        m->over = window->over;
        m->who = (char *)window->who;
        m->reason = (char *)window->reason;
    }
    message->n_windows = n;
    message->windows = list_of(p->windows, n, sizeof *p->windows);
}

static void put_commands(const struct shared *shared, struct parts *p, Message *message)
{
    static const struct command_id none;
    size_t n = 0;

    p->commands = mem_zalloc(LIMIT_COMMAND_IDS, sizeof *p->commands);
    for (uint32_t i = 0; i < LIMIT_COMMAND_IDS; i++) {
        const struct command_state *command = &shared->commands[i];
        Kirikae__V1__CommandState *m = &p->commands[n];

        if (memcmp(&command->id, &none, sizeof none) == 0)
            continue;
        kirikae__v1__command_state__init(m);
        m->slot = i;
        m->id = pb_id_of(command->id.bytes);
        m->result = command->result;
        m->index = command->index;
        m->text = (char *)command->text;
        m->digest = command->digest;
        n++;
    }
    message->n_commands = n;
    message->commands = list_of(p->commands, n, sizeof *p->commands);
}

static void put_ledger(const struct shared *shared, struct parts *p, Message *message)
{
    size_t len = 0;

    for (int k = 0; k < 64; k++)
        if (shared->ledger.size >> k & 1) {
            memcpy(p->peaks + len, shared->ledger.peaks[k], TREE_HASH);
            len += TREE_HASH;
        }
    message->ledger_size = shared->ledger.size;
    message->ledger_peaks.data = p->peaks;
    message->ledger_peaks.len = len;
}

static void free_parts(struct parts *p, Message *message)
{
    void *all[] = {p->checks.verdict.data,
                   p->checks.since_time,
                   p->checks.index,
                   p->checks.fail_since_time,
                   p->routes,
                   p->checks.good_before_time,
                   p->automatic,
                   p->pauses,
                   p->functions,
                   p->nodes,
                   p->windows,
                   p->commands,
                   message->routes,
                   message->functions,
                   message->nodes,
                   message->windows,
                   message->commands};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        mem_free(all[i]);
    notices_parts_free(&p->notices);
}

void shared_encode(const struct shared *shared, struct buf *out)
{
    Message message = KIRIKAE__V1__STATE__INIT;
    struct parts parts;

    message.config_yaml.data = shared->config_yaml;
    message.config_yaml.len = shared->model != NULL ? shared->config_yaml_len : 0;
    message.index = shared->index;
    message.term = shared->term;
    message.leader_term = shared->leader_term;
    message.leader = shared->leader;
    message.time = pb_time(shared->time_ms);
    message.next_command = shared->next_command;
    message.level = shared->level;
    message.told_time = pb_time(shared->told_ms);
    put_checks(shared, &parts, &message);
    put_routes(shared, &parts, &message);
    put_functions(shared, &parts, &message);
    put_nodes(shared, &parts, &message);
    put_windows(shared, &parts, &message);
    put_commands(shared, &parts, &message);
    operator_put(shared, &parts.operator, & message);
    notices_put(shared, &parts.notices, &message);
    put_ledger(shared, &parts, &message);
    envelope_pack(&message, out);
    free_parts(&parts, &message);
}

static bool get_checks(const Message *message, struct shared *shared)
{
    static const Kirikae__V1__CheckStates none = KIRIKAE__V1__CHECK_STATES__INIT;
    const Kirikae__V1__CheckStates *c = message->checks != NULL ? message->checks : &none;
    size_t n = shared->model != NULL ? (size_t)shared->model->n_checks : 0;

    if (c->verdict.len != n || c->n_since_time != n || c->n_index != n ||
        c->n_fail_since_time != n || c->n_good_before_time != n)
        return false;
    shared->checks = mem_zalloc(n, sizeof *shared->checks);
    for (size_t i = 0; i < n; i++) {
        if (c->verdict.data[i] > (CHECK_HOLE | VERDICT_DISPUTED))
            return false;
        shared->checks[i] =
            (struct check_state){.verdict = (enum verdict)(c->verdict.data[i] & ~CHECK_HOLE),
                                 .hole = c->verdict.data[i] & CHECK_HOLE,
                                 .since_ms = pb_time_back(c->since_time[i]),
                                 .index = c->index[i],
                                 .fail_since_ms = pb_time_back(c->fail_since_time[i]),
                                 .good_before_ms = pb_time_back(c->good_before_time[i])};
    }
    return true;
}

static bool get_route(const Kirikae__V1__RouteState *m, const struct route *route,
                      struct route_state *state)
{
    if (m->phase > ROUTE_BLOCKED || m->candidate >= (uint32_t)route->n_candidates ||
        m->previous < -1 || m->previous >= route->n_candidates || m->rule > UINT16_MAX ||
        m->n_automatic_time > LIMIT_ACTUATORS || !pb_id(state->command.bytes, &m->command_id) ||
        !pb_text(state->who, sizeof state->who, m->who) || !pause_get(m->pause, &state->pause))
        return false;
    state->phase = (enum route_phase)m->phase;
    state->now = (struct placement){.epoch = m->epoch,
                                    .step = m->step,
                                    .candidate = (int)m->candidate,
                                    .members = m->members,
                                    .draining = m->draining};
    state->grace_until_ms = pb_time_back(m->drain_until_time);
    state->previous = m->previous;
    state->intent_index = m->intent_index;
    state->intent_ms = pb_time_back(m->intent_time);
    state->rule = (uint16_t)m->rule;
    state->planned = m->planned;
    state->done = m->done;
    state->moved_ms = pb_time_back(m->moved_time);
    for (size_t k = 0; k < LIMIT_ACTUATORS; k++)
        state->automatic_ms[k] =
            k < m->n_automatic_time ? pb_time_back(m->automatic_time[k]) : UTC_NONE;
    state->held = m->held;
    state->lapsed = m->lapsed;
    state->lapsed_ms = pb_time_back(m->lapsed_time);
    state->lapsed_index = m->lapsed_index;
    state->disputed = m->disputed;
    return true;
}

static bool get_routes(const Message *message, struct shared *shared)
{
    size_t n = shared->model != NULL ? (size_t)shared->model->n_routes : 0;

    if (message->n_routes != n)
        return false;
    shared->routes = mem_zalloc(n, sizeof *shared->routes);
    for (size_t i = 0; i < n; i++)
        if (!get_route(message->routes[i], &shared->model->routes[i], &shared->routes[i]))
            return false;
    return true;
}

static bool get_functions(const Message *message, struct shared *shared)
{
    size_t n = shared->model != NULL ? (size_t)shared->model->n_functions : 0;

    if (message->n_functions != n)
        return false;
    shared->functions = mem_zalloc(n, sizeof *shared->functions);
    for (size_t i = 0; i < n; i++) {
        const Kirikae__V1__FunctionState *m = message->functions[i];

        shared->functions[i] =
            (struct function_state){.down = m->down,
                                    .outage = m->outage,
                                    .start_ms = pb_time_back(m->start_time),
                                    .last_good_ms = pb_time_back(m->last_good_time),
                                    .unmonitored = m->unmonitored,
                                    .unmonitored_ms = pb_time_back(m->unmonitored_time),
                                    .lasting_outage = m->lasting_outage,
                                    .lasting = m->lasting,
                                    .acknowledged_outage = m->acknowledged_outage};
        if (m->last_outage != 0)
            shared->functions[i].last =
                (struct last_outage){.outage = m->last_outage,
                                     .start_ms = pb_time_back(m->last_start_time),
                                     .last_good_ms = pb_time_back(m->last_last_good_time),
                                     .end_ms = pb_time_back(m->last_end_time)};
    }
    return true;
}

static bool get_nodes(const Message *message, struct shared *shared)
{
    if (message->n_nodes > LIMIT_SERVERS)
        return false;
    for (size_t i = 0; i < message->n_nodes; i++) {
        const Kirikae__V1__NodeState *m = message->nodes[i];
        struct node_state *node = &shared->nodes[i];

        *node = (struct node_state){
            .raft_id = m->raft_id, .silent = m->silent, .since_ms = pb_time_back(m->since_time)};
        if (m->certificate_told > UINT8_MAX)
            return false;
        node->certificate_told = (uint8_t)m->certificate_told;
        if (node->certificate_told > 0)
            node->certificate_ms = pb_time_back(m->certificate_time);
    }
    return true;
}

static bool get_windows(const Message *message, struct shared *shared)
{
    if (message->n_windows > LIMIT_WINDOWS)
        return false;
    shared->windows = mem_zalloc(message->n_windows, sizeof *shared->windows);
    for (size_t i = 0; i < message->n_windows; i++) {
        const Kirikae__V1__WindowState *m = message->windows[i];
        struct window_state *window = &shared->windows[i];

        if (m->n_functions > WORDS || !pb_text(window->who, sizeof window->who, m->who) ||
            !pb_text(window->reason, sizeof window->reason, m->reason))
            return false;
        window->id = m->id;
        window->emergency = m->emergency;
        window->short_notice = m->short_notice;
        window->begun = m->begun;
        window->over = m->over;
        window->announced_ms = pb_time_back(m->announced_time);
        window->start_ms = pb_time_back(m->start_time);
        window->end_ms = pb_time_back(m->end_time);
        window->finished_ms = pb_time_back(m->finished_time);
        for (size_t k = 0; k < m->n_functions; k++)
            window->functions[k] = m->functions[k];
    }
    shared->n_windows = (int)message->n_windows;
    return true;
}

static bool get_commands(const Message *message, struct shared *shared)
{
    for (size_t i = 0; i < message->n_commands; i++) {
        const Kirikae__V1__CommandState *m = message->commands[i];
        struct command_state *command;

        /* Strictly rising: each slot once. */
        if (m->slot >= LIMIT_COMMAND_IDS || (i > 0 && m->slot <= message->commands[i - 1]->slot) ||
            m->id.len == 0 || m->result > COMMAND_PENDING)
            return false;
        command = &shared->commands[m->slot];
        if (!pb_id(command->id.bytes, &m->id) ||
            !pb_text(command->text, sizeof command->text, m->text))
            return false;
        command->result = (enum command_result)m->result;
        command->index = m->index;
        command->digest = m->digest;
    }
    return true;
}

static bool get_ledger(const Message *message, struct shared *shared)
{
    const uint8_t *at = message->ledger_peaks.data;

    if (message->ledger_peaks.len != TREE_HASH * (size_t)__builtin_popcountll(message->ledger_size))
        return false;
    shared->ledger.size = message->ledger_size;
    for (int k = 0; k < 64; k++)
        if (shared->ledger.size >> k & 1) {
            memcpy(shared->ledger.peaks[k], at, TREE_HASH);
            at += TREE_HASH;
        }
    return true;
}

static int get_config(const Message *message, struct shared *shared, struct err *err)
{
    const ProtobufCBinaryData *yaml = &message->config_yaml;

    if (yaml->len == 0)
        return 0;
    if (yaml->len > LIMIT_CONFIG)
        return err_set(err, ERR_LIMIT, "a configuration of %zu bytes is longer than %d", yaml->len,
                       LIMIT_CONFIG);
    shared->config_yaml = mem_dup(yaml->data, yaml->len);
    shared->config_yaml_len = (uint32_t)yaml->len;
    return config_parse("committed configuration", yaml->data, yaml->len, &shared->model, err);
}

static int from_message(const Message *message, struct shared *shared, struct err *err)
{
    /* First: what else a newer program's has may be wrong for this one. */
    int rc = feature_check("the snapshot", feature_said(message->level), FEATURE_NEWEST, err);

    if (rc == 0)
        rc = pb_times("a snapshot", &message->base, err);
    if (rc == 0)
        rc = get_config(message, shared, err);
    if (rc != 0)
        return rc;
    if (message->leader < -1 || message->leader >= LIMIT_SERVERS)
        return err_set(err, ERR_INVALID, "a snapshot with an unknown leader");
    shared->index = message->index;
    shared->term = message->term;
    shared->leader_term = message->leader_term;
    shared->leader = message->leader;
    shared->time_ms = pb_time_back(message->time);
    shared->next_command = message->next_command;
    shared->level = feature_said(message->level);
    shared->told_ms = pb_time_back(message->told_time);
    if (!get_checks(message, shared) || !get_routes(message, shared) ||
        !get_functions(message, shared) || !get_nodes(message, shared) ||
        !get_windows(message, shared) || !get_commands(message, shared) ||
        !operator_get(message, shared) || !notices_get(message, shared) ||
        !get_ledger(message, shared))
        return err_set(err, ERR_INVALID,
                       "a snapshot that does not fit its configuration or its limits");
    return 0;
}

int shared_decode(const uint8_t *bytes, size_t len, struct shared **shared, struct err *err)
{
    const uint8_t *inside;
    size_t inside_len;
    Message *message;
    int rc;

    *shared = NULL;
    rc = envelope_open("a snapshot", bytes, len, LIMIT_SNAPSHOT, &inside, &inside_len, err);
    if (rc != 0)
        return rc;
    message = pb_unpack(&kirikae__v1__state__descriptor, inside, inside_len);
    if (message == NULL)
        return err_set(err, ERR_INVALID, "not a snapshot");
    *shared = shared_new();
    rc = from_message(message, *shared, err);
    pb_free(message);
    if (rc != 0) {
        shared_free(*shared);
        *shared = NULL;
    }
    return rc;
}
