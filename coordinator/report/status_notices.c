/* Notices in the replicated state: who has not been told yet. */
#include "base/utc.h"
#include "core/notice/notice.h"
#include "report/status.h"

static void delivery_json(const struct model *model, const struct delivery *d, struct jsonw *w)
{
    static const char *const phases[] = {[DELIVERY_DUE] = "waiting",
                                         [DELIVERY_SENDING] = "sending",
                                         [DELIVERY_ACCEPTED] = "accepted",
                                         [DELIVERY_GIVEN_UP] = "given-up"};
    const struct receiver *receiver = &model->notices->receivers[d->receiver];
    bool begun = d->attempts > 0;

    jsonw_object(w, NULL);
    jsonw_str(w, "receiver", receiver->name);
    jsonw_str(w, "channel", model->notices->channels[receiver->channel].name);
    jsonw_str(w, "state", phases[d->phase]);
    jsonw_str(w, "node", begun ? model->servers[d->node].name : NULL);
    jsonw_int(w, "attempts", d->attempts);
    jsonw_time(w, "next", d->phase == DELIVERY_DUE ? d->due_ms : UTC_NONE);
    jsonw_time(w, "accepted", d->phase == DELIVERY_ACCEPTED ? d->accepted_ms : UTC_NONE);
    jsonw_end(w);
}

static void notice_json(const struct model *model, const struct notice_state *notice,
                        struct jsonw *w)
{
    int i;

    jsonw_object(w, NULL);
    jsonw_int(w, "notice", (int64_t)notice->id);
    jsonw_str(w, "rule", notice->rule >= 0 ? model->notices->rules[notice->rule].name : NULL);
    jsonw_str(w, "state", notice->steps == 0 ? "gathering" : "open");
    jsonw_time(w, "raised", notice->raised_ms);
    jsonw_bool(w, "acknowledged", notice->acknowledged);
    jsonw_array(w, "events");
    for (i = 0; i < notice->n_refs; i++) {
        jsonw_object(w, NULL);
        jsonw_str(w, "event", notice_event_name((enum notice_event)notice->refs[i].event));
        jsonw_int(w, "seq", (int64_t)notice->refs[i].seq);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_int(w, "more", notice->more);
    jsonw_array(w, "receivers");
    for (i = 0; i < notice->n_deliveries; i++)
        delivery_json(model, &notice->deliveries[i], w);
    jsonw_end(w);
    jsonw_end(w);
}

void status_notices_json(const struct engine *engine, struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    int i;

    jsonw_object(w, NULL);
    jsonw_array(w, "notices");
    for (i = 0; shared->model != NULL && shared->model->notices != NULL && i < shared->notices.n;
         i++)
        notice_json(shared->model, &shared->notices.list[i], w);
    jsonw_end(w);
    jsonw_end(w);
}
