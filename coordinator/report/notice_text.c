#include "report/notice_text.h"
#include "base/plain.h"
#include "core/notice/template.h"
#include "report/notice_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Line by line; what a name or a person brought in commands no terminal. */
static void clean(struct buf *text)
{
    buf_cstr(text);
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == '\0')
            text->data[i] = '?';
    plain_clean_lines((char *)text->data);
}

static void clean_line(struct buf *line, size_t max)
{
    buf_cstr(line);
    line->len = plain_cut((const char *)line->data, line->len, max);
    for (size_t i = 0; i < line->len; i++)
        if (line->data[i] == '\n')
            line->data[i] = ' ';
    clean(line);
}

/* The values behind one event's names, in texts that live as long as the rendering. */
struct event_texts {
    struct buf texts[TEMPLATE_EVENT_NAMES];
};

static void fill_event(const struct notice_view *view, const struct notice_fact *fact,
                       struct event_texts *texts)
{
    struct buf *t = texts->texts;

    buf_str(&t[TEMPLATE_EVENT], notice_event_name(fact->event));
    buf_str(&t[TEMPLATE_WORDS], view_title(view, fact));
    view_summary(view, fact, &t[TEMPLATE_SUMMARY]);
    if (fact->function[0] != '\0' || fact->window != 0)
        view_subject_of(view, fact, &t[TEMPLATE_FUNCTION]);
    if (fact->severity >= 0)
        buf_str(&t[TEMPLATE_EVENT_SEVERITY], view_severity(view, fact->severity));
    if (fact->start_ms != UTC_NONE)
        view_moment(view, fact->start_ms, &t[TEMPLATE_START]);
    if (fact->end_ms != UTC_NONE)
        view_moment(view, fact->end_ms, &t[TEMPLATE_END]);
    if (fact->start_ms != UTC_NONE && fact->end_ms != UTC_NONE)
        view_duration(view, fact->end_ms - fact->start_ms, &t[TEMPLATE_DURATION]);
    if (fact->recognised_ms != UTC_NONE)
        view_moment(view, fact->recognised_ms, &t[TEMPLATE_RECOGNISED]);
    buf_str(&t[TEMPLATE_POST], fact->post[view->language][0] != '\0' ? fact->post[view->language]
                                                                     : fact->post[!view->language]);
    if (view->customers)
        return;
    if (fact->outage != NOTICE_NONE)
        buf_printf(&t[TEMPLATE_OUTAGE], "%" PRIu64, fact->outage);
    buf_str(&t[TEMPLATE_ROUTE], fact->route);
    buf_str(&t[TEMPLATE_SERVER], fact->server);
    buf_str(&t[TEMPLATE_CHECK], fact->check);
    buf_str(&t[TEMPLATE_REASON], fact->reason);
    buf_printf(&t[TEMPLATE_SEQ], "%" PRIu64, fact->seq);
}

static void number(struct buf *text, int64_t n)
{
    if (n > 0)
        buf_printf(text, "%" PRId64, n);
}

static void fill(const struct notice_view *view, int shown, struct buf *t)
{
    const struct notice_input *input = view->input;
    const struct notice_state *notice = input->notice;
    const struct notice_config *config = view->model->notices;

    view_subject(view, &t[TEMPLATE_SUBJECT]);
    view_body(view, &t[TEMPLATE_TEXT]);
    buf_str(&t[TEMPLATE_CLUSTER], view_service(view));
    number(&t[TEMPLATE_NOTICE], (int64_t)notice->id);
    if (!view->customers) {
        buf_str(&t[TEMPLATE_RECEIVER], view->receiver->name);
        if (notice->rule >= 0 && notice->rule < config->n_rules)
            buf_str(&t[TEMPLATE_RULE], config->rules[notice->rule].name);
        if (view->mark != N_WORDS)
            buf_str(&t[TEMPLATE_ESCALATED], view_word(view, view->mark));
    }
    view_moment(view, view->raised_ms, &t[TEMPLATE_TIME]);
    if (view->severity >= 0)
        buf_str(&t[TEMPLATE_SEVERITY], view_severity(view, view->severity));
    number(&t[TEMPLATE_COUNT], shown + (int64_t)notice->more);
    number(&t[TEMPLATE_MORE], notice->more);
    number(&t[TEMPLATE_OPEN], view->open);
    if (input->repeat)
        buf_str(&t[TEMPLATE_REPEAT], view_word(view, N_REPEAT));
    if (view->title == TITLE_TEST)
        buf_str(&t[TEMPLATE_TEST], view_word(view, N_TEST));
    if (view->model->status_page.given)
        buf_str(&t[TEMPLATE_STATUS_URL], view->model->status_page.url);
}

/* Whoever reads it has to know, whether the template thinks of it or not. */
static void say_repeat(const struct notice_view *view, struct buf *body)
{
    const char *words = view_word(view, N_REPEAT);
    struct buf before;

    if (!view->input->repeat || strstr(buf_cstr(body), words) != NULL)
        return;
    before = *body;
    *body = (struct buf){0};
    buf_printf(body, "%s\n\n", words);
    buf_append(body, before.data, before.len);
    buf_free(&before);
}

static void render(const struct notice_view *view, const struct notice_template *own,
                   struct notice_text *out)
{
    struct event_texts texts[LIMIT_NOTICE_REFS] = {0};
    struct template_event events[LIMIT_NOTICE_REFS];
    struct buf top[TEMPLATE_NAMES] = {0};
    struct template_values values = {.events = events};
    bool json = view->kind == CHANNEL_WEBHOOK || view->kind == CHANNEL_ALERTMANAGER;

    for (int i = 0; i < view->n; i++) {
        int n = values.n_events;

        if (view->told[i])
            continue;
        fill_event(view, &view->facts[i], &texts[n]);
        for (int name = 0; name < TEMPLATE_EVENT_NAMES; name++)
            events[n].values[name] = buf_cstr(&texts[n].texts[name]);
        values.n_events++;
    }
    fill(view, values.n_events, top);
    for (int name = 0; name < TEMPLATE_NAMES; name++)
        values.values[name] = buf_cstr(&top[name]);
    template_render(own->subject, &values, TEMPLATE_PLAIN, NOTICE_SUBJECT_MAX, &out->subject);
    template_render(own->body, &values, json ? TEMPLATE_JSON : TEMPLATE_PLAIN, NOTICE_BODY_MAX,
                    &out->body);
    if (!json)
        say_repeat(view, &out->body);
    for (int i = 0; i < values.n_events; i++)
        for (int name = 0; name < TEMPLATE_EVENT_NAMES; name++)
            buf_free(&texts[i].texts[name]);
    for (int name = 0; name < TEMPLATE_NAMES; name++)
        buf_free(&top[name]);
}

static void write_body(const struct notice_view *view, struct buf *out)
{
    switch (view->kind) {
    case CHANNEL_WEBHOOK:
        view_webhook(view, out);
        break;
    case CHANNEL_ALERTMANAGER:
        view_alerts(view, out);
        break;
    case CHANNEL_MAIL:
        view_body(view, out);
        break;
    default:
        view_brief(view, out);
    }
}

/* All mails on one incident, or one window, are answers to one that never was. */
static void write_thread(const struct notice_view *view, struct buf *out)
{
    for (int i = 0; i < view->n; i++) {
        const struct notice_fact *fact = &view->facts[i];
        char what[48], key[NOTICE_KEY_MAX];

        if (view->told[i] || (fact->outage == NOTICE_NONE && fact->window == 0))
            continue;
        if (fact->outage != NOTICE_NONE)
            snprintf(what, sizeof what, "incident-%" PRIu64, fact->outage);
        else
            snprintf(what, sizeof what, "window-%" PRIu64, fact->window);
        notice_key_of(view->model->cluster, what, 0, view->receiver->name, key);
        buf_str(out, key);
        return;
    }
}

void notice_text_write(const struct notice_input *input, struct notice_text *text)
{
    const struct notice_config *config = input->shared->model->notices;
    struct notice_view view;

    *text = (struct notice_text){.subject = {0}};
    notice_view_open(input, &view);
    if (view.receiver->template >= 0 && view.receiver->template <config->n_templates) {
        render(&view, &config->templates[view.receiver->template], text);
    } else {
        view_subject(&view, &text->subject);
        write_body(&view, &text->body);
    }
    write_thread(&view, &text->thread);
    notice_view_free(&view);
    clean_line(&text->subject, NOTICE_SUBJECT_MAX);
    clean(&text->body);
    buf_cstr(&text->thread);
}

void notice_text_free(struct notice_text *text)
{
    buf_free(&text->subject);
    buf_free(&text->body);
    buf_free(&text->thread);
}
