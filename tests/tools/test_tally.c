/* The arithmetic of an outage. */
#include "tally.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static void assert_report(const struct tally *tally, int64_t now_ms, const char *want)
{
    struct buf text = {0};

    tally_report(tally, now_ms, &text);
    assert_string_equal(buf_cstr(&text), want);
    buf_free(&text);
}

static void test_nothing_yet(void **state)
{
    struct tally tally;

    tally_open(&tally, 1000);
    assert_report(&tally, 1070,
                  "{\"label\":\"start\",\"outage_ms\":70,\"calls\":0,\"failed\":0,"
                  "\"first_failure_ms\":null,\"recovered_after_ms\":null,"
                  "\"served_before\":null,\"served_after\":null,\"by\":{}}\n");
}

static void test_outage_reaches_past_the_mark(void **state)
{
    struct tally tally;

    tally_open(&tally, 0);
    tally_good(&tally, "voice-1", 500); /* a gap of 500 before the mark does not count */
    tally_good(&tally, "voice-2", 510);
    tally_mark(&tally, "kill", 514);
    tally_good(&tally, "voice-1", 520);
    tally_failed(&tally, 530);
    tally_failed(&tally, 540);
    assert_report(&tally, 620,
                  "{\"label\":\"kill\",\"outage_ms\":100,\"calls\":3,\"failed\":2,"
                  "\"first_failure_ms\":16,\"recovered_after_ms\":null,"
                  "\"served_before\":\"voice-2\",\"served_after\":\"voice-1\","
                  "\"by\":{\"voice-1\":1}}\n");
    tally_good(&tally, "mirror-1", 700);
    tally_good(&tally, "mirror-2", 710);
    tally_failed(&tally, 711);
    tally_good(&tally, "mirror-1", 760);
    assert_report(&tally, 765,
                  "{\"label\":\"kill\",\"outage_ms\":180,\"calls\":7,\"failed\":3,"
                  "\"first_failure_ms\":16,\"recovered_after_ms\":186,"
                  "\"served_before\":\"voice-2\",\"served_after\":\"mirror-1\","
                  "\"by\":{\"voice-1\":1,\"mirror-1\":2,\"mirror-2\":1}}\n");
}

/* The gap began before the mark and goes on after it. */
static void test_gap_across_the_mark(void **state)
{
    struct tally tally;

    tally_open(&tally, 0);
    tally_good(&tally, "voice-1", 100);
    tally_mark(&tally, "cut", 150);
    tally_good(&tally, "mirror-1", 400);
    assert_report(&tally, 400,
                  "{\"label\":\"cut\",\"outage_ms\":300,\"calls\":1,\"failed\":0,"
                  "\"first_failure_ms\":null,\"recovered_after_ms\":null,"
                  "\"served_before\":\"voice-1\",\"served_after\":\"mirror-1\","
                  "\"by\":{\"mirror-1\":1}}\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_outage_reaches_past_the_mark),
        cmocka_unit_test(test_gap_across_the_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
