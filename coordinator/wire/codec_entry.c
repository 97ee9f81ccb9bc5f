#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/feature.h"
#include "entry.pb-c.h"
#include "wire/codec.h"
#include "wire/codec_incident.h"
#include "wire/codec_journal.h"
#include "wire/codec_notice.h"
#include "wire/config.h"
#include "wire/pb.h"

#define WORDS (LIMIT_FUNCTIONS / 64)

typedef Kirikae__V1__Entry Message;

/* The protobuf messages that an entry may have inside, on the stack while it is packed. */
struct bodies {
    Kirikae__V1__Config config;
    Kirikae__V1__Verdict verdict;
    Kirikae__V1__Ballot ballots[LIMIT_SERVERS];
    Kirikae__V1__Ballot *ballot_list[LIMIT_SERVERS];
    Kirikae__V1__Intent intent;
    Kirikae__V1__Outcome outcome;
    Kirikae__V1__Window window;
    Kirikae__V1__Coverage coverage;
    Kirikae__V1__Node node;
    Kirikae__V1__Security security;
    Kirikae__V1__Pause pause;
    Kirikae__V1__Drain drain;
    Kirikae__V1__Handover handover;
    Kirikae__V1__Holding holding;
    Kirikae__V1__Features features;
    Kirikae__V1__Clock clock;
    union incident_message incident;
    struct journal_message journal;
    Kirikae__V1__Notice notice;
    Kirikae__V1__Trouble trouble;
};

static void put_config(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__config__init(&b->config);
    b->config.yaml.data = entry->config.yaml;
    b->config.yaml.len = entry->config.yaml_len;
    message->config = &b->config;
}

static void put_verdict(const struct entry *entry, struct bodies *b, Message *message)
{
    CHECK(entry->verdict.n_ballots <= LIMIT_SERVERS);
    kirikae__v1__verdict__init(&b->verdict);
    b->verdict.check = (uint32_t)entry->verdict.check;
    b->verdict.verdict = entry->verdict.verdict;
    b->verdict.need = entry->verdict.need;
    b->verdict.agree = entry->verdict.agree;
    b->verdict.assigned = entry->verdict.assigned;
    b->verdict.n_ballots = entry->verdict.n_ballots;
    b->verdict.ballots = b->ballot_list;
    for (int i = 0; i < entry->verdict.n_ballots; i++) {
        const struct ballot *ballot = &entry->verdict.ballots[i];

        kirikae__v1__ballot__init(&b->ballots[i]);
        b->ballots[i].observer = ballot->observer;
        b->ballots[i].opinion = ballot->opinion;
        b->ballots[i].reason = ballot->reason;
        b->ballots[i].abstain = ballot->abstain;
        b->ballots[i].fail_age = pb_age(ballot->fail_age_ms);
        b->ballots[i].good_age = pb_age(ballot->good_age_ms);
        b->ballots[i].arrived_age = pb_age(ballot->arrived_age_ms);
        b->ballot_list[i] = &b->ballots[i];
    }
    message->verdict = &b->verdict;
}

static void put_intent(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__intent__init(&b->intent);
    b->intent.route = (uint32_t)entry->intent.route;
    b->intent.epoch = entry->intent.epoch;
    b->intent.step = entry->intent.step;
    b->intent.from = entry->intent.from;
    b->intent.to = entry->intent.to;
    b->intent.members = entry->intent.members;
    b->intent.rule = entry->intent.rule;
    b->intent.phase = (uint32_t)(entry->intent.phase + 1);
    b->intent.facts = entry->intent.facts;
    b->intent.planned = entry->intent.planned;
    b->intent.forced = entry->intent.forced;
    message->intent = &b->intent;
}

static void put_outcome(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__outcome__init(&b->outcome);
    b->outcome.route = (uint32_t)entry->outcome.route;
    b->outcome.actuator = entry->outcome.actuator;
    b->outcome.epoch = entry->outcome.epoch;
    b->outcome.step = entry->outcome.step;
    b->outcome.ok = entry->outcome.ok;
    b->outcome.took_ms = entry->outcome.took_ms;
    message->outcome = &b->outcome;
}

static void put_window(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__window__init(&b->window);
    b->window.window = entry->window.window;
    b->window.end = entry->window.end;
    b->window.extend = entry->window.extend;
    b->window.refused = entry->window.refused;
    b->window.emergency = entry->window.emergency;
    b->window.short_notice = entry->window.short_notice;
    b->window.start_ms = entry->window.start_ms;
    b->window.end_ms = entry->window.end_ms;
    b->window.n_functions = WORDS;
    b->window.functions = (uint64_t *)entry->window.functions;
    message->window = &b->window;
}

static void put_coverage(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__coverage__init(&b->coverage);
    b->coverage.check = (uint32_t)entry->coverage.check;
    b->coverage.observers = entry->coverage.observers;
    b->coverage.sites = entry->coverage.sites;
    b->coverage.hole = entry->coverage.hole;
    message->coverage = &b->coverage;
}

static void put_node(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__node__init(&b->node);
    b->node.server = (uint32_t)entry->node.server;
    b->node.silent = entry->node.silent;
    b->node.silent_ms = entry->node.silent_ms;
    b->node.raft_id = entry->node.raft_id;
    message->node = &b->node;
}

static void put_security(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__security__init(&b->security);
    b->security.refused = entry->security.refused;
    b->security.server = (uint32_t)entry->security.server;
    message->security = &b->security;
}

static void put_pause(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__pause__init(&b->pause);
    b->pause.route = entry->pause.route;
    b->pause.until_ms = entry->pause.until_ms;
    b->pause.expired = entry->pause.expired;
    message->pause = &b->pause;
}

static void put_drain(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__drain__init(&b->drain);
    b->drain.server = (uint32_t)entry->drain.server;
    b->drain.end = entry->drain.end;
    message->drain = &b->drain;
}

static void put_handover(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__handover__init(&b->handover);
    b->handover.server = (uint32_t)entry->handover.server;
    b->handover.failed = entry->handover.failed;
    message->handover = &b->handover;
}

static void put_holding(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__holding__init(&b->holding);
    b->holding.route = (uint32_t)entry->holding.route;
    b->holding.epoch = entry->holding.epoch;
    b->holding.server = (uint32_t)entry->holding.server;
    b->holding.holds = entry->holding.holds;
    b->holding.since_ms = entry->holding.since_ms;
    message->holding = &b->holding;
}

static void put_features(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__features__init(&b->features);
    b->features.level = entry->features.level;
    message->features = &b->features;
}

static void put_clock(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__clock__init(&b->clock);
    b->clock.server = (uint32_t)entry->clock.server;
    b->clock.steps = entry->clock.steps;
    b->clock.stepped_ms = entry->clock.stepped_ms;
    b->clock.boot = entry->clock.boot;
    b->clock.total = entry->clock.total;
    b->clock.compared = entry->clock.compared;
    b->clock.ahead_ms = entry->clock.ahead_ms;
    b->clock.bound_ms = entry->clock.bound_ms;
    message->clock = &b->clock;
}

static void put_incident(const struct entry *entry, struct bodies *b, Message *message)
{
    incident_put(entry, &b->incident);
    message->incident = &b->incident.incident;
}

static void put_acknowledged(const struct entry *entry, struct bodies *b, Message *message)
{
    incident_put(entry, &b->incident);
    message->acknowledged = &b->incident.acknowledged;
}

static void put_post(const struct entry *entry, struct bodies *b, Message *message)
{
    incident_put(entry, &b->incident);
    message->post = &b->incident.post;
}

static void put_journal(const struct entry *entry, struct bodies *b, Message *message)
{
    journal_put(entry, &b->journal);
    message->journal = &b->journal.head;
}

static void put_notice(const struct entry *entry, struct bodies *b, Message *message)
{
    notice_put(entry, &b->notice);
    message->notice = &b->notice;
}

static void put_trouble(const struct entry *entry, struct bodies *b, Message *message)
{
    kirikae__v1__trouble__init(&b->trouble);
    b->trouble.server = (uint32_t)entry->trouble.server;
    b->trouble.expires_ms = entry->trouble.expires_ms;
    message->trouble = &b->trouble;
}

static bool is_time(int64_t utc_ms)
{
    return utc_ms >= -UTC_MOST_MS && utc_ms <= UTC_MOST_MS;
}

static bool get_config(const Message *message, struct entry *entry)
{
    const ProtobufCBinaryData *yaml = &message->config->yaml;

    if (yaml->len > LIMIT_CONFIG)
        return false;
    entry->config.yaml = mem_dup(yaml->data, yaml->len);
    entry->config.yaml_len = (uint32_t)yaml->len;
    return true;
}

static bool get_verdict(const Message *message, struct entry *entry)
{
    const Kirikae__V1__Verdict *v = message->verdict;

    if (v->check >= LIMIT_CHECKS || v->verdict > VERDICT_DISPUTED || v->need > LIMIT_SERVERS ||
        v->agree > LIMIT_SERVERS || v->assigned > LIMIT_SERVERS || v->n_ballots > LIMIT_SERVERS)
        return false;
    entry->verdict.check = (int)v->check;
    entry->verdict.verdict = (enum verdict)v->verdict;
    entry->verdict.need = (uint8_t)v->need;
    entry->verdict.agree = (uint8_t)v->agree;
    entry->verdict.assigned = (uint8_t)v->assigned;
    entry->verdict.n_ballots = (uint8_t)v->n_ballots;
    for (size_t i = 0; i < v->n_ballots; i++) {
        const Kirikae__V1__Ballot *b = v->ballots[i];

        /* Unlike in a beat: what a node cannot name it must not write into the ledger. */
        if (b->observer >= LIMIT_SERVERS || b->opinion > OPINION_DOWN || b->reason >= REASON_COUNT)
            return false;
        entry->verdict.ballots[i] = (struct ballot){.observer = (uint8_t)b->observer,
                                                    .opinion = (uint8_t)b->opinion,
                                                    .reason = (uint8_t)b->reason,
                                                    .abstain = b->abstain,
                                                    .fail_age_ms = pb_age_back(b->fail_age),
                                                    .good_age_ms = pb_age_back(b->good_age),
                                                    .arrived_age_ms = pb_age_back(b->arrived_age)};
    }
    return true;
}

static bool get_intent(const Message *message, struct entry *entry)
{
    const Kirikae__V1__Intent *i = message->intent;

    if (i->route >= LIMIT_ROUTES || i->from < -1 || i->from >= LIMIT_CANDIDATES || i->to < -1 ||
        i->to >= LIMIT_CANDIDATES || i->rule > UINT16_MAX || i->phase > ROUTE_BLOCKED + 1)
        return false;
    entry->intent.route = (int)i->route;
    entry->intent.epoch = i->epoch;
    entry->intent.step = i->step;
    entry->intent.from = i->from;
    entry->intent.to = i->to;
    entry->intent.members = i->members;
    entry->intent.rule = (uint16_t)i->rule;
    entry->intent.phase = (int)i->phase - 1;
    entry->intent.facts = i->facts;
    entry->intent.planned = i->planned;
    entry->intent.forced = i->forced;
    return true;
}

static bool get_outcome(const Message *message, struct entry *entry)
{
    const Kirikae__V1__Outcome *o = message->outcome;

    if (o->route >= LIMIT_ROUTES || o->actuator < -1 || o->actuator >= LIMIT_ACTUATORS)
        return false;
    entry->outcome.route = (int)o->route;
    entry->outcome.actuator = o->actuator;
    entry->outcome.epoch = o->epoch;
    entry->outcome.step = o->step;
    entry->outcome.ok = o->ok;
    entry->outcome.took_ms = o->took_ms;
    return true;
}

static bool get_window(const Message *message, struct entry *entry)
{
    const Kirikae__V1__Window *w = message->window;

    if (w->n_functions > WORDS || !is_time(w->start_ms) || !is_time(w->end_ms))
        return false;
    entry->window.window = w->window;
    entry->window.end = w->end;
    entry->window.extend = w->extend;
    entry->window.refused = w->refused;
    entry->window.emergency = w->emergency;
    entry->window.short_notice = w->short_notice;
    entry->window.start_ms = w->start_ms;
    entry->window.end_ms = w->end_ms;
    for (size_t i = 0; i < w->n_functions; i++)
        entry->window.functions[i] = w->functions[i];
    return true;
}

static bool get_coverage(const Message *message, struct entry *entry)
{
    const Kirikae__V1__Coverage *c = message->coverage;

    if (c->check >= LIMIT_CHECKS || c->observers > LIMIT_SERVERS || c->sites > LIMIT_SITES)
        return false;
    entry->coverage.check = (int)c->check;
    entry->coverage.observers = (uint8_t)c->observers;
    entry->coverage.sites = (uint8_t)c->sites;
    entry->coverage.hole = c->hole;
    return true;
}

static bool get_node(const Message *message, struct entry *entry)
{
    if (message->node->server >= LIMIT_SERVERS)
        return false;
    entry->node.server = (int)message->node->server;
    entry->node.silent = message->node->silent;
    entry->node.silent_ms = message->node->silent_ms;
    entry->node.raft_id = message->node->raft_id;
    return true;
}

static bool get_security(const Message *message, struct entry *entry)
{
    if (message->security->server >= LIMIT_SERVERS)
        return false;
    entry->security.refused = message->security->refused;
    entry->security.server = (int)message->security->server;
    return true;
}

static bool get_pause(const Message *message, struct entry *entry)
{
    if (message->pause->route < ROUTE_ALL || message->pause->route >= LIMIT_ROUTES ||
        !is_time(message->pause->until_ms))
        return false;
    entry->pause.route = message->pause->route;
    entry->pause.until_ms = message->pause->until_ms;
    entry->pause.expired = message->pause->expired;
    return true;
}

static bool get_drain(const Message *message, struct entry *entry)
{
    if (message->drain->server >= LIMIT_SERVERS)
        return false;
    entry->drain.server = (int)message->drain->server;
    entry->drain.end = message->drain->end;
    return true;
}

static bool get_handover(const Message *message, struct entry *entry)
{
    if (message->handover->server >= LIMIT_SERVERS)
        return false;
    entry->handover.server = (int)message->handover->server;
    entry->handover.failed = message->handover->failed;
    return true;
}

static bool get_holding(const Message *message, struct entry *entry)
{
    if (message->holding->route >= LIMIT_ROUTES || message->holding->server >= LIMIT_SERVERS)
        return false;
    entry->holding.route = (int)message->holding->route;
    entry->holding.epoch = message->holding->epoch;
    entry->holding.server = (int)message->holding->server;
    entry->holding.holds = message->holding->holds;
    entry->holding.since_ms = message->holding->since_ms;
    return true;
}

static bool get_features(const Message *message, struct entry *entry)
{
    entry->features.level = message->features->level;
    return entry->features.level >= FEATURE_FIRST;
}

static bool get_clock(const Message *message, struct entry *entry)
{
    const Kirikae__V1__Clock *c = message->clock;

    if (c->server >= LIMIT_SERVERS || !is_time(c->stepped_ms))
        return false;
    entry->clock.server = (int)c->server;
    entry->clock.steps = c->steps;
    entry->clock.stepped_ms = c->stepped_ms;
    entry->clock.boot = c->boot;
    entry->clock.total = c->total;
    entry->clock.compared = c->compared;
    entry->clock.ahead_ms = c->ahead_ms;
    entry->clock.bound_ms = c->bound_ms;
    return true;
}

static bool get_incident(const Message *message, struct entry *entry)
{
    return incident_get(message->incident, entry);
}

static bool get_acknowledged(const Message *message, struct entry *entry)
{
    entry->acknowledged.outage = message->acknowledged->outage;
    return true;
}

static bool get_post(const Message *message, struct entry *entry)
{
    return post_get(message->post, entry);
}

static bool get_journal(const Message *message, struct entry *entry)
{
    return journal_get(message->journal, entry);
}

static bool get_notice(const Message *message, struct entry *entry)
{
    return notice_get(message->notice, entry);
}

static bool get_trouble(const Message *message, struct entry *entry)
{
    if (message->trouble->server >= LIMIT_SERVERS || !is_time(message->trouble->expires_ms))
        return false;
    entry->trouble.server = (int)message->trouble->server;
    entry->trouble.expires_ms = message->trouble->expires_ms;
    return true;
}

struct body {
    Kirikae__V1__Entry__BodyCase which;
    void (*put)(const struct entry *entry, struct bodies *bodies, Message *message);
    bool (*get)(const Message *message, struct entry *entry);
};

#define BODY(name) KIRIKAE__V1__ENTRY__BODY_##name

static const struct body *body_of(uint32_t kind)
{
    static const struct body bodies[] = {
        [ENTRY_LEADER] = {BODY(_NOT_SET), NULL, NULL},
        [ENTRY_CONFIG] = {BODY(CONFIG), put_config, get_config},
        [ENTRY_VERDICT] = {BODY(VERDICT), put_verdict, get_verdict},
        [ENTRY_INTENT] = {BODY(INTENT), put_intent, get_intent},
        [ENTRY_ACT] = {BODY(OUTCOME), put_outcome, get_outcome},
        [ENTRY_OUTCOME] = {BODY(OUTCOME), put_outcome, get_outcome},
        [ENTRY_VERIFIED] = {BODY(OUTCOME), put_outcome, get_outcome},
        [ENTRY_REFUSED] = {BODY(INTENT), put_intent, get_intent},
        [ENTRY_WINDOW] = {BODY(WINDOW), put_window, get_window},
        [ENTRY_COVERAGE] = {BODY(COVERAGE), put_coverage, get_coverage},
        [ENTRY_NODE] = {BODY(NODE), put_node, get_node},
        [ENTRY_SECURITY] = {BODY(SECURITY), put_security, get_security},
        [ENTRY_MEMBER] = {BODY(NODE), put_node, get_node},
        [ENTRY_REASSERTED] = {BODY(OUTCOME), put_outcome, get_outcome},
        [ENTRY_PAUSE] = {BODY(PAUSE), put_pause, get_pause},
        [ENTRY_DRAIN] = {BODY(DRAIN), put_drain, get_drain},
        [ENTRY_HANDOVER] = {BODY(HANDOVER), put_handover, get_handover},
        [ENTRY_HOLDING] = {BODY(HOLDING), put_holding, get_holding},
        [ENTRY_FEATURES] = {BODY(FEATURES), put_features, get_features},
        [ENTRY_CLOCK] = {BODY(CLOCK), put_clock, get_clock},
        [ENTRY_INCIDENT] = {BODY(INCIDENT), put_incident, get_incident},
        [ENTRY_JOURNAL] = {BODY(JOURNAL), put_journal, get_journal},
        [ENTRY_NOTICE] = {BODY(NOTICE), put_notice, get_notice},
        [ENTRY_TROUBLE] = {BODY(TROUBLE), put_trouble, get_trouble},
        [ENTRY_ACKNOWLEDGED] = {BODY(ACKNOWLEDGED), put_acknowledged, get_acknowledged},
        [ENTRY_POST] = {BODY(POST), put_post, get_post},
    };

    return kind >= ENTRY_LEADER && kind < ARRAY_LEN(bodies) &&
                   (kind == ENTRY_LEADER || bodies[kind].put != NULL)
               ? &bodies[kind]
               : NULL;
}

void entry_encode(const struct entry *entry, struct buf *out)
{
    Message message = KIRIKAE__V1__ENTRY__INIT;
    const struct body *body = body_of(entry->kind);
    struct bodies bodies;

    CHECK(body != NULL);
    message.kind = entry->kind;
    message.term = entry->term;
    message.leader = entry->leader;
    message.time_ms = entry->time_ms;
    message.config_version = entry->config_version;
    message.command_id = pb_id_of(entry->id.bytes);
    message.digest = entry->digest;
    message.who = (char *)entry->who;
    message.reason = (char *)entry->reason;
    message.body_case = body->which;
    if (body->put != NULL)
        body->put(entry, &bodies, &message);
    envelope_pack(&message, out);
}

static int from_message(const Message *message, struct entry *entry, struct err *err)
{
    const struct body *body = body_of(message->kind);

    if (body == NULL)
        return err_set(err, ERR_INVALID, "an entry of unknown kind %u", message->kind);
    entry->kind = (enum entry_kind)message->kind;
    entry->term = message->term;
    entry->leader = message->leader;
    entry->time_ms = message->time_ms;
    entry->config_version = message->config_version;
    entry->digest = message->digest;
    if (message->leader < -1 || message->leader >= LIMIT_SERVERS || !is_time(message->time_ms) ||
        !pb_id(entry->id.bytes, &message->command_id) ||
        !pb_text(entry->who, sizeof entry->who, message->who) ||
        !pb_text(entry->reason, sizeof entry->reason, message->reason) ||
        message->body_case != body->which || (body->get != NULL && !body->get(message, entry)))
        return err_set(err, ERR_INVALID, "an entry of kind \"%s\" with a value out of its range",
                       entry_kind_name(entry->kind));
    return 0;
}

int entry_decode(const uint8_t *bytes, size_t len, struct entry *entry, struct err *err)
{
    const uint8_t *inside;
    size_t inside_len;
    Message *message;
    int rc;

    *entry = (struct entry){.kind = ENTRY_LEADER};
    rc = envelope_open("an entry", bytes, len, LIMIT_COMMAND, &inside, &inside_len, err);
    if (rc != 0)
        return rc;
    message = pb_unpack(&kirikae__v1__entry__descriptor, inside, inside_len);
    if (message == NULL)
        return err_set(err, ERR_INVALID, "not an entry");
    rc = from_message(message, entry, err);
    pb_free(message);
    if (rc == 0 && entry->kind == ENTRY_CONFIG)
        rc = config_parse("committed configuration", entry->config.yaml, entry->config.yaml_len,
                          &entry->config.model, err);
    return rc;
}
