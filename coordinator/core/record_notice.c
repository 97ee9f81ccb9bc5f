/* Who is told what, and what time brings: notices, outages that last, maintenance that begins and
 * ends, certificates. */
#include "base/utc.h"
#include "core/record_line.h"

static const struct model *model_of(const struct recorder *r)
{
    return r->shared->model;
}

static const char *rule_name(const struct recorder *r, const struct notice_state *notice)
{
    return notice->rule >= 0 ? model_of(r)->notices->rules[notice->rule].name : NULL;
}

static const struct receiver *receiver_of(const struct recorder *r, int receiver)
{
    return &model_of(r)->notices->receivers[receiver];
}

static const struct channel *channel_of(const struct recorder *r, int receiver)
{
    return &model_of(r)->notices->channels[receiver_of(r, receiver)->channel];
}

static void begin(struct recorder *r, struct line *line, const char *type,
                  const struct notice_state *notice)
{
    line_begin(r, line, "notice", type);
    jsonw_int(&line->w, "notice", (int64_t)notice->id);
}

static void put_receiver(struct recorder *r, struct jsonw *w, int receiver)
{
    jsonw_str(w, "receiver", receiver_of(r, receiver)->name);
    jsonw_str(w, "channel", channel_of(r, receiver)->name);
}

/* What a report judges it by. */
static void put_kinds(struct recorder *r, struct jsonw *w, int receiver)
{
    jsonw_str(w, "kind", channel_kind_name(channel_of(r, receiver)->kind));
    jsonw_str(w, "audience", audience_name(receiver_of(r, receiver)->audience));
}

static void put_events(struct jsonw *w, const struct notice_state *notice)
{
    jsonw_array(w, "events");
    for (int i = 0; i < notice->n_refs; i++) {
        jsonw_object(w, NULL);
        jsonw_str(w, "event", notice_event_name((enum notice_event)notice->refs[i].event));
        jsonw_int(w, "seq", (int64_t)notice->refs[i].seq);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static uint64_t outage_of(const struct notice_ref *ref)
{
    return ref->outage;
}

static uint64_t window_of(const struct notice_ref *ref)
{
    return ref->window;
}

/* Each of them once; `less` is what the number in the ledger is smaller by. */
static void put_subjects(struct jsonw *w, const char *key, const struct notice_state *notice,
                         uint64_t of(const struct notice_ref *), int less)
{
    jsonw_array(w, key);
    for (int i = 0; i < notice->n_refs; i++) {
        uint64_t subject = of(&notice->refs[i]);
        bool first = subject != 0;

        for (int j = 0; j < i && first; j++)
            first = of(&notice->refs[j]) != subject;
        if (first)
            jsonw_int(w, NULL, (int64_t)subject - less);
    }
    jsonw_end(w);
}

static void put_content(struct jsonw *w, const struct notice_state *notice)
{
    put_subjects(w, "outages", notice, outage_of, 1);
    put_subjects(w, "windows", notice, window_of, 0);
}

void record_notice_intent(struct recorder *r, const struct notice_state *notice,
                          const struct delivery *delivery, int step)
{
    char key[NOTICE_KEY_MAX];
    struct line line;

    begin(r, &line, "intent", notice);
    jsonw_str(&line.w, "rule", rule_name(r, notice));
    if (step >= 0)
        jsonw_int(&line.w, "step", step);
    else
        jsonw_null(&line.w, "step");
    put_receiver(r, &line.w, delivery->receiver);
    put_kinds(r, &line.w, delivery->receiver);
    jsonw_str(&line.w, "node", line_server(r, delivery->node));
    jsonw_int(&line.w, "attempt", delivery->attempts);
    jsonw_bool(&line.w, "repeat", delivery->unsure);
    notice_key(model_of(r)->cluster, notice, receiver_of(r, delivery->receiver)->name, key);
    jsonw_str(&line.w, "key", key);
    put_events(&line.w, notice);
    jsonw_int(&line.w, "more", notice->more);
    put_content(&line.w, notice);
    line_finish(r, &line);
}

void record_notice_accepted(struct recorder *r, const struct notice_state *notice,
                            const struct delivery *delivery)
{
    struct line line;

    begin(r, &line, "accepted", notice);
    put_receiver(r, &line.w, delivery->receiver);
    put_kinds(r, &line.w, delivery->receiver);
    jsonw_str(&line.w, "node", line_server(r, delivery->node));
    jsonw_int(&line.w, "attempt", delivery->attempts);
    jsonw_time(&line.w, "accepted", delivery->accepted_ms);
    put_events(&line.w, notice);
    put_content(&line.w, notice);
    jsonw_str(&line.w, "answer", line_text(r->entry->reason));
    line_finish(r, &line);
}

void record_notice_failed(struct recorder *r, const struct notice_state *notice,
                          const struct delivery *delivery)
{
    struct line line;

    begin(r, &line, "failed", notice);
    put_receiver(r, &line.w, delivery->receiver);
    jsonw_str(&line.w, "node", line_server(r, delivery->node));
    jsonw_int(&line.w, "attempt", delivery->attempts);
    jsonw_bool(&line.w, "unsure", delivery->unsure);
    jsonw_time(&line.w, "next", delivery->phase == DELIVERY_GIVEN_UP ? UTC_NONE : delivery->due_ms);
    jsonw_str(&line.w, "reason", line_text(r->entry->reason));
    line_finish(r, &line);
}

void record_notice_given_up(struct recorder *r, const struct notice_state *notice,
                            const struct delivery *delivery)
{
    struct line line;

    begin(r, &line, "given-up", notice);
    put_receiver(r, &line.w, delivery->receiver);
    jsonw_int(&line.w, "attempts", delivery->attempts);
    line_finish(r, &line);
}

void record_notice_otherwise(struct recorder *r, const struct notice_state *notice,
                             const struct delivery *delivery, int to)
{
    struct line line;

    begin(r, &line, "otherwise", notice);
    jsonw_str(&line.w, "receiver", receiver_of(r, delivery->receiver)->name);
    jsonw_str(&line.w, "to", receiver_of(r, to)->name);
    line_finish(r, &line);
}

void record_notice_dropped(struct recorder *r, const struct notice_state *notice)
{
    struct line line;

    begin(r, &line, "dropped", notice);
    jsonw_str(&line.w, "rule", rule_name(r, notice));
    put_events(&line.w, notice);
    line_finish(r, &line);
}

uint64_t record_notice_test(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "notice", "test");
    jsonw_str(&line.w, "who", line_text(r->entry->who));
    jsonw_array(&line.w, "receivers");
    for (int i = 0; i < model_of(r)->notices->n_receivers; i++)
        if (r->entry->notice.receivers & receiver_bit(i))
            jsonw_str(&line.w, NULL, receiver_of(r, i)->name);
    jsonw_end(&line.w);
    return line_finish(r, &line);
}

uint64_t record_lasting(struct recorder *r, int function, int rule)
{
    const struct function_state *state = &r->shared->functions[function];
    const struct notice_rule *of = &model_of(r)->notices->rules[rule];
    struct line line;

    line_begin(r, &line, "outage", "lasting");
    jsonw_int(&line.w, "outage", (int64_t)state->outage - 1);
    jsonw_str(&line.w, "function", model_of(r)->functions[function].name);
    jsonw_time(&line.w, "start", state->start_ms);
    jsonw_int(&line.w, "for_ms", of->lasting_ms);
    jsonw_str(&line.w, "rule", of->name);
    return line_finish(r, &line);
}

static void raise_window(struct recorder *r, const struct window_state *window,
                         enum notice_event event, uint64_t seq)
{
    notice_raise(r, &(struct news){.event = event,
                                   .seq = seq,
                                   .function = -1,
                                   .window = window->id,
                                   .functions = window->functions,
                                   .rule = -1});
}

void record_begun(struct recorder *r, const struct window_state *window)
{
    struct line line;

    line_begin(r, &line, "maintenance", "begun");
    jsonw_int(&line.w, "window", (int64_t)window->id);
    raise_window(r, window, NOTICE_MAINTENANCE_BEGUN, line_finish(r, &line));
}

void record_over(struct recorder *r, const struct window_state *window)
{
    struct line line;

    line_begin(r, &line, "maintenance", "over");
    jsonw_int(&line.w, "window", (int64_t)window->id);
    jsonw_time(&line.w, "end", window->end_ms);
    jsonw_array(&line.w, "down");
    for (int i = 0; i < model_of(r)->n_functions; i++)
        if ((window->functions[i / 64] >> (i % 64) & 1) && r->shared->functions[i].down)
            jsonw_str(&line.w, NULL, model_of(r)->functions[i].name);
    jsonw_end(&line.w);
    raise_window(r, window, NOTICE_MAINTENANCE_OVER, line_finish(r, &line));
}

void record_certificate(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "security", "certificate");
    jsonw_str(&line.w, "server", line_server(r, r->entry->trouble.server));
    jsonw_time(&line.w, "expires", r->entry->trouble.expires_ms);
    notice_raise(r, &(struct news){.event = NOTICE_CERTIFICATE,
                                   .seq = line_finish(r, &line),
                                   .function = -1,
                                   .rule = -1});
}
