#include "wire/codec_incident.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "core/account/contract.h"

#include <string.h>

static void put_amendment(const struct entry *entry, Kirikae__V1__Incident *m)
{
    kirikae__v1__incident__init(m);
    m->outage = entry->incident.outage;
    m->severity = (uint32_t)(entry->incident.severity + 1);
    m->cause = (uint32_t)(entry->incident.cause + 1);
    m->note = entry->incident.note;
}

static char *text_or_empty(char *text)
{
    return text != NULL ? text : (char *)"";
}

static void put_post(const struct entry *entry, Kirikae__V1__Post *m)
{
    kirikae__v1__post__init(m);
    m->outage = entry->post.outage;
    m->status = entry->post.status;
    m->ja = text_or_empty(entry->post.ja);
    m->en = text_or_empty(entry->post.en);
}

void incident_put(const struct entry *entry, union incident_message *message)
{
    switch (entry->kind) {
    case ENTRY_INCIDENT:
        put_amendment(entry, &message->incident);
        return;
    case ENTRY_ACKNOWLEDGED:
        kirikae__v1__acknowledged__init(&message->acknowledged);
        message->acknowledged.outage = entry->acknowledged.outage;
        return;
    case ENTRY_POST:
        put_post(entry, &message->post);
        return;
    default:
        CHECK(!"what operators say of an outage");
    }
}

bool incident_get(const Kirikae__V1__Incident *m, struct entry *entry)
{
    if (m->severity > SEVERITY_COUNT || m->cause > CAUSE_COUNT)
        return false;
    entry->incident.outage = m->outage;
    entry->incident.severity = (int)m->severity - 1;
    entry->incident.cause = (int)m->cause - 1;
    entry->incident.note = m->note;
    return true;
}

static bool fits(const char *text)
{
    return strlen(text) <= LIMIT_POST && plain_lines(text);
}

static char *text_or_null(const char *text)
{
    return text[0] != '\0' ? mem_strdup(text) : NULL;
}

bool post_get(const Kirikae__V1__Post *m, struct entry *entry)
{
    if (m->status >= POST_STATUSES || !fits(m->ja) || !fits(m->en))
        return false;
    entry->post.outage = m->outage;
    entry->post.status = (enum post_status)m->status;
    entry->post.ja = text_or_null(m->ja);
    entry->post.en = text_or_null(m->en);
    return true;
}
