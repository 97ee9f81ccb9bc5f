/* One edition, or the provisional report, out of what was kept of a ledger. */
#include "report/ledger_events_private.h"
#include "base/utc.h"

#include <string.h>

static void add_unwatched(const struct ledger_events *events, struct ledger_view *view,
                          int64_t from_ms, int64_t to_ms)
{
    struct unmonitored *gap;
    int i;

    if (from_ms >= to_ms || events->n_contract == 0)
        return;
    gap = history_gap(&view->history);
    gap->start_ms = from_ms;
    gap->end_ms = to_ms;
    for (i = 0; i < events->n_contract; i++)
        function_set_add(&gap->functions, i);
}

int ledger_events_view(const struct ledger_events *events, int edition, struct ledger_view *view,
                       struct err *err)
{
    const struct report_editions *editions = &events->editions;
    const struct report_edition *made = NULL;
    bool pending = report_editions_pending(editions);
    uint64_t last;

    if (edition < 0 || (uint64_t)edition > editions->n + pending)
        return err_set(err, ERR_REFUSED, "there is no edition %d: there are %zu%s", edition,
                       editions->n, pending ? " and a provisional one" : "");
    if (edition > 0 && (size_t)edition <= editions->n)
        made = &editions->items[edition - 1];
    else if (edition == 0 && !pending)
        made = &editions->items[editions->n - 1];
    *view = (struct ledger_view){
        .edition = made != NULL ? (int)(made - editions->items) + 1 : (int)editions->n + 1,
        .provisional = made == NULL,
        .as_of_ms = made != NULL ? made->at_ms : events->period.as_of_ms,
        .begins_ms = events->begins_ms,
        .size = made != NULL ? made->line + 1 : events->taken,
        .names = events->names,
        .notices = events->notices <= (made != NULL ? made->line : UINT64_MAX - 1),
        .made = made};
    if (made != NULL)
        memcpy(view->root, made->root, sizeof view->root);
    else
        tree_root(&events->tree, view->root);
    view->changes = report_editions_changes(editions, made, &view->n_changes);
    last = made != NULL ? made->line : UINT64_MAX;
    kept_copy(&events->kept, last, made != NULL ? made->at_ms : INT64_MAX, &view->history);
    while (view->names.n > events->n_contract && events->named[view->names.n - 1] > last)
        view->names.n--;
    if (events->taken > 0)
        add_unwatched(events, view, events->period.begin_ms, events->begins_ms);
    return 0;
}

void ledger_view_as_of(const struct ledger_events *events, struct ledger_view *view,
                       int64_t as_of_ms, int64_t known_ms)
{
    if (!view->provisional)
        return;
    view->as_of_ms = as_of_ms;
    add_unwatched(events, view, known_ms, as_of_ms);
}

void ledger_view_input(struct ledger_view *view, struct sla_input *input)
{
    input->history = &view->history;
    input->names = &view->names;
    input->as_of_ms = view->as_of_ms;
    input->edition = view->edition;
    input->provisional = view->provisional;
    input->view = view;
    input->ledger_size = view->size;
    memcpy(input->ledger_root, view->root, sizeof input->ledger_root);
}

void ledger_view_free(struct ledger_view *view)
{
    history_free(&view->history);
}
