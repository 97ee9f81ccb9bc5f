#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/limits.h"
#include "link/frame.h"

/* Three frames in pieces of every size come out the same. */
static void test_pieces(void **state)
{
    static const size_t lens[] = {5, 0, 300};
    struct buf stream = {0};
    uint8_t head[FRAME_HEAD];

    for (size_t i = 0; i < 3; i++) {
        frame_head(head, lens[i]);
        buf_append(&stream, head, sizeof head);
        memset(buf_reserve(&stream, lens[i]), 'a' + (int)i, lens[i]);
    }
    for (size_t piece = 1; piece <= stream.len; piece++) {
        struct framer framer = {0};
        size_t found = 0;

        for (size_t at = 0; at < stream.len; at += piece) {
            size_t len = stream.len - at < piece ? stream.len - at : piece, frame_len;
            /* A copy on the heap: a read beyond the piece is a fault. */
            uint8_t *copy = malloc(len);
            const uint8_t *bytes = memcpy(copy, stream.data + at, len), *frame;

            while (framer_next(&framer, &bytes, &len, &frame, &frame_len) == 1) {
                assert_true(found < 3);
                assert_int_equal(frame_len, lens[found]);
                for (size_t k = 0; k < frame_len; k++)
                    assert_int_equal(frame[k], 'a' + (int)found);
                found++;
            }
            assert_int_equal(len, 0);
            free(copy);
        }
        assert_int_equal(found, 3);
        framer_free(&framer);
    }
    buf_free(&stream);
}

static int claim(size_t frame_len)
{
    struct framer framer = {0};
    uint8_t head[FRAME_HEAD];
    const uint8_t *bytes = head, *frame;
    size_t len = sizeof head, got;
    int rc;

    frame_head(head, frame_len);
    rc = framer_next(&framer, &bytes, &len, &frame, &got);
    /* What is only claimed takes no memory. */
    assert_int_equal(framer.body.cap, 0);
    framer_free(&framer);
    return rc;
}

static void test_limit(void **state)
{
    assert_int_equal(claim(LIMIT_FRAME), 0);
    assert_int_equal(claim(LIMIT_FRAME + 1), ERR_LIMIT);
    assert_int_equal(claim(UINT32_MAX), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_limit)};

    return cmocka_run_group_tests_name("link-frame", tests, NULL, NULL);
}
