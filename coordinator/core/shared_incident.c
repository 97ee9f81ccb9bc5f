/* What operators say of outages: another severity or cause, a note, that they look after it, a
 * word for customers. Nothing that stands in the ledger changes, and of outages no state follows
 * from it: whoever accounts for one reads what was said of it, in order. That the entry it names
 * is an outage's is checked where the ledger is (serve/); here, only that there is such an entry
 * at all. */
#include "base/plain.h"
#include "core/account/contract.h"
#include "core/shared_apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* NULL: it can be done. */
static const char *incident_error(const struct recorder *r)
{
    const struct entry *e = r->entry;
    bool sets = e->incident.severity >= 0 || e->incident.cause >= 0;

    if (e->incident.outage >= r->shared->ledger.size)
        return "the ledger has no such entry";
    if (e->reason[0] == '\0')
        return e->incident.note ? "a note says something" : "an amendment says why";
    if (e->incident.note)
        return sets ? "a note amends nothing" : NULL;
    return sets ? NULL : "an amendment gives a severity or a cause";
}

static void refuse(struct recorder *r, uint64_t outage, const char *error)
{
    char subject[32];

    snprintf(subject, sizeof subject, "outage %" PRIu64, outage);
    operator_refused(r, subject, "%s", error);
}

static void done(struct recorder *r, const char *answer)
{
    shared_remember(r->shared, r->entry, r->index, COMMAND_DONE, answer);
}

void apply_incident(struct recorder *r)
{
    const struct entry *e = r->entry;
    const char *error = incident_error(r);

    if (error != NULL) {
        refuse(r, e->incident.outage, error);
        return;
    }
    record_incident(r);
    done(r, e->incident.note ? "noted" : "amended");
}

/* Whoever says so after the first does so, too. */
void apply_acknowledged(struct recorder *r)
{
    const struct entry *e = r->entry;

    if (e->acknowledged.outage >= r->shared->ledger.size) {
        refuse(r, e->acknowledged.outage, "the ledger has no such entry");
        return;
    }
    record_acknowledged(r);
    notice_acknowledge(r, e->acknowledged.outage);
    done(r, "acknowledged");
}

static bool says_something(const char *text)
{
    return text == NULL || (strlen(text) <= LIMIT_POST && plain_lines(text) && !plain_blank(text));
}

static const char *post_error(const struct recorder *r)
{
    const struct entry *e = r->entry;

    if (e->post.outage >= r->shared->ledger.size)
        return "the ledger has no such entry";
    if (e->post.ja == NULL && e->post.en == NULL)
        return "a post has a text in one language at least";
    return says_something(e->post.ja) && says_something(e->post.en) ? NULL
                                                                    : "a post says something";
}

void apply_post(struct recorder *r)
{
    const char *error = post_error(r);

    if (error != NULL) {
        refuse(r, r->entry->post.outage, error);
        return;
    }
    record_post(r);
    done(r, "posted");
}
