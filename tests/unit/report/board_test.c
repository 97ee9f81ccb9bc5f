#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "boards.h"

#include <stdio.h>

#define HOUR 3600000ll
#define DAY (24 * HOUR)

static void nothing_is_known_before_the_first_line(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;

    b->fed = b->lines.n;
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(page->now, BOARD_UNMONITORED);
    assert_int_equal(page->functions[0].days[0].worst, BOARD_UNKNOWN);
    assert_int_equal(page->functions[0].availability, PERCENT_NONE);
}

static void a_calm_time_is_good(void **state)
{
    struct boards *b = *state;
    const struct board_page *page = boards_page(b, "2026-11-22T09:00:00Z");
    const struct board_day *today = &page->functions[1].days[89];

    assert_int_equal(page->n_functions, 2);
    assert_int_equal(page->n_days, 90);
    assert_int_equal(page->now, BOARD_GOOD);
    assert_int_equal(page->n_incidents, 0);
    assert_int_equal(today->month, 11);
    assert_int_equal(today->day, 22);
    assert_int_equal(today->availability, 1000000);
    assert_int_equal(page->functions[1].days[0].month, 8); /* 90 days with today */
    assert_int_equal(page->functions[1].days[0].day, 25);
    assert_int_equal(page->functions[1].days[0].worst, BOARD_GOOD);
    assert_string_equal(page->title, "sheet-b");
    assert_string_equal(page->title_ja, "sheet-b");
}

static void days_before_the_ledger_are_unknown(void **state)
{
    struct boards *b = *state;
    const struct board_page *page = boards_page(b, "2026-08-03T09:00:00Z");

    /* The first line is of 09:00 in Tokyo. */
    assert_int_equal(boards_day(page, 0, 7, 31)->worst, BOARD_UNKNOWN);
    assert_int_equal(boards_day(page, 0, 7, 31)->availability, PERCENT_NONE);
    assert_int_equal(boards_day(page, 0, 8, 1)->worst, BOARD_UNMONITORED);
    assert_int_equal(boards_day(page, 0, 8, 1)->unmonitored_ms, 9 * HOUR);
    assert_int_equal(boards_day(page, 0, 8, 2)->worst, BOARD_GOOD);
}

/* An outage over midnight in Tokyo, which is 15:00 in UTC. */
static void days_are_those_of_the_zone(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;
    int id = boards_open(b, "calling", "emergency", "2026-11-20T14:00:00.000Z");

    boards_close(b, id, "calling", "2026-11-20T15:30:00.000Z");
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(boards_day(page, 0, 11, 20)->down_ms, HOUR);
    assert_int_equal(boards_day(page, 0, 11, 20)->availability, 958333);
    assert_int_equal(boards_day(page, 0, 11, 20)->worst, BOARD_DOWN);
    assert_int_equal(boards_day(page, 0, 11, 21)->down_ms, HOUR / 2);
    assert_int_equal(boards_day(page, 1, 11, 20)->worst, BOARD_GOOD);
    assert_int_equal(page->now, BOARD_GOOD);
    assert_int_equal(page->n_incidents, 1);
    assert_int_equal(page->n_open, 0);
    assert_int_equal(page->incidents[0].id, id);
    assert_int_equal(page->incidents[0].function, 0);
}

static void a_day_may_have_23_or_25_hours(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;
    int id;

    zone_free(b->zone);
    b->zone = open_zone("Europe/Berlin");
    id = boards_open(b, "calling", "emergency", "2026-10-24T22:00:00.000Z"); /* 00:00 there */
    boards_close(b, id, "calling", "2026-10-25T23:00:00.000Z");              /* 24:00 */
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(boards_day(page, 0, 10, 25)->down_ms, 25 * HOUR);
    assert_int_equal(boards_day(page, 0, 10, 25)->availability, 0);
    assert_int_equal(boards_day(page, 0, 10, 24)->down_ms, 0);
    assert_int_equal(boards_day(page, 0, 10, 26)->down_ms, 0);
    assert_int_equal(board_midnight_ms(b->zone, utc("2026-03-29T12:00:00Z")) -
                         board_midnight_ms(b->zone, utc("2026-03-28T12:00:00Z")),
                     23 * HOUR);
}

static void an_open_outage_lasts_until_now(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;

    boards_open(b, "calling", "emergency", "2026-11-22T08:00:00.000Z");
    boards_open(b, "login", "minor", "2026-11-22T08:30:00.000Z");
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(page->functions[0].now, BOARD_DOWN);
    assert_int_equal(page->functions[1].now, BOARD_IMPAIRED);
    assert_int_equal(page->now, BOARD_DOWN);
    assert_int_equal(page->n_open, 2);
    assert_int_equal(page->incidents[0].function, 1); /* the newest first */
    assert_int_equal(boards_day(page, 0, 11, 22)->down_ms, HOUR);
    assert_int_equal(boards_day(page, 0, 11, 22)->availability, 944444); /* 18 h so far */
    assert_int_equal(boards_day(page, 1, 11, 22)->down_ms, 0);
    assert_int_equal(boards_day(page, 1, 11, 22)->impaired_ms, HOUR / 2);
    assert_int_equal(boards_day(page, 1, 11, 22)->worst, BOARD_IMPAIRED);
}

static void what_is_amended_is_obeyed(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;
    int one = boards_open(b, "calling", "emergency", "2026-11-20T01:00:00.000Z"), two;

    boards_close(b, one, "calling", "2026-11-20T02:00:00.000Z");
    two = boards_open(b, "login", "emergency", "2026-11-20T03:00:00.000Z");
    boards_close(b, two, "login", "2026-11-20T04:00:00.000Z");
    lines_add(&b->lines, "incident", "amended",
              ",\"outage\":%d,\"severity\":null,\"cause\":\"force-majeure\",\"who\":\"o\","
              "\"reason\":\"r\"",
              one);
    lines_add(&b->lines, "incident", "amended",
              ",\"outage\":%d,\"severity\":\"minor\",\"cause\":null,\"who\":\"o\",\"reason\":\"r\"",
              two);
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(boards_day(page, 0, 11, 20)->down_ms, 0);
    assert_int_equal(boards_day(page, 0, 11, 20)->impaired_ms, HOUR);
    assert_int_equal(boards_day(page, 0, 11, 20)->availability, 1000000);
    assert_int_equal(boards_day(page, 1, 11, 20)->down_ms, 0);
    assert_int_equal(boards_day(page, 1, 11, 20)->impaired_ms, HOUR);
    assert_int_equal(page->incidents[0].severity, SEVERITY_MINOR);
    assert_int_equal(page->incidents[1].severity, SEVERITY_EMERGENCY);
}

static void a_disputed_outage_is_not_told(void **state)
{
    struct boards *b = *state;
    int id = boards_open(b, "calling", "emergency", "2026-11-20T01:00:00.000Z");

    lines_add(&b->lines, "outage", "disputed",
              ",\"outage\":%d,\"function\":\"calling\",\"start\":\"2026-11-20T01:00:00.000Z\"", id);
    assert_int_equal(boards_page(b, "2026-11-22T09:00:00Z")->n_incidents, 0);
}

/* A window of 2 h, and an outage that goes on for an hour behind its end. */
static void an_overrun_is_downtime(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;
    int id;

    boards_window(b, 77, "regular", "\"calling\"", "2026-11-01T00:00:00.000Z",
                  "2026-11-20T01:00:00.000Z", "2026-11-20T03:00:00.000Z");
    page = boards_page(b, "2026-11-02T00:00:00Z");
    assert_int_equal(page->n_ahead, 1);
    assert_int_equal(page->windows[0].phase, BOARD_PLANNED);
    assert_int_equal(page->now, BOARD_GOOD);
    id = boards_open(b, "calling", "emergency", "2026-11-20T01:00:10.000Z");
    page = boards_page(b, "2026-11-20T02:00:00Z");
    assert_int_equal(page->functions[0].now, BOARD_MAINTENANCE);
    assert_int_equal(page->functions[1].now, BOARD_GOOD);
    assert_int_equal(page->windows[0].phase, BOARD_ACTIVE);
    assert_int_equal(page->n_incidents, 0);                              /* it is the maintenance */
    assert_int_equal(boards_day(page, 0, 11, 20)->maintenance_ms, HOUR); /* so far */
    page = boards_page(b, "2026-11-20T03:30:00Z");
    assert_int_equal(page->functions[0].now, BOARD_DOWN);
    assert_int_equal(page->n_open, 1);
    boards_close(b, id, "calling", "2026-11-20T04:00:00.000Z");
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(page->n_ahead, 0);
    assert_int_equal(page->windows[0].phase, BOARD_OVER);
    assert_int_equal(boards_day(page, 0, 11, 20)->maintenance_ms, 2 * HOUR);
    assert_int_equal(boards_day(page, 0, 11, 20)->down_ms, HOUR);
    assert_int_equal(boards_day(page, 0, 11, 20)->availability, 954545); /* of 22 h */
}

/* What operators speak of is told, whenever it was. */
static void a_post_makes_it_an_incident(void **state)
{
    struct boards *b = *state;
    int id;

    boards_window(b, 77, "regular", "\"calling\"", "2026-11-01T00:00:00.000Z",
                  "2026-11-20T01:00:00.000Z", "2026-11-20T03:00:00.000Z");
    id = boards_open(b, "calling", "emergency", "2026-11-20T01:00:10.000Z");
    boards_post(b, id, "monitoring", "null", "\"as planned\"");
    assert_int_equal(boards_page(b, "2026-11-20T02:00:00Z")->n_open, 1);
}

static void a_window_is_extended_ended_and_called_off(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;

    boards_window(b, 77, "emergency", "\"calling\",\"login\"", "2026-11-20T00:00:00.000Z",
                  "2026-11-20T01:00:00.000Z", "2026-11-20T03:00:00.000Z");
    boards_window(b, 78, "regular", "\"login\"", "2026-11-20T00:10:00.000Z",
                  "2026-11-25T01:00:00.000Z", "2026-11-25T03:00:00.000Z");
    lines_add(&b->lines, "maintenance", "ended",
              ",\"window\":78,\"finished\":\"2026-11-20T00:20:00.000Z\",\"who\":\"ops\","
              "\"reason\":null");
    lines_add(&b->lines, "maintenance", "extended",
              ",\"window\":77,\"kind\":\"emergency\",\"functions\":[\"calling\",\"login\"],"
              "\"announced\":\"2026-11-20T02:30:00.000Z\",\"start\":\"2026-11-20T03:00:00.000Z\","
              "\"end\":\"2026-11-20T05:00:00.000Z\",\"short_notice\":true,\"who\":\"ops\","
              "\"reason\":null");
    page = boards_page(b, "2026-11-20T04:00:00Z");
    assert_int_equal(page->n_windows, 1);
    assert_int_equal(page->windows[0].start_ms, utc("2026-11-20T01:00:00Z"));
    assert_int_equal(page->windows[0].end_ms, utc("2026-11-20T05:00:00Z"));
    assert_int_equal(page->windows[0].announced_ms, utc("2026-11-20T00:00:00Z"));
    assert_true(page->windows[0].emergency);
    assert_int_equal(page->windows[0].functions.bits[0], 3);
    assert_int_equal(page->functions[1].now, BOARD_MAINTENANCE);
}

static void unmonitored_time_is_told(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;
    int id = (int)b->lines.n;

    b->lines.time_ms = utc("2026-11-20T01:00:00Z");
    lines_add(&b->lines, "coverage", "unmonitored-open",
              ",\"unmonitored\":%d,\"function\":\"login\"", id);
    page = boards_page(b, "2026-11-20T01:30:00Z");
    assert_int_equal(page->functions[1].now, BOARD_UNMONITORED);
    assert_int_equal(page->functions[0].now, BOARD_GOOD);
    assert_int_equal(page->now, BOARD_UNMONITORED);
    lines_add(&b->lines, "coverage", "unmonitored-close",
              ",\"unmonitored\":%d,\"function\":\"login\",\"start\":\"2026-11-20T01:00:00.000Z\","
              "\"end\":\"2026-11-20T02:00:00.000Z\"",
              id);
    page = boards_page(b, "2026-11-20T03:00:00Z");
    assert_int_equal(page->functions[1].now, BOARD_GOOD);
    assert_int_equal(boards_day(page, 1, 11, 20)->unmonitored_ms, HOUR);
    assert_int_equal(boards_day(page, 1, 11, 20)->worst, BOARD_UNMONITORED);
    assert_int_equal(boards_day(page, 1, 11, 20)->availability, 1000000);
}

static void posts_are_the_newest_first(void **state)
{
    struct boards *b = *state;
    const struct board_incident *incident;
    int id = boards_open(b, "calling", "emergency", "2026-11-20T01:00:00.000Z"), other;

    boards_post(b, id, "investigating", "\"調査しています\"", "null");
    other = boards_open(b, "login", "emergency", "2026-11-20T01:10:00.000Z");
    boards_post(b, other, "identified", "null", "\"we know\"");
    boards_post(b, id, "monitoring", "\"復旧\"", "\"back\"");
    boards_post(b, id, "resolved", "\" \"", "\"a\\u202eb\\u0007\"");
    incident = &boards_page(b, "2026-11-20T02:00:00Z")->incidents[1];
    assert_int_equal(incident->id, id);
    assert_int_equal(incident->n_posts, 3);
    assert_int_equal(incident->posts[0]->status, POST_RESOLVED);
    assert_null(incident->posts[0]->ja);
    assert_string_equal(incident->posts[0]->en, "a???b?"); /* what turns texts around does not */
    assert_string_equal(incident->posts[1]->ja, "復旧");
    assert_int_equal(incident->posts[2]->status, POST_INVESTIGATING);
    assert_null(incident->posts[2]->en);
    assert_int_equal(incident->updated_ms, incident->posts[0]->at_ms);
    assert_int_equal(b->page->incidents[0].n_posts, 1);
}

static void only_what_is_to_be_shown_is(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;

    b->config.functions.bits[0] = 2;
    b->config.days = 7;
    strcpy(b->config.title, "Status");
    boards_open(b, "calling", "emergency", "2026-11-20T01:00:00.000Z");
    boards_window(b, 77, "regular", "\"calling\"", "2026-11-20T02:00:00.000Z",
                  "2026-11-25T01:00:00.000Z", "2026-11-25T03:00:00.000Z");
    page = boards_page(b, "2026-11-22T09:00:00Z");
    assert_int_equal(page->n_functions, 1);
    assert_int_equal(page->n_days, 7);
    assert_string_equal(page->functions[0].function->name, "login");
    assert_int_equal(page->now, BOARD_GOOD);
    assert_int_equal(page->n_incidents + page->n_windows, 0);
    assert_string_equal(page->title_ja, "Status");
}

static void the_mark_changes_with_what_is_told(void **state)
{
    struct boards *b = *state;
    uint64_t mark;
    int id;

    boards_window(b, 77, "regular", "\"calling\"", "2026-11-01T00:00:00.000Z",
                  "2026-11-20T01:00:00.000Z", "2026-11-20T03:00:00.000Z");
    mark = boards_page(b, "2026-11-20T00:10:00Z")->mark;
    lines_verdict(&b->lines);
    lines_add(&b->lines, "incident", "note", ",\"outage\":0,\"who\":\"o\",\"text\":\"n\"");
    assert_int_equal(boards_page(b, "2026-11-20T00:50:00Z")->mark, mark);
    assert_int_not_equal(boards_page(b, "2026-11-20T01:00:00Z")->mark, mark); /* it begins */
    assert_int_not_equal(boards_page(b, "2026-11-19T00:00:00Z")->mark, mark); /* a day */
    id = boards_open(b, "login", "minor", "2026-11-20T00:20:00.000Z");
    assert_int_not_equal(boards_page(b, "2026-11-20T00:50:00Z")->mark, mark);
    mark = b->page->mark;
    assert_int_equal(boards_page(b, "2026-11-20T00:55:00Z")->mark, mark); /* it goes on */
    boards_post(b, id, "resolved", "null", "\"x\"");
    assert_int_not_equal(boards_page(b, "2026-11-20T00:55:00Z")->mark, mark);
    mark = b->page->mark;
    lines_add(
        &b->lines, "incident", "amended",
        ",\"outage\":%d,\"severity\":\"emergency\",\"cause\":null,\"who\":\"o\",\"reason\":\"r\"",
        id);
    assert_int_not_equal(boards_page(b, "2026-11-20T00:55:00Z")->mark, mark);
}

/* The days of a month come to what the month's report says of it. */
static void days_add_up_to_the_report(void **state)
{
    struct boards *b = *state;
    struct period period = {utc("2026-10-31T15:00:00Z"), utc("2026-11-30T15:00:00Z"),
                            utc("2026-12-05T00:00:00Z")};
    const struct board_page *page;
    struct board_day sum = {0};
    struct account *account;
    struct figures figures;
    int id, i;

    for (i = 1; i < 29; i += 3) {
        char start[UTC_TEXT_MAX], end[UTC_TEXT_MAX];

        utc_format(utc("2026-11-01T13:00:00Z") + i * DAY, start);
        utc_format(utc("2026-11-01T13:00:00Z") + i * DAY + i * HOUR / 2, end);
        id = boards_open(b, "calling", i % 2 == 0 ? "minor" : "emergency", start);
        boards_close(b, id, "calling", end);
        utc_format(b->lines.time_ms, start);
        utc_format(b->lines.time_ms + DAY, end);
        boards_window(b, 70 + i, i % 2 == 0 ? "emergency" : "regular", "\"calling\"", start, start,
                      end);
    }
    page = boards_page(b, "2026-12-05T00:00:00Z");
    for (i = 0; i < page->n_days; i++)
        if (page->functions[0].days[i].month == 11) {
            sum.down_ms += page->functions[0].days[i].down_ms;
            sum.impaired_ms += page->functions[0].days[i].impaired_ms;
        }
    account = account_new(&b->view->ledger.history, &b->contract.terms, &period);
    figures = account_function(account, 0);
    assert_true(figures.downtime_ms > 10 * HOUR);
    assert_int_equal(sum.down_ms, figures.downtime_ms);
    assert_int_equal(sum.impaired_ms, figures.impaired_ms + figures.excluded_ms);
    account_free(account);
}

static void memory_does_not_grow(void **state)
{
    struct boards *b = *state;
    const struct board_page *page;
    char start[UTC_TEXT_MAX], end[UTC_TEXT_MAX];
    struct buf line = {0};
    int64_t at_ms = utc("2026-08-01T01:00:00Z");
    uint64_t seq;
    struct err err;

    boards_feed(b);
    /* 60 000 outages within 90 days: one every 2 minutes. */
    for (seq = 1; seq <= 120000; at_ms += 2 * 60000) {
        int half;

        utc_format(at_ms, start);
        utc_format(at_ms + 1000, end);
        for (half = 0; half < 2; half++, seq++) {
            buf_clear(&line);
            lines_start(&line, seq, at_ms + half * 1000, "outage", half == 0 ? "open" : "close");
            buf_printf(&line,
                       ",\"outage\":%d,\"function\":\"login\",\"severity\":\"emergency\","
                       "\"cause\":\"provider\",\"start\":\"%s\",\"end\":\"%s\","
                       "\"evidence\":1}",
                       (int)(seq - (uint64_t)half), start, end);
            assert_int_equal(board_line(b->board, (char *)line.data, line.len, &err), 0);
        }
    }
    buf_free(&line);
    b->fed = b->lines.n;
    utc_format(at_ms, end);
    page = boards_page(b, end);
    assert_true(b->view->ledger.history.n_outages < BOARD_MOST);
    assert_true(b->view->ledger.history.n_outages > BOARD_MOST / 8);
    assert_int_equal(page->functions[1].days[10].worst, BOARD_UNKNOWN);
    assert_int_equal(page->functions[1].days[88].worst, BOARD_DOWN);
    assert_int_equal(page->functions[1].days[88].down_ms, 720 * 1000);
}

static void add_line(struct boards *b, uint64_t seq, int64_t time_ms, const char *type,
                     const char *more)
{
    struct buf line = {0};
    struct err err;

    lines_start(&line, seq, time_ms, "incident", type);
    buf_printf(&line, ",\"outage\":1,\"who\":\"o\",%s}", more);
    assert_int_equal(board_line(b->board, (char *)line.data, line.len, &err), 0);
    buf_free(&line);
}

/* Neither many notes, of which no page tells, nor many posts push out what happened. */
static void words_are_forgotten_before_deeds(void **state)
{
    struct boards *b = *state;
    int id = boards_open(b, "calling", "emergency", "2026-08-02T01:00:00.000Z");
    int64_t at_ms = utc("2026-08-02T02:00:00Z");
    const struct board_page *page;
    uint64_t seq;

    assert_int_equal(id, 1);
    boards_feed(b);
    for (seq = 2; seq < 2 + BOARD_MOST + 10; seq++)
        add_line(b, seq, at_ms, "note", "\"text\":\"n\"");
    for (; seq < 2 + BOARD_MOST + 10 + BOARD_POSTS_MOST + 5; seq++)
        add_line(b, seq, at_ms, "post", "\"status\":\"resolved\",\"ja\":\"j\",\"en\":null");
    page = boards_page(b, "2026-08-02T03:00:00Z");
    assert_int_equal(page->incidents[0].n_posts, BOARD_POSTS_MOST);
    assert_int_equal(page->incidents[0].posts[0]->line, seq - 1);
    assert_int_equal(boards_day(page, 0, 8, 2)->down_ms, 2 * HOUR);
    assert_int_equal(boards_day(page, 0, 8, 1)->unmonitored_ms, 9 * HOUR); /* it is known */
    add_line(b, seq, at_ms + 93 * DAY, "note", "\"text\":\"n\"");
    page = boards_page(b, "2026-11-10T03:00:00Z");
    assert_int_equal(page->n_open, 1); /* it is open, and so is kept */
    assert_int_equal(page->incidents[0].n_posts, 0);
}

static void what_is_wrong_is_named(void **state)
{
    static const char *const wrong[] = {
        "{\"v\":1}",
        "\"outage\":99,\"status\":\"resolved\",\"ja\":\"x\",\"en\":null,\"who\":\"o\"}",
        "\"outage\":0,\"status\":\"gone\",\"ja\":\"x\",\"en\":null,\"who\":\"o\"}",
        "\"outage\":0,\"status\":\"resolved\",\"ja\":7,\"en\":null,\"who\":\"o\"}",
        "\"outage\":0,\"status\":\"resolved\",\"ja\":\"x\",\"en\":[],\"who\":\"o\"}",
        "\"outage\":0",
    };
    struct boards *b = *state;
    struct buf line = {0};
    struct err err;
    size_t i;

    boards_feed(b);
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct board *board = board_new();
        size_t len;
        const char *first = lines_get(&b->lines, 0, &len);

        assert_int_equal(board_line(board, first, len, &err), 0);
        buf_clear(&line);
        if (i > 0)
            lines_start(&line, 1, b->lines.time_ms, "incident", "post");
        buf_printf(&line, "%s%s", i > 0 ? "," : "", wrong[i]);
        assert_int_equal(board_line(board, (char *)line.data, line.len, &err), ERR_INVALID);
        assert_non_null(strstr(err.text, "entry 1"));
        board_free(board);
    }
    buf_free(&line);
}

#define BOARD_TEST(name) cmocka_unit_test_setup_teardown(name, boards_setup, boards_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOARD_TEST(nothing_is_known_before_the_first_line),
        BOARD_TEST(a_calm_time_is_good),
        BOARD_TEST(days_before_the_ledger_are_unknown),
        BOARD_TEST(days_are_those_of_the_zone),
        BOARD_TEST(a_day_may_have_23_or_25_hours),
        BOARD_TEST(an_open_outage_lasts_until_now),
        BOARD_TEST(what_is_amended_is_obeyed),
        BOARD_TEST(a_disputed_outage_is_not_told),
        BOARD_TEST(an_overrun_is_downtime),
        BOARD_TEST(a_post_makes_it_an_incident),
        BOARD_TEST(a_window_is_extended_ended_and_called_off),
        BOARD_TEST(unmonitored_time_is_told),
        BOARD_TEST(posts_are_the_newest_first),
        BOARD_TEST(only_what_is_to_be_shown_is),
        BOARD_TEST(the_mark_changes_with_what_is_told),
        BOARD_TEST(days_add_up_to_the_report),
        BOARD_TEST(memory_does_not_grow),
        BOARD_TEST(words_are_forgotten_before_deeds),
        BOARD_TEST(what_is_wrong_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
