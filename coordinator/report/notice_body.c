/* The texts: of a mail, with greetings for customers and commands for operators, and of a chat. */
#include "base/plain.h"
#include "report/notice_view.h"
#include "report/sla_words.h"

#include <inttypes.h>
#include <string.h>

#define ROW_FUNCTIONS 50 /* in a list */
#define ROOM_AFTER 2048  /* bytes for what follows the events */

static void begin_row(const struct notice_view *view, enum notice_word label, struct buf *out)
{
    buf_printf(out, view->language == LANGUAGE_JA ? "  %s：" : "  %s: ", view_word(view, label));
}

static void row(const struct notice_view *view, enum notice_word label, const char *value,
                struct buf *out)
{
    if (value == NULL || value[0] == '\0')
        return;
    begin_row(view, label, out);
    buf_printf(out, "%s\n", value);
}

static void row_time(const struct notice_view *view, enum notice_word label, int64_t utc_ms,
                     struct buf *out)
{
    if (utc_ms == UTC_NONE)
        return;
    begin_row(view, label, out);
    view_moment(view, utc_ms, out);
    buf_str(out, "\n");
}

static void row_duration(const struct notice_view *view, enum notice_word label, int64_t ms,
                         struct buf *out)
{
    if (ms < 0)
        return;
    begin_row(view, label, out);
    view_duration(view, ms, out);
    buf_str(out, "\n");
}

static void row_number(const struct notice_view *view, enum notice_word label, int64_t number,
                       struct buf *out)
{
    if (number < 0)
        return;
    begin_row(view, label, out);
    buf_printf(out, "%" PRId64 "\n", number);
}

static void row_functions(const struct notice_view *view, enum notice_word label,
                          const uint64_t *set, struct buf *out)
{
    struct buf names = {0};

    view_functions(view, set, ROW_FUNCTIONS, &names);
    row(view, label, buf_cstr(&names), out);
    buf_free(&names);
}

static int64_t lasted_ms(const struct notice_fact *fact)
{
    return fact->start_ms != UTC_NONE && fact->end_ms != UTC_NONE ? fact->end_ms - fact->start_ms
                                                                  : -1;
}

static void rows_outage(const struct notice_view *view, const struct notice_fact *fact,
                        struct buf *out)
{
    bool customers = view->customers;

    if (fact->severity >= 0)
        row(view, N_SEVERITY, view_severity(view, fact->severity), out);
    if (!customers)
        row_time(view, N_LAST_GOOD, fact->last_good_ms, out);
    row_time(view, customers ? N_START_CUSTOMERS : N_START, fact->start_ms, out);
    row_time(view, customers ? N_RECOGNISED_CUSTOMERS : N_RECOGNISED, fact->recognised_ms, out);
    row_time(view, customers ? N_END_CUSTOMERS : N_END, fact->end_ms, out);
    row_duration(view, N_DURATION, lasted_ms(fact), out);
    if (fact->event != NOTICE_POSTED && fact->event != NOTICE_DISPUTED)
        row(view, N_STATE, view_word(view, view_state(fact)), out);
}

static void rows_post(const struct notice_view *view, const struct notice_fact *fact,
                      struct buf *out)
{
    const char *text = fact->post[view->language];

    if (text[0] == '\0')
        text = fact->post[!view->language];
    row(view, N_STATE, notice_status_words(fact->status, view->language), out);
    row_time(view, N_TIME, fact->time_ms, out);
    if (text[0] != '\0')
        buf_printf(out, "\n%s\n", text);
}

static void rows_window(const struct notice_view *view, const struct notice_fact *fact,
                        struct buf *out)
{
    row(view, N_KIND, view_word(view, fact->emergency ? N_EMERGENCY : N_REGULAR), out);
    if (strcmp(fact->type, "extended") == 0) {
        row_time(view, N_END_BEFORE, fact->start_ms, out);
        row_time(view, N_END_AFTER, fact->end_ms, out);
    } else if (fact->start_ms != UTC_NONE && fact->end_ms != UTC_NONE) {
        begin_row(view, N_PERIOD, out);
        view_moment(view, fact->start_ms, out);
        buf_str(out, view->language == LANGUAGE_JA ? "〜" : " to ");
        view_moment(view, fact->end_ms, out);
        buf_str(out, "\n");
    }
    row_functions(view, N_STOPS, fact->functions, out);
    row_functions(view, N_STILL_DOWN, fact->down, out);
    row_time(view, N_FINISHED, fact->finished_ms, out);
    if (!view->customers)
        row_time(view, N_ANNOUNCED, fact->announced_ms, out);
}

/* What only operators are told. */
static void rows_inside(const struct notice_view *view, const struct notice_fact *fact,
                        struct buf *out)
{
    bool silent = fact->event == NOTICE_NODE_LOST || fact->event == NOTICE_NODE_BACK;
    int server = model_server(view->model, fact->server);

    row(view, N_SERVER, fact->server, out);
    if (server >= 0)
        row(view, N_SITE, view->model->sites[view->model->servers[server].site].name, out);
    row(view, N_CHECK, fact->check, out);
    row(view, N_ROUTE, fact->route, out);
    if (fact->event == NOTICE_FAILOVER || fact->event == NOTICE_REFUSED)
        row(view, N_TO, fact->to, out);
    if (fact->cause >= 0)
        row(view, N_CAUSE,
            sla_cause_word((enum cause)fact->cause,
                           view->language == LANGUAGE_JA ? SLA_JAPANESE : SLA_ENGLISH),
            out);
    row_number(view, N_RULE_ROW, fact->rule, out);
    row_duration(view,
                 silent                        ? N_SILENT
                 : fact->event == NOTICE_CLOCK ? N_STEPPED
                                               : N_TOOK,
                 fact->took_ms, out);
    row_time(view, N_EXPIRES, fact->expires_ms, out);
    row(view, N_WHO, fact->who, out);
    row(view, N_REASON, fact->reason, out);
    if (fact->event != NOTICE_QUORUM_LOST)
        row_number(view, N_EVIDENCE, (int64_t)fact->seq, out);
    if (!fact->known)
        buf_printf(out, "  %s\n", view_word(view, N_UNREAD));
}

static bool of_outage(const struct notice_fact *fact)
{
    return fact->outage != NOTICE_NONE;
}

static void block(const struct notice_view *view, const struct notice_fact *fact, struct buf *out)
{
    struct buf subject = {0};

    buf_printf(out, view->language == LANGUAGE_JA ? "■ %s" : "* %s", view_title(view, fact));
    view_subject_of(view, fact, &subject);
    if (subject.len > 0)
        buf_printf(out, view->language == LANGUAGE_JA ? "：%s" : ": %s", buf_cstr(&subject));
    buf_str(out, "\n");
    buf_free(&subject);
    if (!view->customers && of_outage(fact))
        row_number(view, N_INCIDENT, (int64_t)fact->outage, out);
    if (of_outage(fact))
        rows_outage(view, fact, out);
    else if (fact->window != 0)
        rows_window(view, fact, out);
    else if (fact->event != NOTICE_TEST && !view->customers)
        row_time(view, fact->start_ms != UTC_NONE ? N_SINCE : N_TIME,
                 fact->start_ms != UTC_NONE ? fact->start_ms : fact->time_ms, out);
    if (fact->event == NOTICE_QUORUM_BACK) {
        row_time(view, N_END, fact->end_ms, out);
        row_duration(view, N_DURATION, lasted_ms(fact), out);
    }
    if (!view->customers)
        rows_inside(view, fact, out);
    if (fact->event == NOTICE_POSTED)
        rows_post(view, fact, out);
    if (fact->event == NOTICE_QUORUM_LOST)
        buf_printf(out, "  %s\n", view_word(view, N_QUORUM_ADVICE));
}

static void say_left_out(const struct notice_view *view, int n, struct buf *out)
{
    if (n == 0)
        return;
    buf_str(out, "\n");
    buf_printf(out, view_word(view, N_LEFT_OUT), n);
    buf_str(out, "\n");
}

/* As many as fit into `max` bytes; the rest is counted. */
static void blocks(const struct notice_view *view, size_t max, struct buf *out)
{
    int left_out = (int)view->input->notice->more;

    for (int i = 0; i < view->n; i++) {
        size_t before = out->len;

        if (view->told[i])
            continue;
        if (left_out == (int)view->input->notice->more) {
            buf_str(out, "\n");
            block(view, &view->facts[i], out);
        } else {
            left_out++;
        }
        if (out->len > max) {
            out->len = before;
            left_out++;
        }
    }
    say_left_out(view, left_out, out);
}

void view_marks(const struct notice_view *view, struct buf *out)
{
    if (view->input->repeat)
        buf_printf(out, "%s\n", view_word(view, N_REPEAT));
    if (view->mark != N_WORDS && !view->customers)
        buf_printf(out, "%s\n", view_word(view, view->mark));
    if (view->title == TITLE_TEST && !view->customers)
        buf_printf(out, "%s\n", view_word(view, N_TEST));
}

static void zone_line(const struct notice_view *view, struct buf *out)
{
    struct buf zone = {0};

    view_zone(view, &zone);
    buf_str(out, "\n");
    buf_printf(out, view_word(view, N_ZONE),
               view->input->zone != NULL ? view->model->contract.timezone : "UTC", buf_cstr(&zone));
    buf_str(out, "\n");
    buf_free(&zone);
}

static void head_operators(const struct notice_view *view, struct buf *out)
{
    const struct notice_state *notice = view->input->notice;

    if (out->len > 0)
        buf_str(out, "\n");
    row(view, N_CLUSTER, view->model->cluster, out);
    if (notice->id != 0)
        row_number(view, N_NOTICE, (int64_t)notice->id, out);
    if (notice->rule >= 0 && notice->rule < view->model->notices->n_rules)
        row(view, N_RULE, view->model->notices->rules[notice->rule].name, out);
    row_time(view, N_RAISED, view->raised_ms, out);
}

static void head_customers(const struct notice_view *view, struct buf *out)
{
    bool over = view->outages > 0 && view->open == 0;

    buf_printf(out, "%s\n\n", view_word(view, N_DEAR));
    if (view_service(view)[0] != '\0') {
        buf_printf(out, view_word(view, N_GREETING), view_service(view));
        buf_str(out, "\n");
    }
    buf_printf(out, "%s\n", view_word(view, notice_sentence(view->title, over)));
}

static bool told_of(const struct notice_view *view, enum notice_event event, bool late)
{
    for (int i = 0; i < view->n; i++)
        if (!view->told[i] && view->facts[i].event == event && !view->facts[i].emergency &&
            strcmp(view->facts[i].type, "added") == 0 && view->facts[i].short_notice == late)
            return true;
    return false;
}

static void tail_customers(const struct notice_view *view, struct buf *out)
{
    bool window = view->title >= TITLE_EMERGENCY && view->title <= TITLE_BEGUN;

    buf_str(out, "\n");
    if (window && view->title != TITLE_CANCELLED)
        buf_printf(out, "%s\n", view_word(view, N_STOPS_NOTE));
    if (told_of(view, NOTICE_MAINTENANCE, true))
        buf_printf(out, "%s\n", view_word(view, N_SHORT_NOTICE));
    else if (told_of(view, NOTICE_MAINTENANCE, false))
        buf_printf(out, "%s\n", view_word(view, N_TWO_WEEKS));
    if (view->outages > 0 || view->title == TITLE_POSTED || view->title == TITLE_OVERRUN)
        buf_printf(out, "%s\n", view_word(view, N_SORRY));
    else if (window)
        buf_printf(out, "%s\n", view_word(view, N_SORRY_WINDOW));
}

static void status_page(const struct notice_view *view, struct buf *out)
{
    const char *url = view->model->status_page.given ? view->model->status_page.url : "";

    if (url[0] != '\0')
        buf_printf(out, view->language == LANGUAGE_JA ? "\n%s： %s\n" : "\n%s: %s\n",
                   view_word(view, N_STATUS_PAGE), url);
}

void view_body(const struct notice_view *view, struct buf *out)
{
    view_marks(view, out);
    if (view->customers) {
        if (out->len > 0)
            buf_str(out, "\n");
        head_customers(view, out);
    } else {
        head_operators(view, out);
    }
    blocks(view, NOTICE_BODY_MAX - ROOM_AFTER, out);
    if (view->customers) {
        tail_customers(view, out);
        status_page(view, out);
    } else {
        view_acknowledge(view, out);
        view_look_further(view, out);
    }
    zone_line(view, out);
    if (view->customers)
        buf_printf(out, "\n%s\n%s\n", view_word(view, N_REGARDS), view_service(view));
}

#define BLOCKS_MAX 2 /* a chat's text; of more a line each */

static int shown(const struct notice_view *view)
{
    int n = 0;

    for (int i = 0; i < view->n; i++)
        n += !view->told[i];
    return n;
}

static void summaries(const struct notice_view *view, size_t max, struct buf *out)
{
    int left_out = (int)view->input->notice->more;

    buf_str(out, "\n");
    for (int i = 0; i < view->n; i++) {
        if (view->told[i])
            continue;
        if (out->len > max) {
            left_out++;
            continue;
        }
        if (view->facts[i].event == NOTICE_POSTED) {
            block(view, &view->facts[i], out);
            continue;
        }
        buf_str(out, view->language == LANGUAGE_JA ? "・" : "- ");
        view_summary(view, &view->facts[i], out);
        buf_str(out, "\n");
    }
    say_left_out(view, left_out, out);
}

void view_brief(const struct notice_view *view, struct buf *out)
{
    view_marks(view, out);
    if (view->kind != CHANNEL_CHATWORK) { /* it has a title */
        view_subject(view, out);
        buf_str(out, "\n");
    }
    if (view->customers)
        buf_printf(
            out, "%s\n",
            view_word(view, notice_sentence(view->title, view->outages > 0 && view->open == 0)));
    if (shown(view) > BLOCKS_MAX)
        summaries(view, NOTICE_BRIEF_MAX - ROOM_AFTER, out);
    else
        blocks(view, NOTICE_BRIEF_MAX - ROOM_AFTER, out);
    if (view->customers) {
        tail_customers(view, out);
        status_page(view, out);
    } else {
        view_acknowledge(view, out);
    }
    zone_line(view, out);
}

void view_summary(const struct notice_view *view, const struct notice_fact *fact, struct buf *out)
{
    bool ja = view->language == LANGUAGE_JA;
    int64_t begin_ms =
        fact->event == NOTICE_POSTED || fact->start_ms == UTC_NONE ? fact->time_ms : fact->start_ms;
    struct buf subject = {0};

    view_subject_of(view, fact, &subject);
    if (ja)
        buf_printf(out, "%s%s%s", buf_cstr(&subject), subject.len > 0 ? " " : "",
                   view_title(view, fact));
    else
        buf_printf(out, "%s%s%s", view_title(view, fact), subject.len > 0 ? ": " : "",
                   buf_cstr(&subject));
    buf_free(&subject);
    if (of_outage(fact) && fact->event != NOTICE_POSTED && fact->event != NOTICE_DISPUTED)
        buf_printf(out, ja ? "（%s）" : " (%s)", view_word(view, view_state(fact)));
    if (begin_ms != UTC_NONE) {
        buf_str(out, " ");
        view_moment(view, begin_ms, out);
    }
    if (fact->end_ms != UTC_NONE) {
        buf_str(out, ja ? "〜" : " to ");
        view_moment(view, fact->end_ms, out);
    }
}
