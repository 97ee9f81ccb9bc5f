#include "kirikae/client.h"
#include "kirikae/server.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "client/session.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_MS 1500  /* for one node: a silent one must not use up the deadline */
#define READ_MS 4000     /* likewise, until it answers */
#define COMMAND_MS 10000 /* likewise; then the next node is asked under the same id */
#define FORWARD_MS 9000  /* of which one node may wait for the leader */
#define PAUSE_MS 100     /* before the nodes are asked again, all in turn */
#define FILE_MAX (LIMIT_CONFIG + 1)

struct node {
    char name[LIMIT_NAME];
    char host[LIMIT_NAME];
    int port;
};

struct kirikae {
    struct node nodes[LIMIT_SERVERS];
    int n_nodes;
    int first; /* to ask */
    SSL_CTX *tls;
    struct session *session; /* open to `at`, or NULL */
    int at;
    char answered_by[LIMIT_NAME];
    struct err err;
};

static enum kirikae_result result_of(int code)
{
    switch (code) {
    case 0:
        return KIRIKAE_DONE;
    case ERR_INVALID:
        return KIRIKAE_USAGE;
    case ERR_TIMEOUT:
    case ERR_UNAVAILABLE:
        return KIRIKAE_UNREACHABLE;
    default:
        return KIRIKAE_REFUSED;
    }
}

static enum kirikae_result usage(struct kirikae *k, const char *why)
{
    err_set(&k->err, ERR_INVALID, "%s", why);
    return KIRIKAE_USAGE;
}

struct kirikae *kirikae_new(void)
{
    return mem_zalloc(1, sizeof(struct kirikae));
}

static void hang_up(struct kirikae *k)
{
    session_close(k->session);
    k->session = NULL;
}

void kirikae_free(struct kirikae *k)
{
    if (k == NULL)
        return;
    hang_up(k);
    SSL_CTX_free(k->tls);
    mem_free(k);
}

const char *kirikae_error(const struct kirikae *k)
{
    return k->err.text;
}

const char *kirikae_answered_by(const struct kirikae *k)
{
    return k->answered_by;
}

void kirikae_free_text(char *text)
{
    mem_free(text);
}

enum kirikae_result kirikae_new_id(struct kirikae *k, char id[33])
{
    uint8_t bytes[16];
    size_t i;

    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        err_set(&k->err, ERR_IO, "no random numbers");
        return KIRIKAE_REFUSED;
    }
    for (i = 0; i < sizeof bytes; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
    return KIRIKAE_DONE;
}

/* ---- whom to ask, and as whom ---- */

enum kirikae_result kirikae_add_server(struct kirikae *k, const char *name, const char *host,
                                       int port)
{
    struct node *node = &k->nodes[k->n_nodes];

    if (k->n_nodes == LIMIT_SERVERS)
        return usage(k, "too many servers");
    if (name[0] == '\0' || host[0] == '\0' || strlen(name) >= LIMIT_NAME ||
        strlen(host) >= LIMIT_NAME)
        return usage(k, "a server's name or host is empty or too long");
    if (port < 1 || port > 65535)
        return usage(k, "a server's port is not within 1 to 65535");
    strcpy(node->name, name);
    strcpy(node->host, host);
    node->port = port;
    k->n_nodes++;
    return KIRIKAE_DONE;
}

static int read_file(const char *file, struct buf *out, struct err *err)
{
    FILE *f = fopen(file, "re");
    int r = 0;

    if (f == NULL)
        return err_set(err, ERR_IO, "%s: %s", file, strerror(errno));
    out->len = fread(buf_reserve(out, FILE_MAX), 1, FILE_MAX, f);
    if (ferror(f))
        r = err_set(err, ERR_IO, "%s: %s", file, strerror(errno));
    else if (out->len == FILE_MAX)
        r = err_set(err, ERR_LIMIT, "%s: larger than %d bytes", file, LIMIT_CONFIG);
    fclose(f);
    return r;
}

/* The n-th of its site, for each site in turn: when a site is lost, the next node to ask is
 * in another one. */
static enum kirikae_result add_round(struct kirikae *k, const struct model *model, int nth)
{
    enum kirikae_result result = KIRIKAE_DONE;
    int seen[LIMIT_SITES] = {0};
    int i;

    for (i = 0; result == KIRIKAE_DONE && i < model->n_coordinators; i++)
        if (seen[model->servers[i].site]++ == nth)
            result = kirikae_add_server(k, model->servers[i].name, model->servers[i].host,
                                        model->servers[i].port);
    return result;
}

enum kirikae_result kirikae_load_cluster(struct kirikae *k, const char *file)
{
    enum kirikae_result result = KIRIKAE_DONE;
    struct model *model = NULL;
    struct buf yaml = {0};
    int i, r;

    r = read_file(file, &yaml, &k->err);
    if (r == 0)
        r = config_parse(file, yaml.data, yaml.len, &model, &k->err);
    if (r < 0)
        result = KIRIKAE_USAGE;
    for (i = 0; result == KIRIKAE_DONE && i < model->n_coordinators; i++)
        result = add_round(k, model, i);
    if (r == 0)
        model_free(model);
    buf_free(&yaml);
    return result;
}

enum kirikae_result kirikae_set_tls(struct kirikae *k, const char *ca, const char *cert,
                                    const char *key)
{
    SSL_CTX *context;

    if (session_context(ca, cert, key, &context, &k->err) < 0)
        return KIRIKAE_USAGE;
    hang_up(k);
    SSL_CTX_free(k->tls);
    k->tls = context;
    return KIRIKAE_DONE;
}

enum kirikae_result kirikae_prefer(struct kirikae *k, const char *name)
{
    int i;

    for (i = 0; i < k->n_nodes; i++) {
        if (strcmp(k->nodes[i].name, name) != 0)
            continue;
        k->first = i;
        hang_up(k);
        return KIRIKAE_DONE;
    }
    err_set(&k->err, ERR_INVALID, "no node \"%.64s\" in this cluster", name);
    return KIRIKAE_USAGE;
}

enum kirikae_result kirikae_load_node(struct kirikae *k, const char *file)
{
    struct node_config node;
    struct buf yaml = {0};
    enum kirikae_result result;
    int r;

    if (file == NULL)
        file = getenv("KIRIKAE_NODE");
    if (file == NULL)
        file = "/etc/kirikae/node.yaml";
    r = read_file(file, &yaml, &k->err);
    if (r == 0)
        r = config_parse_node(file, yaml.data, yaml.len, &node, &k->err);
    buf_free(&yaml);
    if (r < 0)
        return KIRIKAE_USAGE;
    result = kirikae_load_cluster(k, node.cluster_file);
    if (result == KIRIKAE_DONE)
        result = kirikae_set_tls(k, node.ca, node.cert, node.key);
    if (result == KIRIKAE_DONE)
        result = kirikae_prefer(k, node.name);
    return result;
}

/* ---- asking ---- */

struct limits {
    int64_t deadline_ms; /* boot clock */
    int answer_ms;       /* of one node */
};

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* One try at one node. A session kept from an earlier call may have died since: then
 * once more on a new one. */
static int ask_node(struct kirikae *k, int node, const struct buf *request, struct limits limits,
                    struct rpc_response *response)
{
    const struct node *to = &k->nodes[node];
    bool kept = k->session != NULL && k->at == node;
    struct buf answer = {0};
    int r = 0;

    if (k->session != NULL && !kept)
        hang_up(k);
    if (!kept)
        r = session_open(k->tls, to->name, to->host, to->port,
                         sooner(limits.deadline_ms, clock_boot_ms() + CONNECT_MS), &k->session,
                         &k->err);
    k->at = node;
    if (r == 0)
        r = session_ask(k->session, request,
                        sooner(limits.deadline_ms, clock_boot_ms() + limits.answer_ms), &answer,
                        &k->err);
    if (r == 0 && answer.len == 0)
        r = err_set(&k->err, ERR_UNAVAILABLE, "it is not ready");
    if (r == 0)
        r = rpc_response_decode(answer.data, answer.len, response, &k->err);
    buf_free(&answer);
    if (r < 0) {
        hang_up(k);
        if (kept && r != ERR_TIMEOUT)
            return ask_node(k, node, request, limits, response);
        return err_wrap(&k->err, r, "%s (%s:%d)", to->name, to->host, to->port);
    }
    return 0;
}

static int find_node(const struct kirikae *k, const char *name)
{
    int i;

    for (i = 0; i < k->n_nodes; i++)
        if (strcmp(k->nodes[i].name, name) == 0)
            return i;
    return -1;
}

static void pause_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    if (ms > 0)
        nanosleep(&t, NULL);
}

/* An answer that another node, or the same one a moment later, may better. */
static bool worth_another_try(int code)
{
    return code == ERR_UNAVAILABLE || code == ERR_TIMEOUT;
}

/* The next node that was not asked in this round, a named leader before all others; -1:
 * the round is over. */
static int next_node(const struct kirikae *k, int node, const char *leader, uint64_t asked)
{
    int i, named = leader[0] != '\0' ? find_node(k, leader) : -1;

    if (named >= 0 && !(asked & (uint64_t)1 << named))
        return named;
    for (i = 1; i < k->n_nodes; i++) {
        int next = (node + i) % k->n_nodes;

        if (!(asked & (uint64_t)1 << next))
            return next;
    }
    return -1;
}

/* Asks in turn, beginning with the preferred node, until one answers for good. */
static int ask_around(struct kirikae *k, const struct buf *request, struct limits limits,
                      struct rpc_response *response)
{
    int node = k->session != NULL ? k->at : k->first, next, r;
    uint64_t asked = 0;

    for (;;) {
        asked |= (uint64_t)1 << node;
        r = ask_node(k, node, request, limits, response);
        if (r == 0) {
            snprintf(k->answered_by, sizeof k->answered_by, "%s", k->nodes[node].name);
            if (!worth_another_try(response->code))
                return 0;
            err_set(&k->err, response->code, "%s: %.400s", k->nodes[node].name, response->text);
            r = response->code;
        }
        next = next_node(k, node, response->leader, asked);
        rpc_response_free(response);
        *response = (struct rpc_response){0};
        if (next < 0) {
            asked = 0;
            next = (node + 1) % k->n_nodes;
            pause_ms(sooner(PAUSE_MS, limits.deadline_ms - clock_boot_ms()));
        }
        node = next;
        if (clock_boot_ms() >= limits.deadline_ms)
            return r;
    }
}

/* Asks this node and no other, once. */
static int ask_alone(struct kirikae *k, int node, const struct buf *request, struct limits limits,
                     struct rpc_response *response)
{
    int r = ask_node(k, node, request, limits, response);

    if (r == 0)
        snprintf(k->answered_by, sizeof k->answered_by, "%s", k->nodes[node].name);
    return r;
}

/* The arguments, with how long a forwarding node may wait when it is a command. */
static int make_request(const char *verb, const char *args, int deadline_ms,
                        struct rpc_request *request, struct limits *limits, struct err *err)
{
    json_error_t where;
    bool command;
    json_t *object;
    char *text;

    if (strlen(verb) >= sizeof request->verb)
        return err_set(err, ERR_INVALID, "the verb is too long");
    strcpy(request->verb, verb);
    object = json_loads(args != NULL ? args : "{}", JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(object)) {
        json_decref(object);
        return err_set(err, ERR_INVALID, "the arguments are not a JSON object");
    }
    command = json_object_get(object, "id") != NULL;
    if (command && json_object_get(object, "wait_ms") == NULL)
        json_object_set_new(object, "wait_ms", json_integer(sooner(deadline_ms, FORWARD_MS)));
    limits->deadline_ms = clock_boot_ms() + deadline_ms;
    limits->answer_ms = command ? COMMAND_MS : READ_MS;
    text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL)
        return err_set(err, ERR_INVALID, "the arguments cannot be written as JSON");
    buf_str(&request->args, text);
    free(text);
    return 0;
}

static enum kirikae_result finish(struct kirikae *k, struct rpc_response *response, char **result)
{
    enum kirikae_result r = result_of(response->code);

    if (response->result.len > 0 && result != NULL)
        *result = mem_strdup(buf_cstr(&response->result));
    if (r != KIRIKAE_DONE)
        err_set(&k->err, response->code, "%.500s", response->text);
    rpc_response_free(response);
    return r;
}

/* Of one node; -1: of any. */
static enum kirikae_result call(struct kirikae *k, int node, const char *verb, const char *args,
                                int deadline_ms, char **result)
{
    struct rpc_request request = {0};
    struct rpc_response response = {0};
    struct limits limits = {0};
    struct buf bytes = {0};
    int r;

    if (result != NULL)
        *result = NULL;
    k->err.text[0] = '\0';
    k->answered_by[0] = '\0';
    if (k->tls == NULL || k->n_nodes == 0)
        return usage(k, "no servers, or no certificate, to ask with");
    if (deadline_ms < 1)
        return usage(k, "the deadline is not positive");
    if (make_request(verb, args, deadline_ms, &request, &limits, &k->err) != 0) {
        rpc_request_free(&request);
        return KIRIKAE_USAGE;
    }
    rpc_request_encode(&request, &bytes);
    if (node >= 0)
        r = ask_alone(k, node, &bytes, limits, &response);
    else
        r = ask_around(k, &bytes, limits, &response);
    buf_free(&bytes);
    rpc_request_free(&request);
    return r < 0 ? KIRIKAE_UNREACHABLE : finish(k, &response, result);
}

enum kirikae_result kirikae_call(struct kirikae *k, const char *verb, const char *args,
                                 int deadline_ms, char **result)
{
    return call(k, -1, verb, args, deadline_ms, result);
}

/* ---- a server's own software ---- */

/* The node that a check's name ends with, "calls@voice-1"; else the preferred one. */
static int node_of(const struct kirikae *k, const char *check)
{
    const char *at = strchr(check, '@');

    return at != NULL ? find_node(k, at + 1) : k->first;
}

enum kirikae_result kirikae_report(struct kirikae *k, const char *check, enum kirikae_health health,
                                   const char *text, int deadline_ms)
{
    enum kirikae_result result;
    int node = node_of(k, check);
    char *args = NULL;
    json_t *object;

    k->err.text[0] = '\0';
    k->answered_by[0] = '\0';
    if (node < 0)
        return usage(k, "the check is of no node in this cluster");
    object =
        json_pack("{ss ss}", "check", check, "state", health == KIRIKAE_FAILING ? "failing" : "ok");
    if (text == NULL || json_object_set_new(object, "text", json_string(text)) == 0)
        args = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (args == NULL)
        return usage(k, "the check or the text is not UTF-8");
    result = call(k, node, "report", args, deadline_ms, NULL);
    free(args);
    return result;
}

enum kirikae_result kirikae_active(struct kirikae *k, const char *route, unsigned *epoch,
                                   long long *until_ms, int deadline_ms)
{
    json_t *object = json_pack("{ss}", "route", route), *answer;
    char *args = json_dumps(object, JSON_COMPACT), *text = NULL;
    enum kirikae_result result;

    *epoch = 0;
    *until_ms = 0;
    json_decref(object);
    if (args == NULL)
        return usage(k, "the route is not UTF-8");
    result = call(k, k->first, "active", args, deadline_ms, &text);
    free(args);
    answer = result == KIRIKAE_DONE ? json_loads(text, 0, NULL) : NULL;
    if (answer != NULL) {
        *epoch = (unsigned)json_integer_value(json_object_get(answer, "epoch"));
        *until_ms = json_integer_value(json_object_get(answer, "until_ms"));
    }
    json_decref(answer);
    mem_free(text);
    return result;
}

long long kirikae_now_ms(void)
{
    return clock_boot_ms();
}
