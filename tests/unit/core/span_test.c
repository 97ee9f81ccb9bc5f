/* Spans of the week. */
#include "core/model/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define MINUTE 60000ll
#define DAY (1440 * MINUTE)
#define MONDAY (4 * DAY) /* 1970-01-05 */

/* Is day `day` of that week, at that time, inside? */
static bool inside(const char *text, int day, int hour, int minute)
{
    struct week_span span;

    assert_true(span_parse(text, &span));
    return span_contains(&span, MONDAY + day * DAY + hour * 60 * MINUTE + minute * MINUTE);
}

static void a_span_is_open_at_its_end(void **state)
{
    (void)state;
    assert_false(inside("Mon-Fri 02:00-04:00", 0, 1, 59));
    assert_true(inside("Mon-Fri 02:00-04:00", 0, 2, 0));
    assert_true(inside("Mon-Fri 02:00-04:00", 4, 3, 59));
    assert_false(inside("Mon-Fri 02:00-04:00", 4, 4, 0));
    assert_false(inside("Mon-Fri 02:00-04:00", 5, 3, 0));
    assert_true(inside("Mon,Wed,Sat-Sun 02:00-04:00", 6, 3, 0));
    assert_false(inside("Mon,Wed,Sat-Sun 02:00-04:00", 3, 3, 0));
    assert_true(inside("02:00-04:00", 3, 3, 0));
    assert_true(inside("00:00-24:00", 3, 23, 59));
}

static void a_span_may_run_over_midnight_and_the_week(void **state)
{
    (void)state;
    assert_true(inside("Sun 22:00-02:00", 6, 23, 0));
    assert_true(inside("Sun 22:00-02:00", 7, 1, 59));
    assert_true(inside("Sun 22:00-02:00", 0, 1, 59));
    assert_false(inside("Sun 22:00-02:00", 0, 2, 0));
    assert_false(inside("Sun 22:00-02:00", 6, 1, 0));
    assert_true(inside("Fri-Mon 05:00-06:00", 6, 5, 30));
    assert_true(inside("Fri-Mon 05:00-06:00", 0, 5, 30));
    assert_false(inside("Fri-Mon 05:00-06:00", 1, 5, 30));
}

static void the_next_begin_is_in_the_future(void **state)
{
    struct week_span span;

    (void)state;
    assert_true(span_parse("Mon 02:00-04:00", &span));
    assert_true(span_next_ms(&span, MONDAY) == MONDAY + 120 * MINUTE);
    assert_true(span_next_ms(&span, MONDAY + 120 * MINUTE) == MONDAY + 7 * DAY + 120 * MINUTE);
    assert_true(span_next_ms(&span, 0) == MONDAY + 120 * MINUTE);
    assert_true(span_next_ms(&span, -DAY) == MONDAY + 120 * MINUTE);
    assert_true(span_contains(&span, MONDAY - 7 * DAY + 120 * MINUTE)); /* before 1970 */
}

static void a_span_is_written_as_it_is_read(void **state)
{
    static const char *const texts[] = {
        "Mon-Fri 10:00-19:00",
        "Mon-Sun 00:00-24:00",
        "Sun 22:30-02:00",
        "Mon,Wed,Fri,Sun 09:05-17:45",
        "Mon-Tue,Thu-Fri,Sun 00:00-00:01",
    };
    char text[SPAN_TEXT_MAX];
    struct week_span span;
    size_t i;

    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_true(span_parse(texts[i], &span));
        span_format(&span, text);
        assert_string_equal(text, texts[i]);
    }
    assert_true(span_parse("Sat-Mon 01:00-02:00", &span));
    span_format(&span, text);
    assert_string_equal(text, "Mon,Sat-Sun 01:00-02:00");
    (void)state;
}

static void slips_are_no_spans(void **state)
{
    static const char *const slips[] = {"",
                                        "Mon",
                                        "02:00",
                                        "2:00-4:00",
                                        "Mon 02:00",
                                        "02:00-",
                                        "02:60-04:00",
                                        "24:00-01:00",
                                        "00:00-24:01",
                                        "Mon 02:00-04:00 ",
                                        "Mon- 02:00-04:00",
                                        "Mo 02:00-04:00",
                                        "Mon,02:00-04:00",
                                        "Mon, Tue 02:00-04:00",
                                        "mon 02:00-04:00",
                                        "Mon02:00-04:00"};
    struct week_span span;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof slips / sizeof slips[0]; i++)
        if (span_parse(slips[i], &span))
            fail_msg("\"%s\" is taken for a span", slips[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_is_open_at_its_end),
        cmocka_unit_test(a_span_may_run_over_midnight_and_the_week),
        cmocka_unit_test(the_next_begin_is_in_the_future),
        cmocka_unit_test(a_span_is_written_as_it_is_read),
        cmocka_unit_test(slips_are_no_spans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
