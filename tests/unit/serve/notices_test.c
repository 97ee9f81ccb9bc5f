/* Who has not been told yet, and tests of channels. */
#include "ask.h"
#include "base/mem.h"
#include "core/feature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Receivers desk and boss by mail, room by chat; nobody by the webhook. */
static struct notice_config *some_notices(void)
{
    struct notice_config *config = mem_zalloc(1, sizeof *config);
    static const char *const channels[] = {"mail", "chat", "hook"};
    static const struct {
        const char *name;
        int channel;
    } receivers[] = {{"desk", 0}, {"room", 1}, {"boss", 0}};
    size_t i;

    for (i = 0; i < 3; i++) {
        strcpy(config->channels[i].name, channels[i]);
        strcpy(config->receivers[i].name, receivers[i].name);
        config->receivers[i].channel = receivers[i].channel;
        config->receivers[i].template = config->receivers[i].otherwise = -1;
    }
    config->n_channels = config->n_receivers = 3;
    return config;
}

static struct world *ready(bool notices)
{
    struct world *world = leader();

    world->level = FEATURE_NEWEST;
    world_hear(world);
    world_tick(world, 200);
    assert_int_equal(shared_of(world)->level, FEATURE_NEWEST);
    if (notices)
        ((struct model *)shared_of(world)->model)->notices = some_notices();
    return world;
}

/* Who the newest notice goes to: "desk waiting, boss waiting". */
static const char *newest(struct world *world)
{
    static char out[256];
    json_t *r = get(world, "notices", "{}");
    const json_t *list = json_object_get(r, "notices"), *receiver;
    const json_t *notice = json_array_get(list, json_array_size(list) - 1);
    size_t i, used = 0;

    out[0] = '\0';
    json_array_foreach(json_object_get(notice, "receivers"), i, receiver) used +=
        (size_t)snprintf(out + used, sizeof out - used, "%s%s by %s", i > 0 ? ", " : "",
                         text(receiver, "receiver"), text(receiver, "channel"));
    json_decref(r);
    return out;
}

static void told_to(struct world *world, const char *args, const char *answer, const char *who)
{
    struct link_call call;
    static int number;
    char asked[256];
    json_t *r;

    snprintf(asked, sizeof asked, "{\"id\":\"%032x\",%s}", 0x2000 + number++, args);
    ask(world, &admin, "notice-test", asked, &call);
    world_tick(world, 10);
    r = result_of(&call);
    assert_string_equal(text(r, "text"), answer);
    json_decref(r);
    assert_string_equal(newest(world), who);
}

static void test_a_test(void **state)
{
    struct world *world = ready(true);
    struct link_call call;
    const json_t *changes, *list;
    json_t *r;

    assert_string_equal(newest(world), "");
    told_to(world, "\"channel\":\"mail\"", "notice 1", "desk by mail, boss by mail");
    told_to(world, "\"channel\":\"chat\",\"to\":\"room\"", "notice 2", "room by chat");
    r = get(world, "notices", "{}");
    list = json_object_get(r, "notices");
    assert_int_equal(json_array_size(list), 2);
    assert_true(json_is_null(json_object_get(json_array_get(list, 0), "rule")));
    assert_string_equal(text(json_array_get(list, 0), "state"), "open");
    json_decref(r);
    ask(world, &admin, "notice-test", "{\"id\":\"" ID "\",\"channel\":\"mail\",\"dry_run\":true}",
        &call);
    r = result_of(&call);
    changes = json_object_get(r, "changes");
    assert_int_equal(json_array_size(changes), 2);
    assert_string_equal(json_string_value(json_array_get(changes, 0)), "desk gets a test by mail");
    json_decref(r);
    world_free(world);
}

static void test_refused(void **state)
{
    struct world *world = ready(true);

    refused(world, &admin, "notice-test", "{\"id\":\"" ID "\",\"channel\":\"fax\"}", ERR_INVALID,
            "no channel \"fax\"; there are: mail, chat, hook");
    refused(world, &admin, "notice-test", "{\"id\":\"" ID "\",\"channel\":\"hook\"}", ERR_INVALID,
            "channel hook has no receivers");
    refused(world, &admin, "notice-test",
            "{\"id\":\"" ID "\",\"channel\":\"mail\",\"to\":\"room\"}", ERR_INVALID,
            "no receiver of the channel \"room\"; there are: desk, boss");
    refused(world, &viewer, "notice-test", "{\"id\":\"" ID "\",\"channel\":\"mail\"}", ERR_DENIED,
            "may not notice-test");
    world_free(world);
    world = ready(false);
    refused(world, &admin, "notice-test", "{\"id\":\"" ID "\",\"channel\":\"mail\"}", ERR_INVALID,
            "no channel \"mail\"; there are: none");
    assert_string_equal(newest(world), "");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_test),
                                       cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
