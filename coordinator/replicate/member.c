/* Membership: the first configuration, and one server's old id out and its new one in.
 * libraft makes one change at a time and no joint ones, so a replacement is three steps:
 * remove, add as spare, assign the role (for a voter after it caught up). Each may be found
 * done already, so a replacement that broke off is simply asked for again. */
#include "replicate/internal.h"

#include <string.h>

#define STEP_MS 30000

int member_bootstrap_conf(const struct model *model, struct raft_configuration *conf)
{
    int rv = 0;

    raft_configuration_init(conf);
    for (int i = 0; i < model->n_servers && rv == 0; i++) {
        const struct server *server = &model->servers[i];

        if (server->coordinator)
            rv = raft_configuration_add(conf, replicate_id(i, 0), server->name,
                                        server->role == MEMBER_VOTER ? RAFT_VOTER : RAFT_STANDBY);
    }
    if (rv == 0 && conf->n == 0)
        rv = RAFT_NOTFOUND;
    if (rv != 0)
        raft_configuration_close(conf);
    return rv;
}

static const struct raft_server *find(const struct replicate *r, uint64_t id)
{
    const struct raft_configuration *conf = &r->raft.configuration;

    for (unsigned i = 0; i < conf->n; i++)
        if (conf->servers[i].id == id)
            return &conf->servers[i];
    return NULL;
}

uint64_t replicate_member(const struct replicate *r, int server)
{
    const struct raft_configuration *conf = &r->raft.configuration;
    uint64_t newest = 0;

    for (unsigned i = 0; i < conf->n; i++)
        if (replicate_server_of(conf->servers[i].id) == server && conf->servers[i].id > newest)
            newest = conf->servers[i].id;
    return newest;
}

static int raft_role_of(enum member_role role)
{
    return role == MEMBER_VOTER ? RAFT_VOTER : RAFT_STANDBY;
}

bool replicate_placed(const struct replicate *r, uint64_t raft_id, enum member_role role)
{
    const struct raft_configuration *conf = &r->raft.configuration;
    const struct raft_server *server = find(r, raft_id);

    for (unsigned i = 0; i < conf->n; i++)
        if (conf->servers[i].id != raft_id &&
            replicate_server_of(conf->servers[i].id) == replicate_server_of(raft_id))
            return false;
    return server != NULL && server->role == raft_role_of(role);
}

static uint64_t old_id(const struct replicate *r)
{
    const struct raft_configuration *conf = &r->raft.configuration;

    for (unsigned i = 0; i < conf->n; i++)
        if (replicate_server_of(conf->servers[i].id) == r->replacement.server &&
            conf->servers[i].id != r->replacement.new_id)
            return conf->servers[i].id;
    return 0;
}

static void end(struct replicate *r, int code)
{
    struct replacement *m = &r->replacement;
    void (*done)(void *context, int code) = m->done;
    void *context = m->context;

    /* libraft forgets a request that failed late, but not always that it had it. */
    if (r->raft.legacy.change == &m->req)
        r->raft.legacy.change = NULL;
    m->step = MEMBER_IDLE;
    m->under_way = false;
    m->done = NULL;
    done(context, code);
}

static void changed(struct raft_change *req, int status)
{
    struct replicate *r = req->data;
    struct replacement *m = &r->replacement;

    if (m->step == MEMBER_IDLE)
        return;
    m->under_way = false;
    if (status != 0 && status != RAFT_NOCONNECTION) {
        end(r, ERR_UNAVAILABLE);
        return;
    }
    if (status == 0) /* a catch-up that was too slow is tried again */
        m->deadline_ms = replicate_now(r) + STEP_MS;
    replicate_defer(r);
}

static enum member_step next_step(const struct replicate *r)
{
    const struct replacement *m = &r->replacement;
    const struct raft_server *server = find(r, m->new_id);

    if (old_id(r) != 0)
        return MEMBER_REMOVE;
    if (server == NULL)
        return MEMBER_ADD;
    return server->role == m->role ? MEMBER_IDLE : MEMBER_ASSIGN;
}

static int ask(struct replicate *r)
{
    struct replacement *m = &r->replacement;

    switch (m->step) {
    case MEMBER_REMOVE:
        return raft_remove(&r->raft, &m->req, old_id(r), changed);
    case MEMBER_ADD:
        return raft_add(&r->raft, &m->req, m->new_id, m->address, changed);
    case MEMBER_ASSIGN:
        return raft_assign(&r->raft, &m->req, m->new_id, m->role, changed);
    case MEMBER_IDLE:
        break;
    }
    return 0;
}

/* Takes the next step when there is one to take. */
void member_look(struct replicate *r)
{
    struct replacement *m = &r->replacement;
    int rv;

    if (m->step == MEMBER_IDLE)
        return;
    if (raft_state(&r->raft) != RAFT_LEADER || replicate_now(r) >= m->deadline_ms) {
        end(r, ERR_UNAVAILABLE);
        return;
    }
    /* A change that is not committed yet may be ours or an earlier leader's. */
    if (m->under_way || r->raft.configuration_uncommitted_index != 0)
        return;
    m->step = next_step(r);
    if (m->step == MEMBER_IDLE) {
        end(r, 0);
        return;
    }
    m->req = (struct raft_change){.data = r};
    r->depth++;
    rv = ask(r);
    r->depth--;
    m->under_way = rv == 0;
    if (rv == 0)
        return;
    if (r->raft.legacy.change == &m->req) /* raft_assign() leaves it there when it fails */
        r->raft.legacy.change = NULL;
    if (rv != RAFT_CANTCHANGE && rv != RAFT_NOSPACE) {
        log_line(r->log, LOG_LEVEL_WARN, "raft-member", "membership change refused: %s",
                 raft_strerror(rv));
        end(r, rv == RAFT_NOTLEADER ? ERR_UNAVAILABLE : ERR_REFUSED);
    }
}

void replicate_replace(struct replicate *r, int server, uint64_t new_raft_id, const char *address,
                       enum member_role role, void (*done)(void *context, int code), void *context)
{
    struct replacement *m = &r->replacement;

    if (!replicate_ready(r) || raft_state(&r->raft) != RAFT_LEADER) {
        done(context, ERR_UNAVAILABLE);
        return;
    }
    if (m->step != MEMBER_IDLE || replicate_server_of(new_raft_id) != server ||
        server == replicate_server_of(r->id) || strlen(address) >= sizeof m->address) {
        done(context, ERR_REFUSED);
        return;
    }
    *m = (struct replacement){
        .step = MEMBER_REMOVE,
        .server = server,
        .new_id = new_raft_id,
        .role = raft_role_of(role),
        .deadline_ms = replicate_now(r) + STEP_MS,
        .done = done,
        .context = context,
    };
    strcpy(m->address, address);
    replicate_defer(r);
}

void member_close(struct replicate *r)
{
    if (r->replacement.step != MEMBER_IDLE)
        end(r, ERR_UNAVAILABLE);
}
