#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/line.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define GOOD                                                                                       \
    "{\"v\":1,\"seq\":7,\"index\":12,\"term\":3,\"time\":\"2026-11-22T03:04:05.678Z\","            \
    "\"category\":\"coverage\",\"type\":\"unmonitored-open\""

/* A copy without a byte to spare, so that a sanitizer sees a read behind it. */
static int start(const char *text, size_t len, struct line_start *out, struct err *err)
{
    char *copy = malloc(len > 0 ? len : 1);
    int rc;

    memcpy(copy, text, len);
    rc = line_start(copy, len, out, err);
    free(copy);
    return rc;
}

static void refuse(const char *text, const char *field)
{
    struct line_start out;
    struct err err;

    assert_int_equal(start(text, strlen(text), &out, &err), ERR_INVALID);
    if (strstr(err.text, field) == NULL)
        fail_msg("%s: \"%s\" does not name %s", text, err.text, field);
}

static void the_common_keys(void **state)
{
    struct line_start out;
    struct err err;

    assert_int_equal(start(GOOD "}", strlen(GOOD) + 1, &out, &err), 0);
    assert_int_equal(start(GOOD ",\"x\":1}", strlen(GOOD) + 7, &out, &err), 0);
    assert_int_equal(out.seq, 7);
    assert_int_equal(out.index, 12);
    assert_int_equal(out.term, 3);
    assert_int_equal(out.time_ms, 1795316645678);
    assert_string_equal(out.category, "coverage");
    assert_string_equal(out.type, "unmonitored-open");
}

static void the_field_that_is_wrong_is_named(void **state)
{
    refuse("", "v");
    refuse("garbage", "v");
    refuse("{\"v\":2,\"seq\":7", "v:");
    refuse("{\"seq\":7,\"v\":1", "v:");
    refuse("{\"v\":1,\"seq\":-7", "seq");
    refuse("{\"v\":1,\"seq\":07,\"index\":1", "seq");
    refuse("{\"v\":1,\"seq\":99999999999999999999,\"index\":1", "seq");
    refuse("{\"v\":1,\"seq\":7,\"index\":\"1\"", "index");
    refuse("{\"v\":1,\"seq\":7,\"index\":12,\"term\":}", "term");
    refuse("{\"v\":1,\"seq\":7,\"index\":12,\"term\":3,\"time\":\"2026-13-22T03:04:05.678Z\","
           "\"category\":\"a\"",
           "time");
    refuse("{\"v\":1,\"seq\":7,\"index\":12,\"term\":3,\"time\":\"2026-11-22T03:04:05Z\","
           "\"category\":\"a\"",
           "time");
    refuse("{\"v\":1,\"seq\":7,\"index\":12,\"term\":3,\"time\":\"2026-11-22T03:04:05.678Z\","
           "\"category\":\"A\"",
           "category");
    refuse("{\"v\":1,\"seq\":7,\"index\":12,\"term\":3,\"time\":\"2026-11-22T03:04:05.678Z\","
           "\"category\":\"a\",\"type\":7}",
           "type");
    refuse(GOOD, "whole");
    refuse(GOOD ",\"x\":1", "whole");
    refuse(GOOD "} ", "whole");
    refuse(GOOD "}}", "whole");
}

static void cut_anywhere(void **state)
{
    static const char text[] = GOOD ",\"x\":1}";
    struct line_start out;
    struct err err;
    size_t len;

    for (len = 0; len < sizeof text - 1; len++)
        assert_int_equal(start(text, len, &out, &err), ERR_INVALID);
}

static void too_long(void **state)
{
    char *text = malloc(LIMIT_LEDGER_LINE + 1);
    struct line_start out;
    struct err err;

    memset(text, ' ', LIMIT_LEDGER_LINE + 1);
    memcpy(text, GOOD ",", strlen(GOOD) + 1);
    text[LIMIT_LEDGER_LINE] = '}';
    assert_int_equal(line_start(text, LIMIT_LEDGER_LINE + 1, &out, &err), ERR_INVALID);
    text[LIMIT_LEDGER_LINE - 1] = '}';
    assert_int_equal(line_start(text, LIMIT_LEDGER_LINE, &out, &err), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_common_keys),
        cmocka_unit_test(the_field_that_is_wrong_is_named),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
