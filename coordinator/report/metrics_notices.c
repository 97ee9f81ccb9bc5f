/* Notices: who is still to be told, for how long, and what came of telling. */
#include "base/check.h"
#include "base/utc.h"
#include "report/metrics_private.h"

typedef void of_receiver(struct page *page, int receiver, const char *name);

static void each(struct page *page, of_receiver *say)
{
    const struct notice_config *config = page->committed != NULL ? page->committed->notices : NULL;
    int i;

    for (i = 0; config != NULL && i < config->n_receivers; i++)
        say(page, i, config->receivers[i].name);
}

static void waiting(struct page *page)
{
    static const char *const states[] = {[DELIVERY_DUE] = "due",
                                         [DELIVERY_SENDING] = "sending",
                                         [DELIVERY_ACCEPTED] = "accepted",
                                         [DELIVERY_GIVEN_UP] = "given-up"};
    const struct notices *notices = &page->shared->notices;
    int count[ARRAY_LEN(states)] = {0}, gathering = 0, i, d;
    struct om *om = &page->om;
    size_t s;

    for (i = 0; i < notices->n; i++) {
        gathering += notices->list[i].steps == 0;
        for (d = 0; d < notices->list[i].n_deliveries; d++)
            count[notices->list[i].deliveries[d].phase]++;
    }
    om_counter(om, "kirikae_notices_raised", OM_NUMBER,
               "Notices that were ever raised, by what is committed.", OM_PLAIN);
    om_count(om, OM_PLAIN, notices->newest_id);
    om_gauge(om, "kirikae_notices_open", OM_NUMBER,
             "Notices that not all are told of, or that may still be told to others.", OM_PLAIN);
    om_int(om, OM_PLAIN, notices->n);
    om_gauge(om, "kirikae_notices_gathering", OM_NUMBER,
             "Notices that still wait for more events of their rule.", OM_PLAIN);
    om_int(om, OM_PLAIN, gathering);
    om_gauge(om, "kirikae_notice_deliveries", OM_NUMBER, "Deliveries of open notices, by state.",
             OM_LABELS("state"));
    for (s = 0; s < ARRAY_LEN(states); s++)
        om_int(om, OM_LABELS(states[s]), count[s]);
}

/* Since the oldest notice that the receiver has not accepted was raised. */
static void waits(struct page *page, int receiver, const char *name)
{
    const struct notices *notices = &page->shared->notices;
    int64_t since_ms = page->now.utc_ms;
    int i;

    for (i = 0; i < notices->n; i++) {
        const struct delivery *delivery = notice_delivery(&notices->list[i], receiver);

        if (delivery != NULL && delivery->phase != DELIVERY_ACCEPTED &&
            notices->list[i].raised_ms < since_ms)
            since_ms = notices->list[i].raised_ms;
    }
    om_ms(&page->om, OM_LABELS(name), page->now.utc_ms - since_ms);
}

static void accepted(struct page *page, int receiver, const char *name)
{
    om_count(&page->om, OM_LABELS(name), page->counters->receipts[receiver].accepted);
}

static void failed(struct page *page, int receiver, const char *name)
{
    om_count(&page->om, OM_LABELS(name), page->counters->receipts[receiver].failed);
}

void metrics_notices(struct page *page)
{
    static const char *const label[] = {"receiver", NULL};
    struct om *om = &page->om;

    waiting(page);
    om_gauge(om, "kirikae_notice_wait_seconds", OM_SECONDS,
             "Since the oldest notice was raised that the receiver has not accepted; 0: none.",
             label);
    each(page, waits);
    om_counter(om, "kirikae_notice_receipts", OM_NUMBER,
               "Notices that the receiver accepted, committed since this node's start.", label);
    each(page, accepted);
    om_counter(om, "kirikae_notice_failures", OM_NUMBER,
               "Attempts to tell the receiver that failed, committed since this node's start.",
               label);
    each(page, failed);
}
