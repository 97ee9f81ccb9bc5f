/* The operators' page: notices under way. What everybody has been told of is in the ledger. */
#include "core/notice/notice.h"
#include "report/ops_pen.h"

#include <inttypes.h>

static void reasons(struct ops_pen *pen, const struct notice_state *notice)
{
    int i, j;

    for (i = 0; i < notice->n_refs; i++) {
        for (j = 0; j < i && notice->refs[j].event != notice->refs[i].event; j++)
            ;
        if (j < i)
            continue;
        html_text(&pen->html, i > 0 ? ", " : NULL);
        html_text(&pen->html, notice_event_name((enum notice_event)notice->refs[i].event));
    }
}

static void delivery(struct ops_pen *pen, const struct delivery *d)
{
    static const struct {
        enum ops_word word;
        const char *class_name;
    } phases[] = {[DELIVERY_DUE] = {O_DUE, "warn"},
                  [DELIVERY_SENDING] = {O_SENDING, "warn"},
                  [DELIVERY_ACCEPTED] = {O_ACCEPTED, "good"},
                  [DELIVERY_GIVEN_UP] = {O_GIVEN_UP, "bad"}};
    const struct notice_config *config = pen->model->notices;
    struct html *h = &pen->html;

    html_open(h, "li");
    if (config != NULL && d->receiver < config->n_receivers)
        html_leaf(h, "bdi", NULL, config->receivers[d->receiver].name);
    if (d->phase < sizeof phases / sizeof phases[0])
        pen_tag(pen, phases[d->phase].class_name, phases[d->phase].word);
    if (d->phase != DELIVERY_ACCEPTED)
        html_textf(h, " (%s %" PRIu32 ")", pen_say(pen, O_ATTEMPTS), d->attempts);
    html_close(h);
}

static void receivers(struct ops_pen *pen, const struct notice_state *notice)
{
    int i;

    pen_cell(pen, NULL);
    if (notice->n_deliveries == 0)
        html_text(&pen->html, pen_say(pen, O_GATHERS));
    html_open_class(&pen->html, "ul", "members");
    for (i = 0; i < notice->n_deliveries; i++)
        delivery(pen, &notice->deliveries[i]);
    html_close(&pen->html);
    pen_end(pen);
}

static void notice_row(struct ops_pen *pen, const struct notice_state *notice)
{
    const struct notice_config *config = pen->model->notices;
    struct html *h = &pen->html;
    char age[PEN_AGE_MAX];

    html_open(h, "tr");
    html_open(h, "th");
    html_attr(h, "scope", "row");
    html_textf(h, "#%" PRIu64, notice->id);
    html_close(h);
    pen_cell(pen, NULL);
    if (config != NULL && notice->rule >= 0 && notice->rule < config->n_rules)
        html_leaf(h, "bdi", NULL, config->rules[notice->rule].name);
    else
        html_text(h, "–");
    pen_end(pen);
    pen_cell(pen, NULL);
    reasons(pen, notice);
    if (notice->acknowledged)
        pen_tag(pen, "good", O_ACKNOWLEDGED);
    pen_end(pen);
    pen_cell(pen, "num");
    html_text(h, pen_age(pen->ops->now.utc_ms - notice->raised_ms, age));
    pen_end(pen);
    receivers(pen, notice);
    pen_end(pen);
}

void ops_notices(struct ops_pen *pen)
{
    static const enum ops_word columns[] = {O_NOTICE, O_RULE, O_WHAT, O_AGE, O_RECEIVERS};
    const struct notices *notices = &pen->shared->notices;
    int i;

    if (notices->n == 0) {
        pen_leaf(pen, "p", "none", pen->model->notices == NULL ? O_NO_RULES : O_NO_NOTICES);
        return;
    }
    pen_table(pen, "incidents", "h-notices");
    pen_head(pen, columns, 5);
    for (i = 0; i < notices->n; i++)
        notice_row(pen, &notices->list[i]);
    pen_table_end(pen);
}
