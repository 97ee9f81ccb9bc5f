#include "report/notice_view.h"
#include "base/check.h"
#include "report/sla_words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What this receiver is told of with another fact: an outage's end in that of its begin. */
static void join(struct notice_view *view, int at)
{
    struct notice_fact *fact = &view->facts[at];

    if (fact->outage == NOTICE_NONE || fact->event == NOTICE_POSTED)
        return;
    for (int i = 0; i < at; i++) {
        struct notice_fact *first = &view->facts[i];

        if (first->outage != fact->outage || view->told[i] ||
            (first->event != NOTICE_OUTAGE && first->event != NOTICE_LASTING))
            continue;
        first->over = first->over || fact->over;
        if (fact->end_ms != UTC_NONE) {
            first->end_ms = fact->end_ms;
            first->last_fail_ms = fact->last_fail_ms;
        }
        view->told[at] = true;
        return;
    }
}

static bool of_outage(const struct notice_fact *fact)
{
    return fact->event == NOTICE_OUTAGE || fact->event == NOTICE_LASTING ||
           fact->event == NOTICE_RECOVERED;
}

static void count(struct notice_view *view, const struct notice_fact *fact)
{
    enum notice_title title = notice_title_of(fact);

    if (title < view->title)
        view->title = title;
    if (!of_outage(fact))
        return;
    view->outages++;
    view->open += !fact->over;
    if (fact->severity >= 0 && (view->severity < 0 || fact->severity < view->severity))
        view->severity = fact->severity;
}

/* Why this receiver is told: the first step of the rule, a later one, or another's silence. */
static enum notice_word mark_of(const struct notice_input *input)
{
    const struct notice_config *config = input->shared->model->notices;
    int rule = input->notice->rule;
    const struct notice_rule *r;

    if (rule < 0 || rule >= config->n_rules)
        return N_WORDS;
    r = &config->rules[rule];
    for (int i = 0; i < r->n_steps; i++)
        if (r->steps[i].receivers & receiver_bit(input->receiver))
            return i == 0 ? N_WORDS : N_ESCALATED;
    return N_OTHERWISE;
}

void notice_view_open(const struct notice_input *input, struct notice_view *view)
{
    const struct notice_config *config = input->shared->model->notices;
    const struct notice_state *notice = input->notice;

    CHECK(config != NULL && input->receiver >= 0 && input->receiver < config->n_receivers);
    *view = (struct notice_view){.input = input, .model = input->shared->model};
    view->receiver = &config->receivers[input->receiver];
    view->kind = config->channels[view->receiver->channel].kind;
    view->language = view->receiver->language;
    view->customers = view->receiver->audience == AUDIENCE_CUSTOMERS;
    view->title = TITLE_GENERAL;
    view->severity = -1;
    view->mark = mark_of(input);
    view->raised_ms = notice->id != 0 ? notice->raised_ms : input->since_ms;
    view->offset_s = input->zone != NULL ? zone_offset(input->zone, view->raised_ms) : 0;
    view->facts = notice_facts_read(input, &view->n);
    for (int i = 0; i < view->n; i++) {
        view->told[i] = view_title(view, &view->facts[i]) == NULL;
        if (!view->told[i])
            join(view, i);
    }
    for (int i = 0; i < view->n; i++)
        if (!view->told[i])
            count(view, &view->facts[i]);
}

void notice_view_free(struct notice_view *view)
{
    notice_facts_free(view->facts, view->n);
}

const char *view_word(const struct notice_view *view, enum notice_word word)
{
    return notice_word(word, view->language);
}

const char *view_title(const struct notice_view *view, const struct notice_fact *fact)
{
    return notice_title_words(notice_title_of(fact), view->customers, view->language);
}

const char *view_severity(const struct notice_view *view, int severity)
{
    return sla_severity_word((enum severity)severity,
                             view->language == LANGUAGE_JA ? SLA_JAPANESE : SLA_ENGLISH);
}

static void offset(int offset_s, struct buf *out)
{
    int minutes = abs(offset_s) / 60;

    buf_printf(out, "%c%02d:%02d", offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void view_zone(const struct notice_view *view, struct buf *out)
{
    offset(view->offset_s, out);
}

void view_moment(const struct notice_view *view, int64_t utc_ms, struct buf *out)
{
    static const char *const days[][2] = {{"木", "Thu"}, {"金", "Fri"}, {"土", "Sat"},
                                          {"日", "Sun"}, {"月", "Mon"}, {"火", "Tue"},
                                          {"水", "Wed"}};
    int offset_s = view->input->zone != NULL ? zone_offset(view->input->zone, utc_ms) : 0;
    int64_t local_s, day;
    int y, m, d, s;

    if (utc_ms < 0 || utc_ms > UTC_MOST_MS) {
        buf_str(out, "?");
        return;
    }
    local_s = utc_ms / 1000 + offset_s;
    day = local_s / 86400;
    s = (int)(local_s % 86400);
    utc_civil_from_days(day, &y, &m, &d);
    if (view->customers && view->language == LANGUAGE_JA)
        buf_printf(out, "%d年%d月%d日（%s）%02d:%02d:%02d", y, m, d, days[day % 7][0], s / 3600,
                   s / 60 % 60, s % 60);
    else
        buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d", y, m, d, s / 3600, s / 60 % 60, s % 60);
    if (offset_s != view->offset_s) {
        buf_str(out, " ");
        offset(offset_s, out);
    }
}

void view_duration(const struct notice_view *view, int64_t ms, struct buf *out)
{
    bool ja = view->language == LANGUAGE_JA;
    int64_t s = ms / 1000, minutes = s / 60, hours = minutes / 60;

    if (ms < 60000) {
        buf_printf(out, ja ? "%" PRId64 ".%03d秒" : "%" PRId64 ".%03d s", s, (int)(ms % 1000));
        return;
    }
    if (hours > 0)
        buf_printf(out, ja ? "%" PRId64 "時間" : "%" PRId64 " h ", hours);
    buf_printf(out, ja ? "%d分%d秒" : "%d min %d s", (int)(minutes % 60), (int)(s % 60));
}

const char *view_label(const struct notice_view *view, int function)
{
    const struct function *f = &view->model->functions[function];
    const char *label = view->language == LANGUAGE_JA ? f->label_ja : f->label_en;

    return label[0] != '\0' ? label : f->label_ja[0] != '\0' ? f->label_ja : f->name;
}

void view_functions(const struct notice_view *view, const uint64_t *set, int most, struct buf *out)
{
    int n = 0;

    for (int i = 0; i < view->model->n_functions; i++) {
        if (!(set[i / 64] >> (i % 64) & 1))
            continue;
        if (n < most)
            buf_printf(out, "%s%s", n > 0 ? view_word(view, N_LIST_COMMA) : "",
                       view_label(view, i));
        n++;
    }
    if (n > most)
        buf_printf(out, view_word(view, N_AND_MORE_FUNCTIONS), n - most);
}

#define SUBJECT_FUNCTIONS 3 /* of a window, that stand for it */

void view_subject_of(const struct notice_view *view, const struct notice_fact *fact,
                     struct buf *out)
{
    int function = fact->function[0] != '\0' ? model_function(view->model, fact->function) : -1;

    if (function >= 0)
        buf_str(out, view_label(view, function));
    else if (fact->window != 0)
        view_functions(view, fact->functions, SUBJECT_FUNCTIONS, out);
    else if (view->customers)
        return;
    else if (fact->route[0] != '\0')
        buf_str(out, fact->route);
    else if (fact->check[0] != '\0')
        buf_str(out, fact->check);
    else
        buf_str(out, fact->server[0] != '\0' ? fact->server : fact->function);
}

const char *view_service(const struct notice_view *view)
{
    const struct model *model = view->model;
    const char *title = view->language == LANGUAGE_JA && model->status_page.title_ja[0] != '\0'
                            ? model->status_page.title_ja
                            : model->status_page.title;

    if (!view->customers)
        return model->cluster;
    return title[0] != '\0' ? title : model->contract.name;
}

enum notice_word view_state(const struct notice_fact *fact)
{
    return fact->over ? N_RECOVERED : N_OPEN;
}

#define NAMED_MAX 2 /* names in a subject; more are counted */

struct named {
    struct buf names[LIMIT_NOTICE_REFS];
    int n;
};

static void name_once(struct named *named, struct buf *name)
{
    bool known = name->len == 0;

    for (int i = 0; i < named->n && !known; i++)
        known = named->names[i].len == name->len &&
                memcmp(named->names[i].data, name->data, name->len) == 0;
    if (known)
        buf_free(name);
    else
        named->names[named->n++] = *name;
}

/* What the facts of the weightiest kind are about; returns how many facts of others there are. */
static int name_all(const struct notice_view *view, struct named *named)
{
    int others = 0;

    for (int i = 0; i < view->n; i++) {
        struct buf name = {0};

        if (view->told[i])
            continue;
        if (notice_title_of(&view->facts[i]) != view->title) {
            others++;
            continue;
        }
        view_subject_of(view, &view->facts[i], &name);
        name_once(named, &name);
    }
    return others;
}

static void put_names(const struct notice_view *view, struct named *named, struct buf *out)
{
    bool functions = view->title == TITLE_OUTAGE || view->title == TITLE_LASTING ||
                     view->title == TITLE_RECOVERED;

    for (int i = 0; i < named->n; i++) {
        if (i < NAMED_MAX)
            buf_printf(out, "%s%s", i > 0 ? view_word(view, N_LIST_POINT) : "",
                       buf_cstr(&named->names[i]));
        buf_free(&named->names[i]);
    }
    if (named->n > NAMED_MAX)
        buf_printf(out, view_word(view, functions ? N_AND_MORE_FUNCTIONS : N_AND_MORE),
                   named->n - NAMED_MAX);
}

static void put_state(const struct notice_view *view, struct buf *out)
{
    bool ja = view->language == LANGUAGE_JA;

    if ((view->title == TITLE_OUTAGE || view->title == TITLE_LASTING) && view->open < view->outages)
        buf_printf(out, ja ? "（%s）" : " (%s)",
                   view_word(view, view->open > 0 ? N_PARTLY : N_RECOVERED));
}

static void put_marks(const struct notice_view *view, struct buf *out)
{
    if (view->input->repeat)
        buf_str(out, view_word(view, N_REPEAT_MARK));
    if (view->mark != N_WORDS && !view->customers)
        buf_str(out, view_word(view, N_ESCALATED_MARK));
}

/* 【緊急】発信・着信ほか3機能 障害発生（復旧済み） [acme] */
void view_subject(const struct notice_view *view, struct buf *out)
{
    const char *title = notice_title_words(view->title, view->customers, view->language);
    bool ja = view->language == LANGUAGE_JA;
    struct named named = {.n = 0};
    struct buf names = {0};
    int others = name_all(view, &named);

    if (title == NULL)
        title = notice_title_words(TITLE_GENERAL, view->customers, view->language);
    put_marks(view, out);
    put_names(view, &named, &names);
    if (view->customers && ja) {
        buf_printf(out, "【%s】%s", title, buf_cstr(&names));
    } else {
        if (view->severity >= 0 && view->title <= TITLE_LASTING)
            buf_printf(out, ja ? "【%s】" : "[%s] ", view_severity(view, view->severity));
        if (ja)
            buf_printf(out, "%s%s%s", buf_cstr(&names), names.len > 0 ? " " : "", title);
        else
            buf_printf(out, "%s%s%s", title, names.len > 0 ? ": " : "", buf_cstr(&names));
    }
    put_state(view, out);
    others += (int)view->input->notice->more;
    if (others > 0 && !view->customers)
        buf_printf(out, view_word(view, N_AND_OTHERS), others);
    if (!view->customers)
        buf_printf(out, " [%s]", view_service(view));
    buf_free(&names);
}
