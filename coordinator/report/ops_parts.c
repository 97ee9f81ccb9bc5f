/* The operators' page: its head, its lines for what matters most, servers, incidents, budget. */
#include "base/utc.h"
#include "report/ops_pen.h"
#include "report/sla_words.h"

#include <inttypes.h>

static const char *server_name(const struct ops_pen *pen, int server)
{
    return server >= 0 && server < pen->model->n_servers ? pen->model->servers[server].name : NULL;
}

/* ---- head and banner ---- */

void ops_head(struct ops_pen *pen)
{
    struct html *h = &pen->html;

    html_text(h, pen_say(pen, O_NODE));
    html_text(h, " ");
    html_leaf(h, "bdi", "self", server_name(pen, pen->ops->local->self));
    html_textf(h, ", %s ", pen_say(pen, O_AS_OF));
    pen_time(pen, pen->ops->now.utc_ms);
}

void ops_banner(struct ops_pen *pen)
{
    const struct ops *ops = pen->ops;
    struct status_quorum quorum = status_quorum(ops->engine, ops->now, ops->local->self);
    struct html *h = &pen->html;

    if (!quorum.ok) {
        html_open_class(h, "p", "alarm");
        html_leaf(h, "strong", NULL, pen_say(pen, O_NO_QUORUM));
        html_text(h, " – ");
        if (quorum.lost_ms < 0) {
            html_text(h, pen_say(pen, O_NO_QUORUM_NEVER));
        } else {
            html_textf(h, "%s ", pen_say(pen, O_NO_QUORUM_SINCE));
            pen_time(pen, ops->now.utc_ms - quorum.lost_ms);
        }
        html_textf(h, " (%d / %d, %s %d). %s", quorum.heard, quorum.voters,
                   pen_say(pen, O_QUORUM_OF), quorum.majority, pen_say(pen, O_NO_QUORUM_MEANS));
        html_close(h);
    }
    if (engine_peer(ops->engine, ops->now, ops->local->self).abstain)
        pen_leaf(pen, "p", "warn", O_ABSTAINS_HERE);
}

/* ---- at a glance ---- */

static void count(struct ops_pen *pen, enum ops_word word, enum ops_command command, int n)
{
    pen_fact(pen, word);
    html_open_class(&pen->html, "span", n > 0 ? "bad" : NULL);
    pen_figure(pen, command, "%d", n);
    html_close(&pen->html);
    pen_fact_end(pen);
}

static void glance_raft(struct ops_pen *pen)
{
    const struct ops *ops = pen->ops;
    const struct status_local *local = ops->local;
    struct status_quorum quorum = status_quorum(ops->engine, ops->now, local->self);
    const char *leader = server_name(pen, engine_leader(ops->engine));

    pen_fact(pen, O_LEADER);
    pen_figure(pen, CMD_NODES, "%s", leader != NULL ? leader : pen_say(pen, O_NOBODY));
    pen_fact_end(pen);
    pen_fact(pen, O_QUORUM);
    html_open_class(&pen->html, "span", quorum.ok ? NULL : "bad");
    pen_figure(pen, CMD_STATUS, "%d / %d (%s %d)", quorum.heard, quorum.voters,
               pen_say(pen, O_QUORUM_OF), quorum.majority);
    html_close(&pen->html);
    pen_fact_end(pen);
    pen_fact(pen, O_TERM);
    pen_figure(pen, CMD_STATUS, "%" PRIu64 " (%s)", local->term, status_role_name(local->role));
    pen_fact_end(pen);
    pen_fact(pen, O_COMMIT);
    pen_figure(pen, CMD_STATUS, "%" PRIu64, local->commit_index);
    if (local->commit_index > local->applied_index)
        html_textf(&pen->html, " (%" PRIu64 " %s)", local->commit_index - local->applied_index,
                   pen_say(pen, O_LAG));
    pen_fact_end(pen);
}

struct counts {
    int down, disputed, holes, open, drained;
};

static struct counts count_all(const struct ops_pen *pen)
{
    const struct shared *shared = pen->shared;
    struct counts counts = {0};
    int i;

    if (shared->model == NULL)
        return counts;
    for (i = 0; i < pen->model->n_checks; i++) {
        counts.down += shared->checks[i].verdict == VERDICT_DOWN;
        counts.disputed += shared->checks[i].verdict == VERDICT_DISPUTED;
        counts.holes += shared->checks[i].hole;
    }
    for (i = 0; i < pen->model->n_functions; i++)
        counts.open += shared->functions[i].down && shared->functions[i].outage != 0;
    for (i = 0; i < pen->model->n_servers; i++)
        counts.drained += shared_drained(shared, i);
    return counts;
}

void ops_glance(struct ops_pen *pen)
{
    const struct pause *pause = status_pause(pen->shared, ROUTE_ALL, pen->ops->now);
    struct counts counts = count_all(pen);

    html_open_class(&pen->html, "dl", "glance");
    glance_raft(pen);
    pen_fact(pen, O_CONFIG);
    pen_figure(pen, CMD_STATUS, "%u", pen->model->version);
    pen_fact_end(pen);
    pen_fact(pen, O_LEDGER);
    pen_figure(pen, CMD_STATUS, "%" PRIu64 " %s", pen->shared->ledger.size, pen_say(pen, O_LINES));
    pen_fact_end(pen);
    count(pen, O_OPEN, CMD_INCIDENTS, counts.open);
    count(pen, O_DOWN, CMD_STATUS, counts.down);
    count(pen, O_DISPUTED, CMD_STATUS, counts.disputed);
    count(pen, O_HOLES, CMD_COVERAGE, counts.holes);
    count(pen, O_DRAINED, CMD_STATUS, counts.drained);
    pen_fact(pen, O_MOVES);
    if (pause == NULL) {
        pen_figure(pen, CMD_STATUS, "%s", pen_say(pen, O_MOVES_ON));
    } else {
        html_open_class(&pen->html, "span", "bad");
        pen_figure(pen, CMD_STATUS, "%s", pen_say(pen, O_PAUSED_UNTIL));
        html_text(&pen->html, " ");
        pen_time(pen, pause->until_ms);
        html_close(&pen->html);
    }
    pen_fact_end(pen);
    html_close(&pen->html);
}

/* ---- servers ---- */

static void server_state(struct ops_pen *pen, int server, const struct peer_view *view)
{
    const struct node_state *node = &pen->shared->nodes[server];

    pen_cell(pen, NULL);
    if (node->silent) {
        html_open_class(&pen->html, "span", "bad");
        html_textf(&pen->html, "%s ", pen_say(pen, O_SILENT_SINCE));
        pen_since(pen, node->since_ms);
        html_close(&pen->html);
    } else {
        pen_leaf(pen, "span", view->heard ? "good" : "bad", view->heard ? O_HEARD : O_NOT_HEARD);
    }
    if (view->abstain)
        pen_tag(pen, "warn", O_ABSTAINS);
    if (shared_drained(pen->shared, server))
        pen_tag(pen, "warn", O_IS_DRAINED);
    pen_end(pen);
}

static void server_beat(struct ops_pen *pen, int server, const struct peer_view *view)
{
    char age[PEN_AGE_MAX];

    pen_cell(pen, "num");
    if (server == pen->ops->local->self)
        html_text(&pen->html, pen_say(pen, O_OWN));
    else if (view->age_ms < 0)
        html_text(&pen->html, pen_say(pen, O_NEVER));
    else
        html_textf(&pen->html, "%s %s", pen_age(view->age_ms, age), pen_say(pen, O_AGO));
    pen_end(pen);
}

static void server_row(struct ops_pen *pen, int server)
{
    const struct ops *ops = pen->ops;
    const struct server *s = &pen->model->servers[server];
    struct peer_view view = engine_peer(ops->engine, ops->now, server);
    server_set all = 0;
    int i;

    for (i = 0; i < pen->model->n_coordinators; i++)
        all |= server_bit(i);
    pen_row(pen, s->name);
    pen_cell(pen, NULL);
    html_text(&pen->html, pen_say(pen, s->role == MEMBER_VOTER ? O_VOTER : O_STANDBY));
    if (server == engine_leader(ops->engine))
        pen_tag(pen, "mark", O_LEADER);
    pen_end(pen);
    server_beat(pen, server, &view);
    pen_cell(pen, "num");
    html_textf(&pen->html, "%d / %d", server_count(view.hears & all & ~server_bit(server)),
               pen->model->n_coordinators - 1);
    pen_end(pen);
    pen_cell(pen, "num");
    html_textf(&pen->html, "%d / %d", server_count(status_heard_by(ops->engine, ops->now, server)),
               pen->model->n_coordinators - 1);
    pen_end(pen);
    server_state(pen, server, &view);
    pen_end(pen);
}

void ops_servers(struct ops_pen *pen)
{
    static const enum ops_word columns[] = {O_SERVER, O_ROLE, O_BEAT, O_HEARS, O_HEARD_BY, O_STATE};
    struct html *h = &pen->html;
    int site, i;

    pen_table(pen, "servers", "h-servers");
    pen_head(pen, columns, 6);
    for (site = 0; site < pen->model->n_sites; site++) {
        bool named = false;

        for (i = 0; i < pen->model->n_coordinators; i++) {
            if (pen->model->servers[i].site != site)
                continue;
            if (!named) {
                html_open_class(h, "tr", "group");
                html_open(h, "th");
                html_attr(h, "scope", "rowgroup");
                html_attr(h, "colspan", "6");
                html_leaf(h, "bdi", NULL, pen->model->sites[site].name);
                html_close(h);
                html_close(h);
                named = true;
            }
            server_row(pen, i);
        }
    }
    pen_table_end(pen);
}

/* ---- incidents ---- */

static bool is_open(const struct ops_pen *pen, int function)
{
    return pen->shared->model != NULL && pen->shared->functions[function].down &&
           pen->shared->functions[function].outage != 0;
}

static void function_name(struct ops_pen *pen, int function)
{
    const struct function *f = &pen->model->functions[function];

    if (pen->ops->language == SLA_JAPANESE && f->label_ja[0] != '\0') {
        html_leaf(&pen->html, "bdi", NULL, f->label_ja);
        html_text(&pen->html, " ");
    }
    html_leaf(&pen->html, "bdi", NULL, f->name);
}

void ops_alert(struct ops_pen *pen)
{
    bool any = false;
    int i;

    for (i = 0; i < pen->model->n_functions; i++) {
        if (!is_open(pen, i))
            continue;
        html_text(&pen->html, any ? ", " : pen_say(pen, O_OPEN_NOW));
        html_text(&pen->html, any ? "" : " ");
        function_name(pen, i);
        any = true;
    }
    if (!any)
        html_text(&pen->html, pen_say(pen, O_NONE_OPEN));
}

static void incident_row(struct ops_pen *pen, int function)
{
    const struct function_state *state = &pen->shared->functions[function];
    struct html *h = &pen->html;
    char age[PEN_AGE_MAX];

    html_open(h, "tr");
    html_open(h, "th");
    html_attr(h, "scope", "row");
    html_textf(h, "#%" PRIu64, state->outage - 1);
    html_close(h);
    pen_cell(pen, NULL);
    function_name(pen, function);
    pen_end(pen);
    pen_cell(pen, NULL);
    html_text(h, sla_severity_word(pen->model->functions[function].severity, pen->ops->language));
    pen_end(pen);
    pen_cell(pen, NULL);
    pen_time(pen, state->start_ms);
    pen_end(pen);
    pen_cell(pen, "num");
    html_text(h, pen_age(pen->ops->now.utc_ms - state->start_ms, age));
    pen_end(pen);
    pen_cell(pen, NULL);
    html_open(h, "a");
    html_attr(h, "href", "#how-incident");
    html_open(h, "code");
    html_textf(h, "kirikae incident show %" PRIu64, state->outage - 1);
    html_close(h);
    html_close(h);
    pen_end(pen);
    pen_end(pen);
}

void ops_incidents(struct ops_pen *pen)
{
    static const enum ops_word columns[] = {O_INCIDENT, O_FUNCTION, O_SEVERITY,
                                            O_SINCE,    O_AGE,      O_TOLD_BY};
    bool any = false;
    int i;

    for (i = 0; i < pen->model->n_functions; i++) {
        if (!is_open(pen, i))
            continue;
        if (!any) {
            pen_table(pen, "incidents", "h-incidents");
            pen_head(pen, columns, 6);
        }
        any = true;
        incident_row(pen, i);
    }
    if (any)
        pen_table_end(pen);
}

/* ---- budget ---- */

static void budget_share(struct ops_pen *pen, const struct sla_budget *item)
{
    int percent = item->allowed_ms > 0 ? (int)(item->used_ms * 100 / item->allowed_ms) : 100;
    struct html *h = &pen->html;

    html_open(h, "meter");
    html_attr(h, "min", "0");
    html_attr(h, "max", "100");
    html_attrf(h, "value", "%d", percent > 100 ? 100 : percent);
    html_attr(h, "aria-hidden", "true");
    html_close(h);
    html_textf(h, " %d %%", percent);
}

static void budget_row(struct ops_pen *pen, const struct sla_budget *item)
{
    int64_t left_ms = item->allowed_ms - item->used_ms;
    char text[PEN_AGE_MAX];

    pen_row(pen, item->name);
    pen_cell(pen, NULL);
    html_text(&pen->html, pen_say(pen, item->service ? O_IS_SERVICE : O_FUNCTION));
    pen_end(pen);
    pen_cell(pen, "num");
    html_text(&pen->html,
              item->allowed_ms < 0 ? pen_say(pen, O_NO_TARGET) : pen_age(item->allowed_ms, text));
    pen_end(pen);
    pen_cell(pen, "num");
    html_text(&pen->html, pen_age(item->used_ms, text));
    pen_end(pen);
    pen_cell(pen, item->allowed_ms >= 0 && left_ms < 0 ? "num bad" : "num");
    if (item->allowed_ms >= 0)
        html_textf(&pen->html, "%s%s", left_ms < 0 ? "−" : "",
                   pen_age(left_ms < 0 ? -left_ms : left_ms, text));
    pen_end(pen);
    pen_cell(pen, "num");
    if (item->allowed_ms >= 0)
        budget_share(pen, item);
    pen_end(pen);
    pen_end(pen);
}

void ops_budget(struct ops_pen *pen)
{
    static const enum ops_word columns[] = {O_FUNCTION, O_KIND,      O_ALLOWED,
                                            O_USED,     O_LEFT_OVER, O_SHARE};
    const struct ops *ops = pen->ops;
    struct html *h = &pen->html;
    int i;

    if (ops->budget == NULL) {
        html_open_class(h, "p", "none");
        if (ops->budget_why == NULL)
            html_text(h, pen_say(pen, O_BUDGET_SOON));
        else
            html_textf(h, "%s %s", pen_say(pen, O_BUDGET_NOT), ops->budget_why);
        html_close(h);
        return;
    }
    html_open_class(h, "p", "none");
    html_leaf(h, "bdi", NULL, ops->budget->contract->name);
    html_textf(h, " – %s ", pen_say(pen, O_BUDGET_AS_OF));
    pen_time(pen, ops->budget->period.as_of_ms);
    html_close(h);
    pen_table(pen, "budget", "h-budget");
    pen_head(pen, columns, 6);
    for (i = 0; i < ops->budget->n; i++)
        budget_row(pen, &ops->budget->items[i]);
    pen_table_end(pen);
}
