#include "report/status.h"

static void names(const struct model *model, const char *key, server_set set, struct jsonw *w)
{
    int i;

    jsonw_array(w, key);
    for (i = 0; i < model->n_coordinators; i++)
        if (set & server_bit(i))
            jsonw_str(w, NULL, model->servers[i].name);
    jsonw_end(w);
}

static const char *opinion(const struct shared *shared, int check)
{
    return verdict_name(shared->model != NULL ? shared->checks[check].verdict : VERDICT_UNKNOWN);
}

/* Too few now, by this node's view, or by what is committed. */
static bool weak(const struct shared *shared, int check, const struct cover *cover)
{
    return cover->hole || (shared->model != NULL && shared->checks[check].hole);
}

static void row(const struct model *model, const struct shared *shared, int check,
                const struct cover *cover, struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_str(w, "check", model->checks[check].name);
    jsonw_str(w, "target", model->servers[model->checks[check].target].name);
    jsonw_str(w, "site", model->sites[model->servers[model->checks[check].target].site].name);
    jsonw_str(w, "verdict", opinion(shared, check));
    jsonw_int(w, "assigned", server_count(cover->assigned));
    names(model, "watching", cover->watching, w);
    names(model, "absent", cover->assigned & ~cover->watching, w);
    jsonw_int(w, "sites", cover->sites);
    jsonw_bool(w, "hole", weak(shared, check, cover));
    jsonw_end(w);
}

void status_coverage_json(const struct engine *engine, struct moment now,
                          const struct status_local *local, int from, struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    const struct model *model = engine_model(engine);
    size_t began = w->out->len;
    int i, end;

    jsonw_object(w, NULL);
    jsonw_str(w, "node", model->servers[local->self].name);
    jsonw_int(w, "checks", model->n_checks);
    names(model, "observers", ~(server_set)0, w);
    jsonw_array(w, "rows");
    for (end = from; end < model->n_checks && w->out->len - began < STATUS_COVERAGE_BYTES; end++) {
        struct cover cover = engine_cover(engine, now, end);

        row(model, shared, end, &cover, w);
    }
    jsonw_end(w);
    jsonw_array(w, "weak");
    for (i = from; i < end; i++) {
        struct cover cover = engine_cover(engine, now, i);

        if (weak(shared, i, &cover))
            jsonw_str(w, NULL, model->checks[i].name);
    }
    jsonw_end(w);
    if (end < model->n_checks)
        jsonw_int(w, "next", end);
    else
        jsonw_null(w, "next");
    jsonw_end(w);
}
