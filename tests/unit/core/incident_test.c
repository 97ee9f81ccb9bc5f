/* What operators say of outages afterwards, as it is applied and as the leader takes it. */
#include "base/mem.h"
#include "cluster.h"
#include "core/account/contract.h"
#include "core/feature.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll

struct state {
    struct shared *shared;
    uint64_t index;
    char line[4096]; /* newest of the ledger */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct state *s = context;

    (void)seq;
    snprintf(s->line, sizeof s->line, "%.*s", (int)len, line);
}

static void apply(struct state *s, struct entry *entry)
{
    s->line[0] = '\0';
    shared_apply(s->shared, ++s->index, entry, emit, s);
}

static struct state begin(void)
{
    struct state s = {.shared = shared_new()};
    const char *yaml = world_yaml("available", 0);
    struct entry e = {.kind = ENTRY_CONFIG, .term = 3, .leader = 8, .time_ms = T0};

    e.config.yaml_len = (uint32_t)strlen(yaml);
    e.config.yaml = mem_dup(yaml, e.config.yaml_len);
    e.config.model = world_model("available", 0);
    apply(&s, &e);
    entry_free(&e);
    return s;
}

static struct entry incident(const struct state *s, int severity, int cause)
{
    struct entry e = {.kind = ENTRY_INCIDENT,
                      .term = 3,
                      .leader = 8,
                      .time_ms = T0 + 1000,
                      .config_version = 1,
                      .id = {{(uint8_t)(s->index + 1)}},
                      .who = "sato",
                      .reason = "the customer's own line was cut"};

    e.incident.severity = severity;
    e.incident.cause = cause;
    return e;
}

static void says(struct state *s, struct entry *e, enum command_result result, const char *answer,
                 const char *rest)
{
    const struct command_state *command;

    apply(s, e);
    command = shared_command(s->shared, &e->id);
    assert_non_null(command);
    assert_int_equal(command->result, result);
    assert_string_equal(command->text, answer);
    if (strstr(s->line, rest) == NULL)
        fail_msg("%s, wanted %s", s->line, rest);
}

static void an_amendment_is_a_new_line(void **state)
{
    struct state s = begin();
    struct entry e = incident(&s, SEVERITY_MINOR, CAUSE_CUSTOMER);
    uint64_t size = s.shared->ledger.size;

    (void)state;
    says(&s, &e, COMMAND_DONE, "amended",
         "\"category\":\"incident\",\"type\":\"amended\",\"outage\":0,\"severity\":\"minor\","
         "\"cause\":\"customer\",\"who\":\"sato\",\"reason\":\"the customer's own line was cut\"}");
    assert_int_equal(s.shared->ledger.size, size + 1);
    e = incident(&s, -1, CAUSE_ATTACK);
    says(&s, &e, COMMAND_DONE, "amended",
         "\"outage\":0,\"severity\":null,\"cause\":\"attack\",\"who\"");
    e = incident(&s, SEVERITY_EMERGENCY, -1);
    says(&s, &e, COMMAND_DONE, "amended", "\"severity\":\"emergency\",\"cause\":null,\"who\"");
    size = s.shared->ledger.size;
    apply(&s, &e); /* the same command: once */
    assert_int_equal(s.shared->ledger.size, size);
    shared_free(s.shared);
}

static void a_note_says_who_and_what(void **state)
{
    struct state s = begin();
    struct entry e = incident(&s, -1, -1);

    (void)state;
    e.incident.note = true;
    says(&s, &e, COMMAND_DONE, "noted",
         "\"category\":\"incident\",\"type\":\"note\",\"outage\":0,\"who\":\"sato\","
         "\"text\":\"the customer's own line was cut\"}");
    shared_free(s.shared);
}

static void what_says_nothing_is_refused(void **state)
{
    struct state s = begin();
    struct entry e = incident(&s, -1, -1);

    (void)state;
    says(&s, &e, COMMAND_REFUSED, "an amendment gives a severity or a cause",
         "\"category\":\"operator\",\"type\":\"refused\",\"command\":\"incident\","
         "\"subject\":\"outage 0\",");
    e = incident(&s, SEVERITY_MINOR, -1);
    e.reason[0] = '\0';
    says(&s, &e, COMMAND_REFUSED, "an amendment says why", "refused");
    e = incident(&s, -1, -1);
    e.incident.note = true;
    e.reason[0] = '\0';
    says(&s, &e, COMMAND_REFUSED, "a note says something", "refused");
    e = incident(&s, SEVERITY_MINOR, -1);
    e.incident.note = true;
    says(&s, &e, COMMAND_REFUSED, "a note amends nothing", "refused");
    e = incident(&s, SEVERITY_MINOR, -1);
    e.incident.outage = s.shared->ledger.size;
    says(&s, &e, COMMAND_REFUSED, "the ledger has no such entry", "\"subject\":\"outage 5\"");
    shared_free(s.shared);
}

/* ---- acknowledgements and posts ---- */

static struct entry said(const struct state *s, enum entry_kind kind)
{
    struct entry e = incident(s, 0, 0);

    e.kind = kind;
    e.acknowledged.outage = 0;
    return e;
}

static void who_looks_after_it_says_so(void **state)
{
    struct state s = begin();
    struct entry e = said(&s, ENTRY_ACKNOWLEDGED);

    (void)state;
    strcpy(e.reason, "on my way");
    says(&s, &e, COMMAND_DONE, "acknowledged",
         "\"category\":\"incident\",\"type\":\"acknowledged\",\"outage\":0,\"who\":\"sato\","
         "\"reason\":\"on my way\"}");
    e = said(&s, ENTRY_ACKNOWLEDGED); /* and somebody else, who need not say why */
    strcpy(e.who, "ito");
    e.reason[0] = '\0';
    says(&s, &e, COMMAND_DONE, "acknowledged", "\"outage\":0,\"who\":\"ito\",\"reason\":null}");
    e = said(&s, ENTRY_ACKNOWLEDGED);
    e.acknowledged.outage = s.shared->ledger.size;
    says(&s, &e, COMMAND_REFUSED, "the ledger has no such entry",
         "\"command\":\"acknowledged\",\"subject\":\"outage ");
    shared_free(s.shared);
}

static struct entry post(const struct state *s, const char *ja, const char *en)
{
    struct entry e = said(s, ENTRY_POST);

    e.reason[0] = '\0';
    e.post.outage = 0;
    e.post.status = POST_IDENTIFIED;
    e.post.ja = (char *)ja;
    e.post.en = (char *)en;
    return e;
}

static void a_post_is_for_customers(void **state)
{
    struct state s = begin();
    char most[LIMIT_POST + 2];
    struct entry e = post(&s, "原因を特定しました。\n復旧作業中です。", NULL);

    (void)state;
    says(&s, &e, COMMAND_DONE, "posted",
         "\"category\":\"incident\",\"type\":\"post\",\"outage\":0,\"status\":\"identified\","
         "\"ja\":\"原因を特定しました。\\n復旧作業中です。\",\"en\":null,\"who\":\"sato\"}");
    memset(most, 'x', sizeof most);
    most[LIMIT_POST] = '\0';
    e = post(&s, NULL, most);
    says(&s, &e, COMMAND_DONE, "posted", "\"ja\":null,\"en\":\"xxx");
    most[LIMIT_POST] = 'x';
    most[LIMIT_POST + 1] = '\0';
    e = post(&s, NULL, most);
    says(&s, &e, COMMAND_REFUSED, "a post says something", "\"command\":\"post\"");
    e = post(&s, "\n", "text");
    says(&s, &e, COMMAND_REFUSED, "a post says something", "refused");
    e = post(&s, "\x1b[2J", NULL);
    says(&s, &e, COMMAND_REFUSED, "a post says something", "refused");
    e = post(&s, NULL, NULL);
    says(&s, &e, COMMAND_REFUSED, "a post has a text in one language at least", "refused");
    e = post(&s, "a", "b");
    e.post.outage = s.shared->ledger.size;
    says(&s, &e, COMMAND_REFUSED, "the ledger has no such entry", "\"subject\":\"outage ");
    shared_free(s.shared);
}

/* ---- the status page, which customers are told by ---- */

static void begin_with_page(struct state *s, uint32_t version, bool page)
{
    const char *yaml = world_yaml("available", 0);
    struct entry e = {.kind = ENTRY_CONFIG, .term = 3, .leader = 8, .time_ms = T0};

    e.config.yaml_len = (uint32_t)strlen(yaml);
    e.config.yaml = mem_dup(yaml, e.config.yaml_len);
    e.config.model = world_model("available", 0);
    e.config.model->version = version;
    e.config.model->status_page.given = page;
    function_set_add(&e.config.model->status_page.functions, 0);
    apply(s, &e);
    entry_free(&e);
}

static void rise(struct state *s, uint32_t level)
{
    struct entry e = {
        .kind = ENTRY_FEATURES, .term = 3, .leader = 8, .time_ms = T0, .config_version = 1};

    e.features.level = level;
    apply(s, &e);
}

/* A page that older members do not know of stands in no line. */
static void the_ledger_knows_of_the_page(void **state)
{
    struct state s = {.shared = shared_new()};
    char shown[160];

    (void)state;
    begin_with_page(&s, 1, true);
    rise(&s, FEATURE_REPORT);
    assert_non_null(strstr(s.line, "\"type\":\"contract\""));
    assert_null(strstr(s.line, "status_page"));
    rise(&s, FEATURE_NOTICE);
    snprintf(shown, sizeof shown, ",\"status_page\":[\"%s\"]}", s.shared->model->functions[0].name);
    assert_non_null(strstr(s.line, shown));
    begin_with_page(&s, 2, true); /* nothing else is promised */
    assert_non_null(strstr(s.line, "\"type\":\"config\""));
    begin_with_page(&s, 3, false);
    assert_non_null(strstr(s.line, "\"type\":\"contract\""));
    assert_null(strstr(s.line, "status_page"));
    shared_free(s.shared);
}

/* ---- on the leader ---- */

/* What is posted is the command's only until it is taken. */
static void the_leader_takes_posts(void **state)
{
    struct command command = {.kind = COMMAND_POST, .id = {{1}}, .who = "sato"};
    struct cluster *c = cluster_new("available", 0, 5);
    char text[] = "We look at it.";

    (void)state;
    cluster_run(c, 3000);
    command.incident.status = POST_INVESTIGATING;
    command.incident.en = text;
    cluster_command(c, &command);
    memset(text, '\x1b', sizeof text - 1);
    cluster_run(c, 100);
    assert_int_equal(c->reply_code, 0);
    assert_string_equal(c->reply_text, "posted");
    command = (struct command){.kind = COMMAND_ACKNOWLEDGE, .id = {{2}}, .who = "sato"};
    cluster_command(c, &command);
    cluster_run(c, 100);
    assert_string_equal(c->reply_text, "acknowledged");
    command.id.bytes[0] = 3;
    command.incident.outage = 1u << 30;
    cluster_command(c, &command);
    assert_int_equal(c->reply_code, ERR_INVALID);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void the_leader_takes_it(void **state)
{
    struct command command = {.kind = COMMAND_AMEND, .id = {{1}}, .who = "sato", .reason = "r"};
    struct cluster *c = cluster_new("available", 0, 5);

    (void)state;
    cluster_run(c, 3000);
    command.incident.severity = -1;
    command.incident.cause = CAUSE_ATTACK;
    cluster_command(c, &command);
    cluster_run(c, 100);
    assert_int_equal(c->reply_code, 0);
    assert_string_equal(c->reply_text, "amended");
    command.id.bytes[0] = 2;
    command.incident.outage = 1u << 30;
    cluster_command(c, &command);
    assert_int_equal(c->reply_code, ERR_INVALID);
    assert_string_equal(c->reply_text, "the ledger has no such entry");
    assert_true(cluster_equal(c));
    cluster_free(c);
}

/* The rehearsal knows, too, what the cluster is not ready for. */
static void older_members_hold_it_back(void **state)
{
    struct command command = {.kind = COMMAND_ANNOTATE, .id = {{1}}, .who = "sato", .reason = "r"};
    struct cluster *c = cluster_new("available", 0, 6);
    struct rehearsal *rehearsal = mem_zalloc(1, sizeof *rehearsal);

    (void)state;
    command.incident.severity = command.incident.cause = -1;
    c->level[3] = FEATURE_CLOCK;
    cluster_restart(c, 3, 2);
    cluster_run(c, 3000);
    cluster_command(c, &command);
    assert_int_equal(c->reply_code, ERR_UNAVAILABLE);
    assert_string_equal(c->reply_text,
                        "this needs feature level 3 (what the month's report needs), "
                        "the cluster is at 2; voice-4 knows up to 2");
    engine_rehearse(cluster_engine(c, c->leader), cluster_now(c), &command, NULL, NULL, rehearsal);
    assert_int_equal(rehearsal->code, ERR_UNAVAILABLE);
    assert_non_null(strstr(rehearsal->text, "this needs feature level 3"));
    assert_null(rehearsal->after);
    mem_free(rehearsal);
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_amendment_is_a_new_line),
        cmocka_unit_test(a_note_says_who_and_what),
        cmocka_unit_test(what_says_nothing_is_refused),
        cmocka_unit_test(the_leader_takes_it),
        cmocka_unit_test(older_members_hold_it_back),
        cmocka_unit_test(who_looks_after_it_says_so),
        cmocka_unit_test(a_post_is_for_customers),
        cmocka_unit_test(the_leader_takes_posts),
        cmocka_unit_test(the_ledger_knows_of_the_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
