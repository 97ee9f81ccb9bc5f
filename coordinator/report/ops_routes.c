/* The operators' page: routes, who holds them and with what promise, and who watches what. */
#include "core/failover/rules.h"
#include "report/ops_pen.h"

/* ---- routes ---- */

static void member(struct ops_pen *pen, int route, int server)
{
    const struct ops *ops = pen->ops;
    const struct route_state *state = &pen->shared->routes[route];
    struct html *h = &pen->html;
    char left[PEN_AGE_MAX];
    struct holder_view view;

    html_open(h, "li");
    html_leaf(h, "bdi", NULL, pen->model->servers[server].name);
    if (state->now.draining & server_bit(server))
        pen_tag(pen, "warn", O_DRAINING);
    if (shared_drained(pen->shared, server))
        pen_tag(pen, "warn", O_IS_DRAINED);
    if (!shared_member_ok(pen->shared, server))
        pen_tag(pen, "bad", O_UNHEALTHY);
    if (pen->model->routes[route].kind == ROUTE_EXCLUSIVE) {
        view = engine_holder(ops->engine, ops->now, route, server);
        pen_tag(pen, view.serves ? "good" : "bad", view.serves ? O_SERVES : O_SERVES_NOT);
        html_text(h, " ");
        if (view.left_ms > 0)
            html_textf(h, "%s %s", pen_age(view.left_ms, left), pen_say(pen, O_LEFT));
        else
            pen_leaf(pen, "span", "bad", O_NO_PROMISE);
        if (engine_unable(ops->engine, route, server) != NULL)
            html_textf(h, " (%s)", engine_unable(ops->engine, route, server));
    }
    html_close(h);
}

static void members(struct ops_pen *pen, int route)
{
    const struct placement *at = &pen->shared->routes[route].now;
    int i, n = 0;

    pen_cell(pen, NULL);
    html_open_class(&pen->html, "ul", "members");
    for (i = 0; i < pen->model->n_servers; i++) {
        if (!((at->members | at->draining) & server_bit(i)))
            continue;
        member(pen, route, i);
        n++;
    }
    if (n == 0)
        pen_leaf(pen, "li", "bad", O_NONE_PLACED);
    html_close(&pen->html);
    pen_end(pen);
}

static void automatic(struct ops_pen *pen, int route)
{
    const struct pause *pause = status_pause(pen->shared, route, pen->ops->now);
    uint32_t facts = engine_route_view(pen->ops->engine, pen->ops->now, route, NULL).facts;
    bool held = pen->shared->routes[route].held;
    struct html *h = &pen->html;

    pen_cell(pen, NULL);
    if (pause != NULL) {
        html_open_class(h, "span", "warn");
        html_textf(h, "%s ", pen_say(pen, O_PAUSED_UNTIL));
        pen_time(pen, pause->until_ms);
        html_close(h);
    }
    if (held)
        pen_tag(pen, "bad", O_HELD);
    if (facts & FACT_DISPUTED)
        pen_tag(pen, "bad", O_DISPUTED);
    if (pause == NULL && !held)
        html_text(h, pen_say(pen, O_MOVES_ON));
    pen_end(pen);
}

static void explain(struct ops_pen *pen, int route)
{
    struct html *h = &pen->html;

    pen_cell(pen, NULL);
    html_open(h, "a");
    html_attrf(h, "href", "#how-explain-%d", route);
    html_open(h, "code");
    html_textf(h, "kirikae explain %s", pen->model->routes[route].name);
    html_close(h);
    html_close(h);
    pen_end(pen);
}

static void route_row(struct ops_pen *pen, int route)
{
    static const enum ops_word phases[] = {[ROUTE_SERVING] = O_SERVING,
                                           [ROUTE_WAITING] = O_WAITING,
                                           [ROUTE_ACTING] = O_ACTING,
                                           [ROUTE_BLOCKED] = O_BLOCKED};
    const struct route *r = &pen->model->routes[route];
    const struct route_state *state = &pen->shared->routes[route];
    struct html *h = &pen->html;

    pen_row(pen, r->name);
    pen_cell(pen, NULL);
    html_text(h, pen_say(pen, r->kind == ROUTE_EXCLUSIVE ? O_EXCLUSIVE : O_AVAILABLE));
    pen_end(pen);
    pen_cell(pen, NULL);
    pen_leaf(pen, "span", state->phase == ROUTE_SERVING ? "good" : "bad", phases[state->phase]);
    pen_end(pen);
    pen_cell(pen, "num");
    html_textf(h, "%u.%u", state->now.epoch, state->now.step);
    pen_end(pen);
    pen_cell(pen, NULL);
    html_leaf(h, "bdi", NULL, r->candidates[state->now.candidate].name);
    pen_end(pen);
    members(pen, route);
    automatic(pen, route);
    explain(pen, route);
    pen_end(pen);
}

void ops_routes(struct ops_pen *pen)
{
    static const enum ops_word columns[] = {O_ROUTE,  O_KIND,   O_PHASE,     O_EPOCH,
                                            O_ACTIVE, O_PLACED, O_AUTOMATIC, O_WHY};
    int i;

    pen_table(pen, "routes", "h-routes");
    pen_head(pen, columns, 8);
    for (i = 0; pen->shared->model != NULL && i < pen->model->n_routes; i++)
        route_row(pen, i);
    pen_table_end(pen);
}

/* ---- coverage ---- */

bool ops_matrix_look(struct ops_matrix *matrix, const struct engine *engine, struct moment now,
                     int count)
{
    const struct model *model = engine_model(engine);
    const struct shared *shared = engine_shared(engine);
    struct ballot ballots[LIMIT_SERVERS];
    int end, check;

    if (matrix->next == 0 || matrix->version != model->version)
        *matrix = (struct ops_matrix){.version = model->version};
    end = count < model->n_checks - matrix->next ? matrix->next + count : model->n_checks;
    for (check = matrix->next; check < end; check++) {
        struct cover cover = engine_cover(engine, now, check);
        int target = model->checks[check].target, i;
        int n = engine_ballots(engine, now, check, ballots);

        matrix->checks[target]++;
        if (shared->model != NULL) {
            enum verdict verdict = shared->checks[check].verdict;

            matrix->bad[target] += verdict == VERDICT_DOWN || verdict == VERDICT_DISPUTED;
            matrix->holes[target] += cover.hole || shared->checks[check].hole;
        }
        for (i = 0; i < n; i++) {
            struct ops_cell *cell = &matrix->cells[target][ballots[i].observer];
            bool fresh = (cover.watching & server_bit(ballots[i].observer)) != 0;

            cell->assigned++;
            cell->fresh += fresh;
            cell->down += fresh && ballots[i].opinion == OPINION_DOWN;
            cell->abstains |= ballots[i].abstain;
        }
    }
    matrix->next = end < model->n_checks ? end : 0;
    return matrix->next == 0;
}

static void matrix_head(struct ops_pen *pen)
{
    struct html *h = &pen->html;
    static const enum ops_word words[] = {O_CHECKS, O_BAD, O_WEAK};
    size_t w;
    int i;

    html_open(h, "thead");
    html_open(h, "tr");
    html_open(h, "th");
    html_attr(h, "scope", "col");
    html_text(h, pen_say(pen, O_TARGET));
    html_close(h);
    for (w = 0; w < sizeof words / sizeof words[0]; w++) {
        html_open(h, "th");
        html_attr(h, "scope", "col");
        html_text(h, pen_say(pen, words[w]));
        html_close(h);
    }
    for (i = 0; i < pen->model->n_coordinators; i++) {
        html_open(h, "th");
        html_attr(h, "scope", "col");
        html_leaf(h, "bdi", NULL, pen->model->servers[i].name);
        html_close(h);
    }
    html_close(h);
    html_close(h);
    html_open(h, "tbody");
}

static void matrix_cell(struct ops_pen *pen, const struct ops_cell *cell)
{
    struct html *h = &pen->html;
    enum ops_word word = cell->abstains    ? O_CELL_ABSTAINS
                         : cell->down > 0  ? O_CELL_DOWN
                         : cell->fresh > 0 ? O_CELL_UP
                                           : O_CELL_STALE;
    bool whole = word == O_CELL_UP && cell->fresh == cell->assigned;

    if (cell->assigned == 0) {
        pen_cell(pen, NULL);
        pen_end(pen);
        return;
    }
    pen_cell(pen, whole ? "cell good" : word == O_CELL_DOWN ? "cell bad" : "cell warn");
    html_text(h, pen_say(pen, word));
    if (cell->down > 0)
        html_textf(h, " %u/%u", cell->down, cell->fresh);
    else if (cell->fresh < cell->assigned)
        html_textf(h, " %u/%u", cell->fresh, cell->assigned);
    else
        html_textf(h, " %u", cell->fresh);
    pen_end(pen);
}

static void number(struct ops_pen *pen, const char *class_name, int n)
{
    pen_cell(pen, class_name);
    html_textf(&pen->html, "%d", n);
    pen_end(pen);
}

void ops_coverage(struct ops_pen *pen)
{
    const struct ops_matrix *matrix = pen->ops->matrix;
    int target, i;

    pen_table(pen, "matrix", "h-coverage");
    matrix_head(pen);
    for (target = 0; target < pen->model->n_servers; target++) {
        if (matrix->checks[target] == 0)
            continue;
        pen_row(pen, pen->model->servers[target].name);
        number(pen, "num", matrix->checks[target]);
        number(pen, matrix->bad[target] > 0 ? "num bad" : "num", matrix->bad[target]);
        number(pen, matrix->holes[target] > 0 ? "num bad" : "num", matrix->holes[target]);
        for (i = 0; i < pen->model->n_coordinators; i++)
            matrix_cell(pen, &matrix->cells[target][i]);
        pen_end(pen);
    }
    pen_table_end(pen);
}
