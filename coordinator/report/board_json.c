#include "base/jsonw.h"
#include "report/board_files.h"
#include "report/board_words.h"

#define INCIDENTS_MOST 1000
#define VERSION 1 /* keys are added under it, never changed */

static const char *given(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void percent(struct jsonw *w, int64_t availability)
{
    char text[PERCENT_TEXT_MAX];

    jsonw_str(w, "availability", percent_text(availability, text));
}

/* Most days have none: hundreds of functions would make it megabytes of zeros. */
static void if_any(struct jsonw *w, const char *key, int64_t ms)
{
    if (ms > 0)
        jsonw_int(w, key, ms);
}

static void days(const struct board_page *page, const struct board_function *f, struct jsonw *w)
{
    int i;

    jsonw_array(w, "days");
    for (i = 0; i < page->n_days; i++) {
        const struct board_day *day = &f->days[i];

        jsonw_object(w, NULL);
        jsonw_strf(w, "date", "%04d-%02d-%02d", day->year, day->month, day->day);
        jsonw_str(w, "state", board_state_name(day->worst));
        percent(w, day->availability);
        if_any(w, "down_ms", day->down_ms);
        if_any(w, "degraded_ms", day->impaired_ms);
        if_any(w, "unmonitored_ms", day->unmonitored_ms);
        if_any(w, "maintenance_ms", day->maintenance_ms);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void functions(const struct board_page *page, struct jsonw *w)
{
    int i;

    jsonw_array(w, "functions");
    for (i = 0; i < page->n_functions; i++) {
        const struct board_function *f = &page->functions[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "name", f->function->name);
        jsonw_str(w, "label_ja", given(f->function->label_ja));
        jsonw_str(w, "label_en", given(f->function->label_en));
        jsonw_str(w, "state", board_state_name(f->now));
        percent(w, f->availability);
        days(page, f, w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void posts(const struct board_incident *incident, struct jsonw *w)
{
    size_t i;

    jsonw_array(w, "posts");
    for (i = 0; i < incident->n_posts; i++) {
        const struct board_post *post = incident->posts[i];

        jsonw_object(w, NULL);
        jsonw_int(w, "id", (int64_t)post->line);
        jsonw_time(w, "at", post->at_ms);
        jsonw_str(w, "status", post_status_name(post->status));
        jsonw_str(w, "ja", post->ja);
        jsonw_str(w, "en", post->en);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void incidents(const struct board_page *page, struct jsonw *w)
{
    size_t i;

    jsonw_array(w, "incidents");
    for (i = 0; i < page->n_incidents && i < INCIDENTS_MOST; i++) {
        const struct board_incident *incident = &page->incidents[i];

        jsonw_object(w, NULL);
        jsonw_int(w, "id", (int64_t)incident->id);
        jsonw_str(w, "function", page->functions[incident->function].function->name);
        jsonw_str(w, "severity", outage_severity_name(incident->severity));
        jsonw_time(w, "start", incident->start_ms);
        jsonw_time(w, "end", incident->end_ms);
        jsonw_time(w, "updated", incident->updated_ms);
        posts(incident, w);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_int(w, "incidents_left_out", (int64_t)(page->n_incidents - i));
}

static void maintenance(const struct board_page *page, struct jsonw *w)
{
    size_t i;
    int k;

    jsonw_array(w, "maintenance");
    for (i = 0; i < page->n_windows; i++) {
        const struct board_window *window = &page->windows[i];

        jsonw_object(w, NULL);
        jsonw_int(w, "id", (int64_t)window->id);
        jsonw_str(w, "kind", window->emergency ? "emergency" : "regular");
        jsonw_str(w, "state", board_phase_name(window->phase));
        jsonw_array(w, "functions");
        for (k = 0; k < page->n_functions; k++)
            if (function_set_has(&window->functions, k))
                jsonw_str(w, NULL, page->functions[k].function->name);
        jsonw_end(w);
        jsonw_time(w, "announced", window->announced_ms);
        jsonw_time(w, "start", window->start_ms);
        jsonw_time(w, "end", window->end_ms);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void board_json(const struct board_page *page, struct buf *out)
{
    const struct board_source *source = page->source;
    struct jsonw w;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "version", VERSION);
    jsonw_str(&w, "title", page->title);
    jsonw_str(&w, "title_ja", page->title_ja);
    jsonw_str(&w, "url", given(page->url));
    jsonw_time(&w, "as_of", source->as_of_ms);
    jsonw_str(&w, "timezone", source->contract->timezone);
    jsonw_bool(&w, "stale", source->stale_ms != UTC_NONE);
    jsonw_time(&w, "stale_since", source->stale_ms);
    jsonw_str(&w, "state", board_state_name(page->now));
    functions(page, &w);
    incidents(page, &w);
    maintenance(page, &w);
    jsonw_end(&w);
    buf_str(out, "\n");
}
