/* Amendments, notes, acknowledgements, posts: the leader looks up what they name in its own ledger.
 */
#include "ask.h"
#include "core/feature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The number of the newest line that says `what`. */
static uint64_t line_of(struct world *world, const char *what)
{
    json_t *r = get(world, "ledger", "{\"from\":0}"), *line;
    uint64_t found = UINT64_MAX;
    size_t i;

    json_array_foreach(json_object_get(r, "lines"), i, line)
    {
        if (strstr(json_string_value(line), what) != NULL)
            found = i;
    }
    json_decref(r);
    assert_true(found != UINT64_MAX);
    return found;
}

/* All its members know what is needed. */
static struct world *ready(void)
{
    struct world *world = leader();

    world->level = FEATURE_NEWEST;
    world_hear(world);
    world_tick(world, 200);
    assert_int_equal(shared_of(world)->level, FEATURE_NEWEST);
    return world;
}

/* Both of the route's servers fail: tokyo's failure opens an outage, and there is nobody else. */
static uint64_t outage(struct world *world)
{
    world_verdict(world, 1, VERDICT_DOWN);
    world_verdict(world, 0, VERDICT_DOWN);
    return line_of(world, "\"category\":\"outage\",\"type\":\"open\"");
}

static const char *args(uint64_t entry, const char *rest)
{
    static char text[512];

    snprintf(text, sizeof text, "\"outage\":%llu%s", (unsigned long long)entry, rest);
    return text;
}

/* What is said when somebody takes the entry for one; "0 …": nothing against it. */
static void no_outage(struct world *world, uint64_t entry, const char *why)
{
    told(world, "incident-amend", args(entry, ",\"cause\":\"attack\""), why);
}

static void test_amend(void **state)
{
    struct world *world = ready();
    uint64_t entry = outage(world), size = shared_of(world)->ledger.size;

    told(world, "incident-amend", args(entry, ",\"severity\":\"minor\",\"cause\":\"customer\""),
         "0 {\"id\"");
    assert_int_equal(shared_of(world)->ledger.size, size + 1);
    assert_int_equal(line_of(world, "\"type\":\"amended\",\"outage\":"), size);
    line_of(world, "\"severity\":\"minor\",\"cause\":\"customer\",\"who\":\"hanako\"");
    told(world, "incident-amend", args(entry, ",\"severity\":\"mild\""),
         "argument \"severity\": \"mild\" is none of emergency, severe, minor");
    told(world, "incident-amend", args(entry, ",\"cause\":\"us\""),
         "argument \"cause\": \"us\" is none of provider, force-majeure, ");
    told(world, "incident-amend", args(entry, ""), "give a severity, a cause, or both");
    refused(world, &viewer, "incident-amend",
            "{\"id\":\"" ID "\",\"outage\":1,\"cause\":\"attack\",\"reason\":\"r\"}", ERR_DENIED,
            "may not incident-amend");
    world_free(world);
}

static void test_annotate(void **state)
{
    static const struct caller operator= {LINK_OPERATOR, "jiro", -1, NULL, 0};
    struct world *world = ready();
    uint64_t entry = outage(world);
    char note[256];
    struct link_call call;

    snprintf(note, sizeof note,
             "{\"id\":\"" ID "\",\"outage\":%llu,\"note\":\"回線業者に確認済み\"}",
             (unsigned long long)entry);
    ask(world, &node_for_admin, "incident-annotate", note, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    line_of(world, "\"who\":\"hanako\",\"text\":\"回線業者に確認済み\"}");
    snprintf(note, sizeof note, "{\"id\":\"" ID_2 "\",\"outage\":%llu,\"note\":\"n\"}",
             (unsigned long long)entry);
    ask(world, &operator, "incident-annotate", note, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    line_of(world, "\"who\":\"jiro\",\"text\":\"n\"}");
    refused(world, &node_for_viewer, "incident-annotate", note, ERR_DENIED, "may not");
    refused(world, &admin, "incident-annotate",
            "{\"id\":\"" ID_2 "\",\"outage\":1,\"note\":\"  \"}", ERR_INVALID,
            "argument \"note\" is empty");
    refused(world, &admin, "incident-annotate", "{\"id\":\"" ID_2 "\",\"outage\":1}", ERR_INVALID,
            "argument \"note\" is missing");
    world_free(world);
}

/* As the command line asks, with a fresh id each time; "" or why not. */
static void asked(struct world *world, const char *verb, const char *arguments, const char *why)
{
    static int number;
    struct link_call call;
    char text[640];

    snprintf(text, sizeof text, "{\"id\":\"%032x\",%s}", 0x1000 + number++, arguments);
    if (why[0] != '\0') {
        refused(world, &admin, verb, text, ERR_INVALID, why);
        return;
    }
    ask(world, &admin, verb, text, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
}

static void test_acknowledge(void **state)
{
    struct world *world = ready();
    uint64_t entry = outage(world);

    asked(world, "incident-ack", args(entry, ""), "");
    line_of(world, "\"type\":\"acknowledged\",\"outage\":");
    line_of(world, "\"who\":\"hanako\",\"reason\":null}");
    asked(world, "incident-ack", args(entry, ",\"reason\":\"on my way\""), "");
    line_of(world, "\"who\":\"hanako\",\"reason\":\"on my way\"}");
    asked(world, "incident-ack", args(entry, ",\"reason\":\" \""), "argument \"reason\" is empty");
    asked(world, "incident-ack", args(entry - 1, ""), "is no outage: it is verdict/down");
    refused(world, &viewer, "incident-ack", "{\"id\":\"" ID "\",\"outage\":1}", ERR_DENIED,
            "may not incident-ack");
    world_free(world);
}

static void test_post(void **state)
{
    struct world *world = ready();
    uint64_t entry = outage(world), size;
    const json_t *changes;
    struct link_call call;
    char text[640];
    json_t *plan;

    asked(world, "incident-post",
          args(entry, ",\"status\":\"monitoring\",\"ja\":\"様子を\\n見ています\""), "");
    line_of(world, "\"status\":\"monitoring\",\"ja\":\"様子を\\n見ています\",\"en\":null,");
    size = shared_of(world)->ledger.size;
    asked(world, "incident-post", args(entry, ",\"status\":\"fixed\",\"en\":\"x\""),
          "\"fixed\" is none of investigating, identified, monitoring, resolved");
    asked(world, "incident-post", args(entry, ",\"status\":\"resolved\""),
          "give a text in Japanese, in English, or both");
    asked(world, "incident-post", args(entry, ",\"status\":\"resolved\",\"en\":\"\\n\""),
          "argument \"en\" is empty");
    asked(world, "incident-post", args(entry, ",\"status\":\"resolved\",\"en\":\"a\\tb\""),
          "argument \"en\" has control characters");
    asked(world, "incident-post", args(0, ",\"status\":\"resolved\",\"en\":\"x\""),
          "entry 0 is no outage: it is config/config");
    snprintf(text, sizeof text, "{\"id\":\"" ID_2 "\",%s}",
             args(entry, ",\"status\":\"resolved\",\"en\":\"x\",\"dry_run\":true"));
    ask(world, &admin, "incident-post", text, &call);
    plan = result_of(&call);
    changes = json_object_get(plan, "changes");
    snprintf(text, sizeof text, "outage %llu: customers are told, in English: resolved",
             (unsigned long long)entry);
    assert_string_equal(json_string_value(json_array_get(changes, 0)), text);
    json_decref(plan);
    assert_int_equal(shared_of(world)->ledger.size, size);
    world_free(world);
}

static void test_no_outage(void **state)
{
    struct world *world = ready();
    uint64_t entry = outage(world), size = shared_of(world)->ledger.size;
    char why[128];

    no_outage(world, entry - 1, " is no outage: it is verdict/down");
    no_outage(world, 0, "entry 0 is no outage: it is config/config");
    snprintf(why, sizeof why, "the ledger has %llu entries, none with number 1000",
             (unsigned long long)size);
    no_outage(world, 1000, why);
    world_verdict(world, 0, VERDICT_UP);
    snprintf(why, sizeof why, " is no outage: it is outage/close of outage %llu",
             (unsigned long long)entry);
    no_outage(world, line_of(world, "\"type\":\"close\""), why);
    no_outage(world, entry, "0 {\"id\""); /* it is, although it is over */
    world_free(world);
}

static void test_behind(void **state)
{
    struct world *world = ready();
    uint64_t entry = shared_of(world)->ledger.size;
    char why[128];

    world->behind = true;
    world_verdict(world, 1, VERDICT_DOWN);
    snprintf(why, sizeof why, "%d entry %llu is not on the leader's disk yet: ask again",
             ERR_UNAVAILABLE, (unsigned long long)entry);
    no_outage(world, entry, why);
    world_free(world);
}

static void test_dry_run(void **state)
{
    struct world *world = ready();
    uint64_t entry = outage(world), size = shared_of(world)->ledger.size;
    char want[256];

    snprintf(want, sizeof want,
             "\"changes\":[\"outage %llu: its severity is minor from its start on\","
             "\"outage %llu: its cause is attack from its start on\","
             "\"reports of its time get a new edition, and the old one can still be made\"]",
             (unsigned long long)entry, (unsigned long long)entry);
    told(world, "incident-amend",
         args(entry, ",\"severity\":\"minor\",\"cause\":\"attack\",\"dry_run\":true"), want);
    snprintf(
        want, sizeof want,
        "\"changes\":[\"outage %llu: nobody further is called, nothing is counted otherwise\"]",
        (unsigned long long)entry);
    told(world, "incident-ack", args(entry, ",\"dry_run\":true"), want);
    told(world, "incident-amend", args(entry - 1, ",\"cause\":\"attack\",\"dry_run\":true"),
         " is no outage: it is verdict/down");
    assert_int_equal(shared_of(world)->ledger.size, size);
    world_free(world);
}

/* Callers were served; the answer that was given before stays the answer. */
static void test_disputed(void **state)
{
    struct world *world = ready();
    uint64_t entry = outage(world);
    struct link_call call;
    char amend[256];

    snprintf(amend, sizeof amend,
             "{\"id\":\"" ID "\",\"outage\":%llu,\"cause\":\"attack\",\"reason\":\"r\"}",
             (unsigned long long)entry);
    ask(world, &admin, "incident-amend", amend, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    world->disputed = true;
    world_verdict(world, 0, VERDICT_UP);
    ask(world, &admin, "incident-amend", amend, &call);
    world_tick(world, 10);
    json_decref(result_of(&call));
    no_outage(world, entry, "was disputed: it is no outage");

    /* Another one, which lasted longer, ended otherwise. */
    entry = line_of(world, "\"function\":\"login\",\"route\":null");
    world->disputed = false;
    world_verdict(world, 1, VERDICT_UP);
    line_of(world, "\"function\":\"login\",\"start\":");
    no_outage(world, entry, "0 {\"id\"");
    world_free(world);
}

/* Nothing was looked up, nothing is known of it: another one than the leader hands on. */
static void test_follower(void **state)
{
    struct link link = {0};
    struct world *world = world_new(0, NULL, &link, "127.0.0.1");
    struct link_call call;

    world_follow(world, 1);
    ask(world, &admin, "incident-amend",
        "{\"id\":\"" ID "\",\"outage\":77,\"cause\":\"attack\",\"reason\":\"r\"}", &call);
    assert_int_equal(call.answered, 0);
    assert_int_equal(link.peer, 1);
    assert_string_equal(link.sent.verb, "incident-amend");
    assert_string_equal(link.sent.behalf, "hanako");
    link.done(link.context, ERR_UNAVAILABLE, NULL, 0);
    rpc_response_free(&call.response);
    rpc_request_free(&link.sent);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amend),       cmocka_unit_test(test_annotate),
        cmocka_unit_test(test_acknowledge), cmocka_unit_test(test_post),
        cmocka_unit_test(test_no_outage),   cmocka_unit_test(test_behind),
        cmocka_unit_test(test_dry_run),     cmocka_unit_test(test_disputed),
        cmocka_unit_test(test_follower),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
