/* HAProxy's runtime API. One map per route says which backend serves and under which
 * (epoch, step); haproxy_pool.h says what the servers of the route's backends are set to.
 *
 *   look    show map, show map PATH, show map, show servers state B, of every candidate's
 *           backend                                                 -> done, stale, or go on
 *   take    prepare map PATH -> version V; show map PATH again      -> stale, or go on;
 *           the coordinators are asked whether this node still leads
 *   fill    set server ... (ready before others), add map @V ...
 *   commit  when they have said so: commit map @V PATH, and look again: verifying is looking
 *
 * The version is what makes this a compare-and-set: HAProxy refuses a commit of a
 * version that is not newer than the one in force. Of two movers the one with the newer
 * version could still be the one with the older epoch, if it looked before the other
 * committed. So looking also asks which version was given out last. Done means: the map
 * says what was ordered, in a version that was in force before and after the map was read
 * and was the last one given out. Then every other version is worthless, and whoever takes
 * one later looks later, and sees the epoch. (A map that is read while another version is
 * committed may come back empty, which looks older. That version was given out before the
 * commit, so whoever committed sees that it is still out.)
 *
 * A version that is still out is given the time of a few round trips: its owner commits
 * it, or sees the newer epoch and stops. Then everything is said once more under a newer
 * version, which makes that one worthless. Without the waiting two movers in step would
 * each time take the next version before the other commits, and none would end. It is no
 * guarantee that a call ends well, though: one that meets others' versions every time
 * fails in the end, with its rows in force or not. It never says done too early.
 *
 * A call that dies on the way leaves at most a right pool under the old map, or a version
 * that is never committed (HAProxy drops its entries at the next commit). `set server`
 * itself knows no versions: it is sent only under a version taken after which nothing
 * newer was seen, and a pool that a late command disturbed is put right by the next call. */
#include "act/call.h"
#include "act/haproxy_cli.h"
#include "act/haproxy_pool.h"
#include "act/haproxy_text.h"
#include "base/buf.h"
#include "base/mem.h"

#include <string.h>

/* Times to say the same thing before giving up (two movers need two or three), and times
 * to look before a version that is still out is overtaken: longer than a take, fill, commit. */
enum { ROUNDS_MAX = 8, LOOKS_MAX = 4 };

struct haproxy {
    struct haproxy_cli *cli;
    const char *backend;
    int rounds, looks; /* looks: of this round */
    uint32_t version;  /* taken */
    struct haproxy_pool pool;
};

/* Everything that becomes part of a command must be one word of it. */
static int check_backend(const struct call *call, const struct candidate *candidate,
                         struct err *err)
{
    if (!haproxy_word(haproxy_backend(candidate)))
        return err_set(err, ERR_INVALID, "\"%s\" cannot be a backend's name",
                       haproxy_backend(candidate));
    for (int i = 0; i < candidate->n_members; i++) {
        const char *name = call->order.model->servers[candidate->members[i]].name;

        if (!haproxy_word(name))
            return err_set(err, ERR_INVALID, "\"%s\" cannot be a server's name", name);
    }
    return 0;
}

static int check_words(const struct call *call, struct err *err)
{
    int rv = 0;

    if (!haproxy_word(call->actuator->map))
        return err_set(err, ERR_INVALID, "\"%s\" cannot be a map's path", call->actuator->map);
    for (int c = 0; c < call->route->n_candidates && rv == 0; c++)
        rv = check_backend(call, &call->route->candidates[c], err);
    return rv;
}

static void look(struct call *call, uint32_t commit);

static void commit(struct call *call)
{
    const struct haproxy *haproxy = call->state;

    look(call, haproxy->version);
}

/* Sends `commit`s after `fill` was answered. */
static void on_filled(struct call *call, const char *const *answers, int n)
{
    struct err err;
    int rv;

    for (int i = 0; i < n; i++)
        if (answers[i][0] != '\0') {
            rv = haproxy_refusal(answers[i], &err);
            call_fail(call, rv, "%s", err.text);
            return;
        }
    call_when_may(call, commit);
}

static void fill(struct call *call)
{
    struct haproxy *haproxy = call->state;
    const char *map = call->actuator->map;
    struct buf commands = {0};
    int n;

    call->doing = "preparing";
    n = haproxy_pool_commands(call, &haproxy->pool, &commands);
    buf_printf(&commands, "add map @%u %s active %s\nadd map @%u %s epoch %u.%u\n",
               haproxy->version, map, haproxy->backend, haproxy->version, map, call->order.epoch,
               call->order.step);
    haproxy_cli_ask(haproxy->cli, &commands, n + 2, on_filled);
    buf_free(&commands);
}

static void on_taken(struct call *call, const char *const *answers, int n)
{
    struct haproxy *haproxy = call->state;
    struct haproxy_map map;
    struct err err;
    int rv = haproxy_parse_prepared(answers[0], &haproxy->version, &err);

    if (rv == 0)
        rv = haproxy_parse_map(answers[1], &map, &err);
    if (rv != 0)
        call_fail(call, rv, "%s", err.text);
    else if (call_compare(call, map.epoch, map.step) > 0 || !call_token(call))
        return;
    else if (haproxy_pool_right(call, &haproxy->pool))
        fill(call); /* while the coordinators are asked: it takes no effect before the commit */
    else
        call_when_may(call, fill);
}

static void take(struct call *call)
{
    struct haproxy *haproxy = call->state;
    const char *path = call->actuator->map;
    struct buf commands = {0};

    call->doing = "preparing";
    haproxy->looks = 0;
    buf_printf(&commands, "prepare map %s\nshow map %s\n", path, path);
    haproxy_cli_ask(haproxy->cli, &commands, 2, on_taken);
    buf_free(&commands);
}

static int read_pool(struct call *call, const char *const *answers, struct err *err)
{
    struct haproxy *haproxy = call->state;
    int rv = 0;

    for (int c = 0; c < call->route->n_candidates && rv == 0; c++)
        rv = haproxy_pool_read(call, &haproxy->pool, c, answers[c], err);
    return rv;
}

/* What an operator did at HAProxy itself is put right, but never without a word. Only what is
 * there under this very order, which left it otherwise, is surely another's work; and what waits
 * in a backend that did not serve. */
static void tell_found(struct call *call, const struct haproxy_map *map, int order)
{
    struct haproxy *haproxy = call->state;
    struct err *found = &call->result.err;

    if (order == 0 || strcmp(map->active, haproxy->backend) != 0)
        haproxy_pool_found(call, &haproxy->pool, found->text, sizeof found->text);
}

/* Reads the versions around the map. *settled: nothing but the map read can be in force. */
static int read_versions(const struct call *call, const char *before, const char *after,
                         bool *settled, struct err *err)
{
    const char *path = call->actuator->map;
    uint32_t current, newest, current_after, newest_after;
    int rv = haproxy_parse_versions(before, path, &current, &newest, err);

    if (rv == 0)
        rv = haproxy_parse_versions(after, path, &current_after, &newest_after, err);
    if (rv == 0)
        *settled = current == newest && current == current_after;
    return rv;
}

static void on_looked(struct call *call, const char *const *answers, int n)
{
    struct haproxy *haproxy = call->state;
    bool says, settled;
    struct haproxy_map map;
    struct err err;
    int order, rv;

    rv = haproxy_parse_map(answers[1], &map, &err);
    if (rv == 0)
        rv = read_versions(call, answers[0], answers[2], &settled, &err);
    if (rv == 0) {
        order = call_compare(call, map.epoch, map.step);
        if (order > 0)
            return;
        rv = read_pool(call, answers + 3, &err);
    }
    if (rv != 0) {
        call_fail(call, rv, "%s", err.text);
        return;
    }
    says = haproxy_pool_right(call, &haproxy->pool) && order == 0 && map.exact &&
           strcmp(map.active, haproxy->backend) == 0;
    if (haproxy->rounds == 0 && !says) {
        call->result.changed = true;
        tell_found(call, &map, order);
    }
    if (says && settled)
        call_finish(call, 0);
    else if (says && haproxy->looks++ < LOOKS_MAX)
        look(call, 0);
    else if (haproxy->rounds++ < ROUNDS_MAX)
        take(call);
    else if (says)
        call_fail(call, ERR_UNAVAILABLE, "it says %s for %u.%u, but others keep changing the map",
                  map.active, map.epoch, map.step);
    else
        call_fail(call, ERR_INVALID, "it took the commands %d times and still says %s for %u.%u",
                  ROUNDS_MAX, map.active, map.epoch, map.step);
}

static void on_committed(struct call *call, const char *const *answers, int n)
{
    struct err err;
    int rv;

    if (answers[0][0] != '\0' && !haproxy_is_outdated(answers[0])) {
        rv = haproxy_refusal(answers[0], &err);
        call_fail(call, rv, "%s", err.text);
        return;
    }
    /* Outdated: someone else committed a newer version. Looking tells who is newer. */
    on_looked(call, answers + 1, n - 1);
}

/* Reads everything; commits version `commit` right before, when it is not 0. */
static void look(struct call *call, uint32_t commit)
{
    struct haproxy *haproxy = call->state;
    const char *path = call->actuator->map;
    int n = call->route->n_candidates;
    struct buf commands = {0};

    if (commit != 0) {
        call->doing = "committing";
        buf_printf(&commands, "commit map @%u %s\n", commit, path);
    }
    buf_printf(&commands, "show map\nshow map %s\nshow map\n", path);
    for (int c = 0; c < n; c++)
        buf_printf(&commands, "show servers state %s\n",
                   haproxy_backend(&call->route->candidates[c]));
    haproxy_cli_ask(haproxy->cli, &commands, commit != 0 ? n + 4 : n + 3,
                    commit != 0 ? on_committed : on_looked);
    buf_free(&commands);
}

static void haproxy_start(struct call *call)
{
    struct haproxy *haproxy = mem_zalloc(1, sizeof *haproxy);
    struct err err;
    int rv;

    call->state = haproxy;
    haproxy->backend = haproxy_backend(call->candidate);
    rv = check_words(call, &err);
    if (rv != 0) {
        call_fail(call, rv, "%s", err.text);
        return;
    }
    haproxy->cli = haproxy_cli_open(call);
    if (!call->finished)
        look(call, 0);
}

static void haproxy_stop(struct call *call)
{
    struct haproxy *haproxy = call->state;

    if (haproxy != NULL)
        haproxy_cli_close(haproxy->cli);
}

static void haproxy_free(struct call *call)
{
    struct haproxy *haproxy = call->state;

    if (haproxy != NULL)
        haproxy_cli_free(haproxy->cli);
    mem_free(haproxy);
}

const struct driver driver_haproxy = {haproxy_start, haproxy_stop, haproxy_free};
