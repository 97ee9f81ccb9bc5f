/* What a command would come to: for --dry-run. */
#include "report/status_plan.h"
#include "core/failover/rules.h"
#include "report/status.h"

static void keep_line(void *context, uint64_t seq, const char *line, size_t len)
{
    struct jsonw *w = context;

    (void)seq;
    jsonw_raw(w, NULL, line, len);
}

static void facts_of(struct jsonw *w, const char *key, uint32_t facts)
{
    int bit;

    jsonw_array(w, key);
    for (bit = 0; bit < FACT_COUNT; bit++)
        if (facts & 1u << bit)
            jsonw_str(w, NULL, fact_name(bit));
    jsonw_end(w);
}

static void view(struct jsonw *w, const char *key, const struct route_view *v)
{
    jsonw_object(w, key);
    jsonw_str(w, "phase", phase_name(v->phase));
    jsonw_int(w, "rule", v->rule->number);
    jsonw_str(w, "action", action_name(v->rule->action));
    jsonw_str(w, "comment", v->rule->comment);
    facts_of(w, "facts", v->facts);
    jsonw_end(w);
}

/* Routes that would go by something else. */
static void routes(const struct model *model, const struct rehearsal *rehearsal, struct jsonw *w)
{
    int r;

    jsonw_array(w, "routes");
    for (r = 0; rehearsal->after != NULL && r < model->n_routes; r++) {
        const struct route_view *now = &rehearsal->now[r], *then = &rehearsal->then[r];

        if (now->phase == then->phase && now->facts == then->facts && now->rule == then->rule)
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "route", model->routes[r].name);
        view(w, "now", now);
        view(w, "then", then);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void say(void *context, const char *text)
{
    jsonw_str(context, NULL, text);
}

void status_plan_json(const struct engine *engine, struct moment now, int self,
                      const struct command *command, struct jsonw *w)
{
    struct rehearsal *rehearsal = mem_zalloc(1, sizeof *rehearsal);
    struct plan plan = {.engine = engine, .now = now, .command = command, .say = say, .context = w};

    jsonw_object(w, NULL);
    jsonw_array(w, "lines");
    engine_rehearse(engine, now, command, keep_line, w, rehearsal);
    jsonw_end(w);
    jsonw_bool(w, "dry_run", true);
    jsonw_str(w, "who", command->who);
    jsonw_str(w, "reason", command->reason);
    jsonw_int(w, "code", rehearsal->code);
    jsonw_str(w, "text", rehearsal->text);
    if (rehearsal->rule != NULL)
        status_explain_keys(engine, now, self, command->route, command, w);
    jsonw_array(w, "changes");
    plan.rehearsal = rehearsal;
    plan_words(&plan);
    jsonw_end(w);
    routes(engine_model(engine), rehearsal, w);
    jsonw_end(w);
    shared_copy_free(rehearsal->after);
    mem_free(rehearsal);
}
