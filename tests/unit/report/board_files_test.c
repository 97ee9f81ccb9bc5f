#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "boards.h"

#include <jansson.h>
#include <stdio.h>

struct made {
    struct board_file files[BOARD_FILES];
};

static const char *file(struct made *made, const char *path)
{
    int i;

    for (i = 0; i < BOARD_FILES; i++)
        if (strcmp(made->files[i].path, path) == 0)
            return buf_cstr(&made->files[i].bytes);
    fail_msg("there is no %s", path);
    return NULL;
}

static void has(struct made *made, const char *path, const char *text)
{
    if (strstr(file(made, path), text) == NULL)
        fail_msg("%s: no \"%s\" in\n%s", path, text, file(made, path));
}

static void has_not(struct made *made, const char *text)
{
    int i;

    for (i = 0; i < BOARD_FILES; i++)
        if (strstr(file(made, made->files[i].path), text) != NULL)
            fail_msg("%s: \"%s\" in\n%s", made->files[i].path, text,
                     file(made, made->files[i].path));
}

/* Something of each kind, with texts that want to be more than texts. */
static void fill(struct boards *b)
{
    int id = boards_open(b, "calling", "emergency", "2026-11-20T01:00:00.000Z");

    boards_post(b, id, "identified", "\"<script>alert(1)</script> & \\\"x\\\"\"", "null");
    boards_close(b, id, "calling", "2026-11-20T02:05:07.000Z");
    lines_add(&b->lines, "incident", "amended",
              ",\"outage\":%d,\"severity\":\"severe\",\"cause\":\"attack\",\"who\":\"secret-"
              "operator\",\"reason\":\"secret reason\"",
              id);
    lines_add(&b->lines, "incident", "note",
              ",\"outage\":%d,\"who\":\"secret-operator\",\"text\":\"secret note\"", id);
    boards_window(b, 77, "regular", "\"calling\",\"login\"", "2026-11-21T00:00:00.000Z",
                  "2026-12-10T15:00:00.000Z", "2026-12-10T20:00:00.000Z");
    boards_open(b, "login", "emergency", "2026-11-22T08:58:00.000Z");
    strcpy(b->config.title, "Status <b>");
    strcpy(b->config.title_ja, "稼働状況");
    strcpy(b->config.url, "https://status.example/");
}

static void make(struct boards *b, struct made *made)
{
    board_files(boards_page(b, "2026-11-22T09:00:00Z"), made->files);
}

static void free_made(struct made *made)
{
    board_files_free(made->files);
}

static void pages_say_it_in_both_languages(void **state)
{
    struct boards *b = *state;
    struct made made;

    fill(b);
    make(b, &made);
    has(&made, "index.html", "<html lang=\"ja\">");
    has(&made, "index.html", "稼働状況");
    has(&made, "index.html", "障害が発生しています");
    has(&made, "index.html", "2026-11-22 18:00:00"); /* as of, in Tokyo */
    has(&made, "index.html", "Asia/Tokyo (UTC+09:00)");
    has(&made, "index.html", "1時間5分");
    has(&made, "index.html", "2026-12-11 00:00:00");
    has(&made, "index.html", "href=\"en/index.html\"");
    has(&made, "index.html", "href=\"history.html\"");
    has(&made, "en/index.html", "<html lang=\"en\">");
    has(&made, "en/index.html", "There is an outage");
    has(&made, "en/index.html", ">Calls<"); /* its label */
    has(&made, "en/index.html", ">login<"); /* it has none */
    has(&made, "en/index.html", "1 h 5 min");
    has(&made, "en/index.html", "Regular maintenance");
    has(&made, "en/index.html", "href=\"../index.html\"");
    has(&made, "en/history.html", "2026-11-20 10:00:00");
    free_made(&made);
}

static void texts_stay_texts(void **state)
{
    struct boards *b = *state;
    struct made made;
    int i;

    fill(b);
    make(b, &made);
    has(&made, "index.html", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;");
    has(&made, "en/index.html", "lang=\"ja\">&lt;script&gt;"); /* there is no English one */
    has(&made, "en/index.html", "Status &lt;b&gt;");
    has(&made, "feed.en.atom", "Status &lt;b&gt;");
    for (i = 0; i < BOARD_FILES; i++) /* JSON's own texts need no other escape */
        if (strcmp(made.files[i].path, "status.json") != 0)
            assert_null(strstr(buf_cstr(&made.files[i].bytes), "<script"));
    free_made(&made);
}

/* Who did what and why is nobody's business outside. */
static void nothing_internal_is_told(void **state)
{
    static const char *const internal[] = {"secret",  "attack",   "provider",
                                           "voice-1", "mirror-1", "osaka"};
    struct boards *b = *state;
    struct made made;
    size_t i;

    fill(b);
    make(b, &made);
    for (i = 0; i < sizeof internal / sizeof internal[0]; i++)
        has_not(&made, internal[i]);
    free_made(&made);
}

static void it_says_that_it_may_be_old(void **state)
{
    struct boards *b = *state;
    struct made made;

    make(b, &made);
    has(&made, "index.html", "すべての機能が正常に稼働しています");
    has(&made, "en/index.html", "All functions are operational");
    has(&made, "status.json", "\"stale\":false,\"stale_since\":null");
    has_not(&made, "role=\"alert\"");
    free_made(&made);
    b->source.stale_ms = utc("2026-11-22T08:30:00Z");
    board_files(b->page, made.files);
    has(&made, "index.html", "最新でない可能性があります");
    has(&made, "index.html", "2026-11-22 17:30:00");
    has(&made, "en/history.html", "may be out of date");
    has(&made, "en/index.html", "cannot be confirmed");
    has(&made, "status.json", "\"stale\":true,\"stale_since\":\"2026-11-22T08:30:00.000Z\"");
    if (strstr(file(&made, "en/index.html"), "All functions are operational") != NULL)
        fail_msg("it says that all is well");
    free_made(&made);
}

static void the_json_is_as_documented(void **state)
{
    struct boards *b = *state;
    const json_t *incident, *function, *day;
    struct made made;
    json_error_t problem;
    json_t *root;

    fill(b);
    make(b, &made);
    root = json_loads(file(&made, "status.json"), JSON_REJECT_DUPLICATES, &problem);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
    assert_string_equal(json_string_value(json_object_get(root, "as_of")),
                        "2026-11-22T09:00:00.000Z");
    assert_string_equal(json_string_value(json_object_get(root, "state")), "down");
    assert_int_equal(json_array_size(json_object_get(root, "incidents")), 2);
    incident = json_array_get(json_object_get(root, "incidents"), 1);
    assert_string_equal(json_string_value(json_object_get(incident, "severity")), "severe");
    assert_int_equal(json_array_size(json_object_get(incident, "posts")), 1);
    function = json_array_get(json_object_get(root, "functions"), 0);
    assert_string_equal(json_string_value(json_object_get(function, "label_ja")), "発信");
    assert_int_equal(json_array_size(json_object_get(function, "days")), 90);
    day = json_array_get(json_object_get(function, "days"), 87);
    assert_string_equal(json_string_value(json_object_get(day, "date")), "2026-11-20");
    assert_int_equal(json_integer_value(json_object_get(day, "degraded_ms")), 3907000);
    assert_null(json_object_get(day, "down_ms"));
    assert_int_equal(json_array_size(json_object_get(root, "maintenance")), 1);
    json_decref(root);
    free_made(&made);
}

/* The id of the entry whose title has this text. */
static void entry_id(struct made *made, const char *title, char id[64])
{
    const char *at = strstr(file(made, "feed.en.atom"), title), *found;

    assert_non_null(at);
    for (found = at; strncmp(found, "<id>", 4) != 0; found--)
        ;
    snprintf(id, 64, "%.45s", found + 4);
}

static void the_feed_has_an_entry_for_each(void **state)
{
    char incident[64], window[64], later[64];
    struct boards *b = *state;
    struct made made;

    fill(b);
    make(b, &made);
    has(&made, "feed.en.atom", "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">");
    has(&made, "feed.en.atom",
        "rel=\"self\" type=\"application/atom+xml\" "
        "href=\"https://status.example/feed.en.atom\"");
    has(&made, "feed.en.atom", "Calls: Incident (severe, recovered)");
    has(&made, "feed.en.atom", "login: Incident (emergency, ongoing)");
    has(&made, "feed.en.atom", "<title>Calls: Identified</title>");
    has(&made, "feed.en.atom", "Regular maintenance: Calls, login (planned)");
    has(&made, "feed.ja.atom", "定期メンテナンス: 発信、login (予定)");
    has(&made, "feed.en.atom", "<updated>2026-11-22T08:58:00.000Z</updated>");
    entry_id(&made, "login: Incident", incident);
    entry_id(&made, "Regular maintenance", window);
    assert_int_equal(strncmp(incident, "urn:uuid:", 9), 0);
    assert_int_equal(incident[23], '8'); /* the version */
    assert_string_not_equal(incident, window);
    assert_memory_not_equal(strstr(file(&made, "feed.en.atom"), "<id>"),
                            strstr(file(&made, "feed.ja.atom"), "<id>"), 49);
    free_made(&made);
    boards_close(b, 7, "login", "2026-11-22T09:10:00.000Z");
    strcpy(b->config.url, "https://elsewhere.example/");
    board_files(boards_page(b, "2026-11-23T09:00:00Z"), made.files);
    entry_id(&made, "login: Incident (emergency, recovered)", later);
    assert_string_equal(incident, later);
    free_made(&made);
}

static void an_empty_feed_is_one(void **state)
{
    struct boards *b = *state;
    struct made made;

    make(b, &made);
    has(&made, "feed.en.atom", "<updated>2026-08-01T00:00:00.000Z</updated>");
    has(&made, "feed.en.atom", "<author><name>sheet-b</name></author>");
    has_not(&made, "<entry");
    has_not(&made, "<link rel=\"self\"");
    free_made(&made);
}

static void where_the_clock_changes_times_have_offsets(void **state)
{
    struct boards *b = *state;
    struct made made;
    int id;

    zone_free(b->zone);
    b->zone = open_zone("Europe/Berlin");
    strcpy(b->contract.timezone, "Europe/Berlin");
    id = boards_open(b, "login", "emergency", "2026-10-20T01:00:00.000Z");
    boards_close(b, id, "login", "2026-10-20T02:00:00.000Z");
    make(b, &made);
    has(&made, "en/index.html", "2026-11-22 10:00:00 +01:00");
    has(&made, "en/history.html", "2026-10-20 03:00:00 +02:00");
    free_made(&made);
}

static void many_incidents_are_cut(void **state)
{
    struct boards *b = *state;
    struct made made;
    char start[UTC_TEXT_MAX], end[UTC_TEXT_MAX];
    int i;

    for (i = 0; i < 400; i++) {
        int64_t at_ms = utc("2026-11-20T00:00:00Z") + i * 60000;

        utc_format(at_ms, start);
        utc_format(at_ms + 10000, end);
        boards_close(b, boards_open(b, "login", "minor", start), "login", end);
    }
    make(b, &made);
    has(&made, "en/index.html", "380 older ones are not shown here");
    has(&made, "en/history.html", "100 older ones are not shown here");
    has(&made, "status.json", "\"incidents_left_out\":0");
    free_made(&made);
}

#define BOARD_TEST(name) cmocka_unit_test_setup_teardown(name, boards_setup, boards_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(pages_say_it_in_both_languages),
        BOARD_TEST(texts_stay_texts),
        BOARD_TEST(nothing_internal_is_told),
        BOARD_TEST(it_says_that_it_may_be_old),
        BOARD_TEST(the_json_is_as_documented),
        BOARD_TEST(the_feed_has_an_entry_for_each),
        BOARD_TEST(an_empty_feed_is_one),
        BOARD_TEST(where_the_clock_changes_times_have_offsets),
        BOARD_TEST(many_incidents_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
