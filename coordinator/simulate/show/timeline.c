#include "simulate/show/timeline.h"
#include "base/check.h"
#include "base/jsonw.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define TEXT_COLUMN 21 /* where an event's text begins; further lines of it are below */
#define REFUSED_MAX 20 /* lines in the summary */

struct happening {
    int64_t at_ms;
    const char *kind; /* static */
    char *text;       /* owned; may have several lines */
    char *line;       /* owned: the ledger's; NULL */
    bool refused;
};

/* What callers of a route through one actuator went through. */
struct passage {
    char route[LIMIT_NAME], actuator[LIMIT_NAME];
    char from[LIMIT_NAME], to[LIMIT_NAME]; /* candidates */
    struct callers_view callers;
};

struct timeline {
    bool all;
    const struct sim *sim; /* NULL: not begun */
    int64_t zero_ms;
    struct happening *happenings;
    int n, cap;
    int from[LIMIT_ROUTES]; /* candidates as it began */
    struct passage *passages;
    int n_passages;
    char *leader; /* as it began; owned */
    struct played played;
    bool ended;
};

struct timeline *timeline_new(bool all)
{
    struct timeline *timeline = mem_zalloc(1, sizeof *timeline);

    timeline->all = all;
    return timeline;
}

void timeline_free(struct timeline *timeline)
{
    int i;

    if (timeline == NULL)
        return;
    for (i = 0; i < timeline->n; i++) {
        mem_free(timeline->happenings[i].text);
        mem_free(timeline->happenings[i].line);
    }
    mem_free(timeline->happenings);
    mem_free(timeline->passages);
    mem_free(timeline->leader);
    mem_free(timeline);
}

/* ---- what happens ---- */

static struct happening *add(struct timeline *timeline, int64_t at_ms, const char *kind,
                             const char *text)
{
    struct happening *happening;

    if (timeline->n == timeline->cap) {
        timeline->cap = timeline->cap > 0 ? 2 * timeline->cap : 256;
        timeline->happenings = mem_realloc(timeline->happenings, (size_t)timeline->cap,
                                           sizeof timeline->happenings[0]);
    }
    happening = &timeline->happenings[timeline->n++];
    *happening = (struct happening){.at_ms = at_ms, .kind = kind, .text = mem_strdup(text)};
    return happening;
}

static void add_line(struct timeline *timeline, const struct note *note, int64_t at_ms)
{
    struct buf text = {0};
    bool refused;
    const char *kind = timeline_line(note->line, at_ms, &text, &refused);
    struct happening *happening;

    if (kind == NULL && timeline->all) {
        kind = "ledger";
        buf_printf(&text, "%s %s", note->word, note->text);
    }
    if (kind != NULL) {
        happening = add(timeline, at_ms, kind, buf_cstr(&text));
        happening->line = mem_strdup(note->line);
        happening->refused = refused;
    }
    buf_free(&text);
}

static const char *process_words(const char *word)
{
    return strcmp(word, "stands-still") == 0   ? "stands still"
           : strcmp(word, "goes-on") == 0      ? "goes on"
           : strcmp(word, "cannot-start") == 0 ? "cannot start"
                                               : word;
}

/* What happens once is over when it has begun. */
static bool is_once(const char *fault)
{
    size_t len = strcspn(fault, ":");
    int kind;

    for (kind = 0; kind < FAULT_KINDS; kind++)
        if (strlen(fault_word((enum fault_kind)kind)) == len &&
            strncmp(fault_word((enum fault_kind)kind), fault, len) == 0)
            return fault_once((enum fault_kind)kind);
    return false;
}

/* "calls by lb-1", or "calls by lb-1, after 527 ms" */
static void callers_words(const struct note *note, struct buf *text)
{
    size_t len = strcspn(note->text, ",");

    if (strcmp(note->word, "lost") == 0)
        buf_printf(text, "%s: LOST", note->text);
    else
        buf_printf(text, "%.*s: served again%s", (int)len, note->text,
                   note->text[len] == ',' ? note->text + len + 1 : "");
}

/* NULL: of no interest unless all is told. */
static const char *kind_of(const struct timeline *timeline, const struct note *note,
                           const char *name, struct buf *text)
{
    switch (note->kind) {
    case NOTE_FAULT:
        buf_printf(text, "%s %s", note->text, note->word);
        return strcmp(note->word, "ends") == 0 && is_once(note->text) ? NULL : "fault";
    case NOTE_LEADER:
        buf_printf(text, "%s leads (%s)", name, note->text);
        return "leader";
    case NOTE_SWITCH:
        buf_str(text, note->text);
        return "switch";
    case NOTE_CALLERS:
        callers_words(note, text);
        return "callers";
    case NOTE_REPLY:
        buf_printf(text, "%s: %s", note->word, note->text);
        return "operator";
    case NOTE_PROCESS:
        buf_printf(text, "%s's coordinator %s%s%s", name, process_words(note->word),
                   note->text[0] != '\0' ? ": " : "", note->text);
        return "process";
    case NOTE_HOLDER:
        buf_printf(text, "%s %s %s", name, note->word, note->text);
        return "holder";
    case NOTE_TOLD:
        buf_printf(text, "%s %s", note->word, note->text);
        return "notice";
    case NOTE_BREACH:
        buf_printf(text, "%s: %s", note->word, note->text);
        return "BREACH";
    case NOTE_LOG:
        buf_printf(text, "%s: %s: %s", name, note->word, note->text);
        return timeline->all ? "log" : NULL;
    default:
        return NULL;
    }
}

void timeline_note(void *context, const struct note *note)
{
    struct timeline *timeline = context;
    struct buf text = {0};
    const char *name, *kind;
    int64_t at_ms;

    if (timeline->sim == NULL)
        return;
    at_ms = note->at_ms - timeline->zero_ms;
    if (note->kind == NOTE_LEDGER) {
        add_line(timeline, note, at_ms);
        return;
    }
    name = note->server >= 0 ? sim_model(timeline->sim)->servers[note->server].name : "";
    kind = kind_of(timeline, note, name, &text);
    if (kind != NULL)
        add(timeline, at_ms, kind, buf_cstr(&text))->refused =
            note->kind == NOTE_REPLY && strcmp(note->word, "done") != 0;
    buf_free(&text);
}

/* ---- beginning and end ---- */

void timeline_begin(struct timeline *timeline, const struct sim *sim, int64_t zero_ms)
{
    const struct model *model = sim_model(sim);
    const struct shared *shared = sim_shared(sim);
    int leader = sim_leader(sim), r;

    timeline->sim = sim;
    timeline->zero_ms = zero_ms;
    for (r = 0; r < model->n_routes; r++)
        timeline->from[r] = shared->routes[r].now.candidate;
    timeline->leader = mem_strdup(leader >= 0 ? model->servers[leader].name : "");
}

void timeline_end(struct timeline *timeline, const struct sim *sim, const struct played *played)
{
    const struct model *model = sim_model(sim);
    const struct shared *shared = sim_shared(sim);
    int r, a;

    timeline->played = *played;
    timeline->ended = true;
    timeline->sim = NULL; /* nothing more is told */
    timeline->passages =
        mem_zalloc((size_t)model->n_routes * LIMIT_ACTUATORS + 1, sizeof timeline->passages[0]);
    for (r = 0; r < model->n_routes; r++)
        for (a = 0; a < model->routes[r].n_actuators; a++) {
            const struct route *route = &model->routes[r];
            int to = shared != NULL && shared->model != NULL ? shared->routes[r].now.candidate
                                                             : timeline->from[r];
            struct passage *passage;

            passage = &timeline->passages[timeline->n_passages++];
            snprintf(passage->route, LIMIT_NAME, "%s", route->name);
            snprintf(passage->actuator, LIMIT_NAME, "%s", route->actuators[a].name);
            snprintf(passage->from, LIMIT_NAME, "%s", route->candidates[timeline->from[r]].name);
            snprintf(passage->to, LIMIT_NAME, "%s", route->candidates[to].name);
            passage->callers = sim_callers(sim, r, a);
        }
}

/* ---- for people ---- */

static void print_happening(const struct happening *happening, struct buf *out)
{
    const char *text = happening->text, *end;

    buf_printf(out, "%9.3f  %-9s ", (double)happening->at_ms / 1000, happening->kind);
    while ((end = strchr(text, '\n')) != NULL) {
        buf_printf(out, "%.*s\n%*s", (int)(end - text), text, TEXT_COLUMN, "");
        text = end + 1;
    }
    buf_printf(out, "%s\n", text);
}

static void print_passages(const struct timeline *timeline, struct buf *out)
{
    int i;

    buf_str(out, "\ncallers, by the truth of the simulated world:\n");
    for (i = 0; i < timeline->n_passages; i++) {
        const struct passage *p = &timeline->passages[i];

        buf_printf(out, "  %s by %s: ", p->route, p->actuator);
        if (strcmp(p->from, p->to) == 0)
            buf_printf(out, "stays on %s; ", p->from);
        else
            buf_printf(out, "from %s to %s; ", p->from, p->to);
        if (p->callers.outages == 0)
            buf_str(out, "no outage\n");
        else if (p->callers.outages == 1)
            buf_printf(out, "one outage of %lld ms%s\n", (long long)p->callers.longest_ms,
                       p->callers.served ? "" : ", and it goes on");
        else
            buf_printf(out, "%d outages, the longest %lld ms, %lld ms together%s\n",
                       p->callers.outages, (long long)p->callers.longest_ms,
                       (long long)p->callers.lost_ms,
                       p->callers.served ? "" : ", and the last goes on");
    }
}

static void print_refused(const struct timeline *timeline, struct buf *out)
{
    int i, n = 0;

    for (i = 0; i < timeline->n; i++) {
        const struct happening *happening = &timeline->happenings[i];
        const char *rule;

        if (!happening->refused || ++n > REFUSED_MAX)
            continue;
        if (n == 1)
            buf_str(out, "not done, and why:\n");
        buf_printf(out, "  %.3f  %.*s", (double)happening->at_ms / 1000,
                   (int)strcspn(happening->text, "\n"), happening->text);
        rule = strstr(happening->text, "\n  rule ");
        if (rule != NULL)
            buf_printf(out, ": %.*s", (int)strcspn(rule + 3, "\n"), rule + 3);
        buf_str(out, "\n");
    }
    if (n == 0)
        buf_str(out, "nothing was refused\n");
    if (n > REFUSED_MAX)
        buf_printf(out, "  and %d more, above\n", n - REFUSED_MAX);
}

static void print_end(const struct timeline *timeline, struct buf *out)
{
    const struct played *played = &timeline->played;

    print_passages(timeline, out);
    print_refused(timeline, out);
    if (played->breach[0] != '\0')
        buf_printf(out, "BROKEN: %s: %s\n", played->breach, played->breach_text);
    else
        buf_str(out, "every invariant holds\n");
    if (played->outside > 0)
        buf_printf(out,
                   "two serve an exclusive route at once, %d times: no promise covers that; "
                   "\"outlives\" above says why\n",
                   played->outside);
    if (played->settled)
        buf_printf(out, "all came to rest within %lld ms after the faults had ended\n",
                   (long long)played->settled_ms);
    else if (played->breach[0] == '\0')
        buf_printf(out, "NOT AT REST %lld s after the faults had ended: %s\n",
                   (long long)played->settled_ms / 1000, played->why);
}

void timeline_text(const struct timeline *timeline, struct buf *out)
{
    int i;

    buf_printf(out, "%9.3f  %-9s %s leads\n", 0.0 - (double)timeline->zero_ms / 1000, "leader",
               timeline->leader != NULL ? timeline->leader : "nobody");
    for (i = 0; i < timeline->n; i++)
        print_happening(&timeline->happenings[i], out);
    if (timeline->ended)
        print_end(timeline, out);
}

/* ---- as JSON ---- */

static void write_events(const struct timeline *timeline, struct jsonw *w)
{
    int i;

    jsonw_array(w, "events");
    for (i = 0; i < timeline->n; i++) {
        const struct happening *happening = &timeline->happenings[i];

        jsonw_object(w, NULL);
        jsonw_int(w, "at_ms", happening->at_ms);
        jsonw_str(w, "kind", happening->kind);
        jsonw_str(w, "text", happening->text);
        jsonw_bool(w, "refused", happening->refused);
        if (happening->line != NULL)
            jsonw_raw(w, "line", happening->line, strlen(happening->line));
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void write_callers(const struct timeline *timeline, struct jsonw *w)
{
    int i;

    jsonw_array(w, "callers");
    for (i = 0; i < timeline->n_passages; i++) {
        const struct passage *p = &timeline->passages[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "route", p->route);
        jsonw_str(w, "actuator", p->actuator);
        jsonw_str(w, "from", p->from);
        jsonw_str(w, "to", p->to);
        jsonw_int(w, "outages", p->callers.outages);
        jsonw_int(w, "longest_ms", p->callers.longest_ms);
        jsonw_int(w, "lost_ms", p->callers.lost_ms);
        jsonw_bool(w, "served", p->callers.served);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void timeline_json(const struct timeline *timeline, struct buf *out)
{
    const struct played *played = &timeline->played;
    struct jsonw w;

    CHECK(timeline->ended);
    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_str(&w, "leader", timeline->leader);
    write_events(timeline, &w);
    write_callers(timeline, &w);
    jsonw_str(&w, "broken", played->breach[0] != '\0' ? played->breach : NULL);
    jsonw_str(&w, "broken_how", played->breach[0] != '\0' ? played->breach_text : NULL);
    jsonw_int(&w, "outlives", played->outside);
    jsonw_bool(&w, "settled", played->settled);
    jsonw_int(&w, "settled_ms", played->settled_ms);
    jsonw_str(&w, "not_settled_why", played->why[0] != '\0' ? played->why : NULL);
    jsonw_end(&w);
}
