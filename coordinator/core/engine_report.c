/* What is told instead of probed. A server's software says how it is, its coordinator repeats the
 * newest word in every beat with its age, and each assigned observer makes an observation of its
 * own of that: a target never votes on itself, but its software's word counts through others.
 *
 *   the word is failing                    down, reason reported: evidence at once
 *   older than its ttl, and beats come     down, reason expired
 *   beats do not come, younger than ttl    the observer cannot say; what was down stays down
 *   beats do not come, older than ttl      a missing answer, as of a probe
 *   never a word since the observer began  unknown
 *
 * A hint says that something has happened on a server, such as the end of a process: whoever
 * watches looks at once instead of at the next interval. It is never evidence. */
#include "base/log.h"
#include "core/engine_private.h"

#define HINT_BEATS 3 /* that say it, because one may be lost */

static bool is_report(const struct engine *engine, int check)
{
    return engine->model->checks[check].kind == CHECK_REPORT;
}

void report_reset(struct engine *engine)
{
    const struct model *model = engine->model;
    int c;

    engine->hinting = 0;
    for (c = 0; c < LIMIT_SERVERS; c++)
        engine->reports[c] = 0;
    for (c = 0; c < model->n_checks; c++) {
        engine->watches[c].word_ms = engine->watches[c].hint_ms = BOOT_NEVER;
        engine->reports[model->checks[c].target] += is_report(engine, c);
    }
}

/* ---- on the server itself ---- */

void report_take(struct engine *engine, const struct event *event, struct effects *effects)
{
    enum report_state word = event->report.failing ? REPORT_FAILING : REPORT_OK;
    int check = event->report.check;
    const char *text = event->report.text;
    struct watch *watch;

    if (check < 0 || check >= engine->model->n_checks || !is_report(engine, check) ||
        engine->model->checks[check].target != engine->self)
        return;
    watch = &engine->watches[check];
    if (watch->word != word) {
        engine->next_beat_ms = event->now.boot_ms; /* the observers need not wait */
        engine_log(effects, event->report.failing ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "report",
                   "%s is reported %s%s%s", engine->model->checks[check].name,
                   event->report.failing ? "failing" : "ok", text != NULL && text[0] ? ": " : "",
                   text != NULL ? text : "");
    }
    watch->word = word;
    watch->word_ms = event->now.boot_ms;
}

static void fill_hints(struct engine *engine, struct beat *beat)
{
    int c;

    for (c = model_next_check(engine->model, engine->self, -1);
         c >= 0 && engine->hinting > 0 && beat->n_hints < LIMIT_HINTS;
         c = model_next_check(engine->model, engine->self, c)) {
        struct watch *watch = &engine->watches[c];

        if (watch->hinting == 0)
            continue;
        beat->hints[beat->n_hints++] = (uint16_t)c;
        if (--watch->hinting == 0)
            engine->hinting--;
    }
}

void report_fill(struct engine *engine, struct moment now, struct beat *beat)
{
    int c, left = engine->reports[engine->self];

    for (c = model_next_check(engine->model, engine->self, -1); c >= 0 && left > 0;
         c = model_next_check(engine->model, engine->self, c)) {
        const struct watch *watch = &engine->watches[c];

        if (!is_report(engine, c))
            continue;
        left--;
        if (watch->word != REPORT_NONE && beat->n_reports < LIMIT_REPORTS)
            beat->reports[beat->n_reports++] =
                (struct report_word){.check = (uint16_t)c,
                                     .state = (uint8_t)watch->word,
                                     .age_ms = boot_age(now.boot_ms, watch->word_ms)};
    }
    fill_hints(engine, beat);
}

/* ---- on its observers ---- */

/* What this node can say of the word that it has; REASON_LOCAL: nothing. */
static enum reason weigh(const struct engine *engine, struct moment now, int check)
{
    const struct watch *watch = &engine->watches[check];
    const struct check *c = &engine->model->checks[check];
    bool quiet = belief_quiet(engine, c->target);

    if (watch->word == REPORT_NONE)
        return REASON_LOCAL;
    if (now.boot_ms - watch->word_ms > c->interval_ms)
        return quiet ? REASON_TIMEOUT : REASON_EXPIRED;
    if (watch->word == REPORT_FAILING)
        return REASON_REPORTED;
    return quiet ? REASON_LOCAL : REASON_OK;
}

static void observe(struct engine *engine, struct moment now, int server)
{
    int c, left = engine->reports[server];

    for (c = model_next_check(engine->model, server, -1); c >= 0 && left > 0;
         c = model_next_check(engine->model, server, c)) {
        enum reason reason;

        if (!is_report(engine, c))
            continue;
        left--;
        if (!(engine->watches[c].assigned & server_bit(engine->self)))
            continue;
        reason = weigh(engine, now, c);
        if (reason == REASON_LOCAL && engine->watches[c].word != REPORT_NONE)
            sensor_unsure(&engine->watches[c].sensor);
        belief_sense(engine, now, c, reason, now.boot_ms);
    }
}

static void hear_words(struct engine *engine, struct moment now, const struct beat *beat)
{
    int i;

    for (i = 0; i < beat->n_reports; i++) {
        const struct report_word *word = &beat->reports[i];
        struct watch *watch;

        if (word->check >= engine->model->n_checks || !is_report(engine, word->check) ||
            engine->model->checks[word->check].target != beat->from || word->state == REPORT_NONE ||
            word->age_ms == AGE_NEVER)
            continue;
        watch = &engine->watches[word->check];
        watch->word = (enum report_state)word->state;
        watch->word_ms = now.boot_ms - word->age_ms;
    }
}

/* The sender is told of by a recent beat of its own, under the same configuration. */
void report_beat(struct engine *engine, struct moment now, const struct beat *beat)
{
    int i;

    if (beat->config_version != engine->model->version ||
        !belief_recent(engine, now, &engine->peers[beat->from], engine->model->timing.window_ms))
        return;
    if (engine->reports[beat->from] > 0) {
        hear_words(engine, now, beat);
        observe(engine, now, beat->from);
    }
    for (i = 0; i < beat->n_hints; i++)
        if (beat->hints[i] < engine->model->n_checks &&
            engine->model->checks[beat->hints[i]].target == beat->from)
            belief_hint(engine, now, beat->hints[i]);
}

void report_quiet(struct engine *engine, struct moment now, int server)
{
    if (engine->reports[server] > 0 && belief_quiet(engine, server))
        observe(engine, now, server);
}

void report_shift(struct engine *engine, int64_t gap_ms)
{
    int c;

    for (c = 0; c < engine->model->n_checks; c++)
        if (engine->watches[c].word != REPORT_NONE)
            engine->watches[c].word_ms += gap_ms;
}

/* ---- hints ---- */

void hint_take(struct engine *engine, const struct event *event, struct effects *effects)
{
    int64_t now_ms = event->now.boot_ms;
    int check = event->hint.check;
    struct watch *watch;

    if (check < 0 || check >= engine->model->n_checks)
        return;
    if (engine->model->checks[check].target != engine->self) {
        belief_hint(engine, event->now, check);
        return;
    }
    watch = &engine->watches[check];
    if (watch->hint_ms != BOOT_NEVER && now_ms - watch->hint_ms < HINT_REST_MS)
        return;
    watch->hint_ms = now_ms;
    engine->hinting += watch->hinting == 0;
    watch->hinting = HINT_BEATS;
    engine->next_beat_ms = now_ms;
    engine_log(effects, LOG_LEVEL_INFO, "hint",
               "the process behind %s has ended: its observers look at once",
               engine->model->checks[check].name);
}
