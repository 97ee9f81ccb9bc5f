/* A node's journal, how it is told, and what several say together. */
#include "base/mem.h"
#include "core/detect/journal.h"
#include "core/detect/witness.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define VOICE_1 0 /* check and target; observed by all others */
#define FROM 100000
#define TO 200000
#define NOW 201000

/* ---- one ---- */

static void a_run_has_its_edges(void **state)
{
    struct journal *journal = mem_zalloc(1, sizeof *journal);
    uint32_t id;

    (void)state;
    journal_init(journal, 50);
    id = journal_begin(journal, RUN_DOWN, 3, 1000, 900);
    assert_int_equal(id, 1);
    assert_true(journal_run(journal, id)->end_ms == RUN_GOES_ON);
    journal_end(journal, id, 2000, 1900);
    journal_end(journal, id, 3000, 2900); /* it is over */
    assert_int_equal(journal_run(journal, id)->end_ms, 2000);
    assert_int_equal(journal_run(journal, id)->fail_ms, 1900);
    assert_int_equal(journal->since_ms, 50);
    assert_int_equal(journal_first(journal, 1999), 1);
    assert_int_equal(journal_first(journal, 2000), 2); /* none */
    journal_init(journal, 4000);
    assert_null(journal_run(journal, id));
    assert_int_equal(journal_begin(journal, RUN_DOWN, 3, 5000, 4900), 2); /* never 1 again */
    assert_int_equal(journal_first(journal, INT64_MIN), 2);
    mem_free(journal);
}

static void what_made_room_is_not_known(void **state)
{
    struct journal *journal = mem_zalloc(1, sizeof *journal);
    uint32_t id;
    int i;

    (void)state;
    journal_init(journal, 0);
    for (i = 0; i < JOURNAL_RUNS; i++) {
        id = journal_begin(journal, RUN_DOWN, 3, 1000 + 10 * i, 995 + 10 * i);
        if (i != 1)
            journal_end(journal, id, 1005 + 10 * i, 1003 + 10 * i);
    }
    assert_int_equal(journal->since_ms, 0);
    journal_begin(journal, RUN_DOWN, 3, 50000, 49000);
    assert_int_equal(journal->since_ms, 1005);
    journal_begin(journal, RUN_DOWN, 3, 60000, 59000); /* in the place of one that goes on */
    assert_int_equal(journal->since_ms, 60000);
    assert_int_equal(journal_first(journal, 0), 3);
    mem_free(journal);
}

static void told_it_is_the_same(void **state)
{
    struct journal *journal = mem_zalloc(1, sizeof *journal);
    struct journal *copy = mem_zalloc(1, sizeof *copy);
    struct run_word word;
    uint32_t id;

    (void)state;
    id = journal_begin(journal, RUN_DOWN, 7, 1000, 900);
    word = journal_word(journal_run(journal, id), 5000);
    assert_false(journal_whole(copy, 1, 1));
    journal_hear(copy, &word, 95000);
    assert_true(journal_whole(copy, 1, 1));
    assert_int_equal(journal_run(copy, id)->start_ms, 91000);
    assert_int_equal(journal_run(copy, id)->good_ms, 90900);
    assert_true(journal_run(copy, id)->end_ms == RUN_GOES_ON);
    journal_end(journal, id, 3000, 2800);
    word = journal_word(journal_run(journal, id), 5000);
    journal_hear(copy, &word, 95000);
    assert_int_equal(journal_run(copy, id)->end_ms, 93000);
    assert_int_equal(journal_run(copy, id)->fail_ms, 92800);
    assert_int_equal(journal_run(copy, id)->subject, 7);
    mem_free(journal);
    mem_free(copy);
}

static void what_cannot_be_is_not_believed(void **state)
{
    struct model *model = world_model("exclusive", 0);
    const struct run_word fine = {.id = 1,
                                  .kind = RUN_DOWN,
                                  .subject = VOICE_1,
                                  .age_ms = 5000,
                                  .good_ms = AGE_NEVER,
                                  .length_ms = 5000,
                                  .fail_ms = 5000};
    struct run_word word = fine;

    (void)state;
    assert_true(journal_sane(&word, model));
    word.length_ms = AGE_NEVER;
    assert_true(journal_sane(&word, model));
    word = fine;
    word.length_ms = 5001; /* it ends in the future */
    assert_false(journal_sane(&word, model));
    word = fine;
    word.length_ms = 4999; /* and failed before it began */
    assert_false(journal_sane(&word, model));
    word = fine;
    word.age_ms = AGE_NEVER;
    assert_false(journal_sane(&word, model));
    word = fine;
    word.subject = (uint16_t)model->n_checks;
    assert_false(journal_sane(&word, model));
    word.subject = RUN_ALL; /* down are checks, not all of them */
    assert_false(journal_sane(&word, model));
    word.kind = RUN_BLIND;
    assert_true(journal_sane(&word, model));
    word.kind = RUN_IDLE;
    word.subject = 0;
    assert_true(journal_sane(&word, model));
    word.subject = (uint16_t)model->n_routes;
    assert_false(journal_sane(&word, model));
    model_free(model);
}

/* ---- several ---- */

struct court {
    struct model *model;
    struct journal *journals[LIMIT_SERVERS];
    struct journal_spans spans;
};

/* The servers whose journals there are. */
static void convene(struct court *court, server_set servers)
{
    int i;

    *court = (struct court){.model = world_model("exclusive", 0)};
    for (i = 0; i < 12; i++)
        if (servers & server_bit(i)) {
            court->journals[i] = mem_zalloc(1, sizeof *court->journals[i]);
            journal_init(court->journals[i], 10);
        }
}

static void run(struct court *court, int server, enum run_kind kind, int subject, int64_t start_ms,
                int64_t end_ms)
{
    uint32_t id = journal_begin(court->journals[server], kind, subject, start_ms, start_ms - 100);

    if (end_ms != RUN_GOES_ON)
        journal_end(court->journals[server], id, end_ms, end_ms - 70);
}

static const struct journal_span *only_span(struct court *court)
{
    const struct gap_time gap = {FROM, TO, NOW};
    struct witness *witness =
        witness_new(court->model, (const struct journal *const *)court->journals, &gap);

    court->spans.n = 0;
    assert_true(witness_check(witness, VOICE_1, &court->spans));
    witness_free(witness);
    assert_in_range(court->spans.n, 0, 1);
    return court->spans.n == 1 ? &court->spans.spans[0] : NULL;
}

static void adjourn(struct court *court)
{
    int i;

    for (i = 0; i < 12; i++)
        mem_free(court->journals[i]);
    model_free(court->model);
}

/* voice-2, voice-3 of the target's own site, mirror-1, mirror-2 of another. */
#define FOUR (server_bit(1) | server_bit(2) | server_bit(4) | server_bit(5))

static void those_that_are_left_are_enough(void **state)
{
    struct court court;
    const struct journal_span *span;

    (void)state;
    convene(&court, FOUR);
    run(&court, 1, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 4, RUN_DOWN, VOICE_1, 120020, 129990);
    assert_null(only_span(&court)); /* half of them */
    run(&court, 5, RUN_DOWN, VOICE_1, 120050, 130050);
    span = only_span(&court);
    assert_non_null(span);
    assert_int_equal(span->kind, SPAN_DOWN);
    assert_int_equal(span->start_ms, 120000); /* the earliest of those who confirm it */
    assert_int_equal(span->good_ms, 119950);  /* the newest good one of them before it */
    assert_int_equal(span->end_ms, 129990);   /* the first good one */
    assert_int_equal(span->fail_ms, 129980);  /* the newest failing one before it */
    assert_true(span->servers == (server_bit(1) | server_bit(4) | server_bit(5)));
    court.model->contract.minimum_observers = 5; /* the contract asks for more */
    assert_int_equal(only_span(&court)->kind, SPAN_BLIND);
    court.model->contract.minimum_observers = 4;
    assert_int_equal(only_span(&court)->kind, SPAN_DOWN);
    court.model->contract.minimum_sites = 3;
    assert_int_equal(only_span(&court)->kind, SPAN_BLIND);
    adjourn(&court);
}

static void one_site_tells_nothing(void **state)
{
    struct court court;
    const struct journal_span *span;

    (void)state;
    convene(&court, server_bit(4) | server_bit(5) | server_bit(6));
    span = only_span(&court);
    assert_non_null(span);
    assert_int_equal(span->kind, SPAN_BLIND);
    assert_int_equal(span->start_ms, FROM);
    assert_int_equal(span->end_ms, TO);
    adjourn(&court);
}

static void a_site_that_sees_it_up_contradicts(void **state)
{
    struct court court;

    (void)state;
    convene(&court, FOUR | server_bit(8) | server_bit(9) | server_bit(10));
    run(&court, 1, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 2, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 4, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 5, RUN_DOWN, VOICE_1, 120000, 130000);
    assert_null(only_span(&court)); /* four of seven */
    run(&court, 8, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 9, RUN_DOWN, VOICE_1, 120000, 130000);
    assert_non_null(only_span(&court));
    adjourn(&court);
}

static void who_could_not_tell_does_not_count(void **state)
{
    struct court court;
    const struct journal_span *span;

    (void)state;
    convene(&court, FOUR);
    run(&court, 1, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 4, RUN_DOWN, VOICE_1, 120000, 130000);
    run(&court, 2, RUN_BLIND, RUN_ALL, 110000, 125000);
    span = only_span(&court);
    assert_non_null(span);
    assert_int_equal(span->end_ms, 125000); /* two of four do not suffice */
    run(&court, 2, RUN_BLIND, VOICE_1, 125000, 160000);
    assert_int_equal(only_span(&court)->end_ms, 130000);
    court.journals[5]->since_ms = 115000; /* nothing before, and a probe's time more */
    run(&court, 4, RUN_BLIND, RUN_ALL, 90000, 115050);
    court.spans.n = 0;
    {
        const struct gap_time gap = {FROM, TO, NOW};
        struct witness *witness =
            witness_new(court.model, (const struct journal *const *)court.journals, &gap);

        assert_true(witness_check(witness, VOICE_1, &court.spans));
        witness_free(witness);
    }
    assert_int_equal(court.spans.n, 2);
    assert_int_equal(court.spans.spans[0].kind, SPAN_BLIND);
    assert_int_equal(court.spans.spans[0].end_ms, 115050);
    adjourn(&court);
}

/* When there is a quorum again, those who told of it say when it ended. */
static void what_goes_on_is_followed(void **state)
{
    struct court court;

    (void)state;
    convene(&court, FOUR | server_bit(8));
    court.journals[8]->since_ms = TO - 10; /* it has just begun, and sees nothing yet */
    run(&court, 1, RUN_DOWN, VOICE_1, 190000, TO + 500);
    run(&court, 4, RUN_DOWN, VOICE_1, 190000, TO + 510);
    run(&court, 5, RUN_DOWN, VOICE_1, 190000, RUN_GOES_ON);
    assert_int_equal(only_span(&court)->end_ms, TO + 500);
    run(&court, 2, RUN_DOWN, VOICE_1, 190000, RUN_GOES_ON);
    run(&court, 1, RUN_DOWN, VOICE_1, TO + 501, RUN_GOES_ON);
    assert_true(only_span(&court)->end_ms == SPAN_GOES_ON);
    adjourn(&court);
}

/* Whose machine has just begun counts from then: what others saw before is as long ago. */
static void what_was_before_the_machine_began_has_its_end(void **state)
{
    const struct gap_time gap = {-100000, -10000, 1000};
    struct witness *witness;
    struct court court;
    int i;

    (void)state;
    convene(&court, FOUR);
    for (i = 0; i < 12; i++)
        if (court.journals[i] != NULL)
            court.journals[i]->since_ms = -200000;
    run(&court, 1, RUN_DOWN, VOICE_1, -80000, -70000);
    run(&court, 4, RUN_DOWN, VOICE_1, -80000, -70500);
    run(&court, 5, RUN_DOWN, VOICE_1, -80000, -69000);
    run(&court, 2, RUN_DOWN, VOICE_1, -80000, -69500);
    witness = witness_new(court.model, (const struct journal *const *)court.journals, &gap);
    assert_true(witness_check(witness, VOICE_1, &court.spans));
    witness_free(witness);
    assert_int_equal(court.spans.n, 1);
    assert_int_equal(court.spans.spans[0].start_ms, -80000);
    assert_int_equal(court.spans.spans[0].end_ms, -70500);
    adjourn(&court);
}

static void a_holder_says_when_it_stopped(void **state)
{
    const struct gap_time gap = {FROM, TO, NOW};
    struct witness *witness;
    struct court court;

    (void)state;
    convene(&court, FOUR);
    run(&court, 1, RUN_IDLE, 0, 100300, TO + 5);
    run(&court, 4, RUN_IDLE, 0, 100300, TO + 5); /* not placed */
    court.journals[2]->since_ms = 150000;
    witness = witness_new(court.model, (const struct journal *const *)court.journals, &gap);
    assert_true(
        witness_route(witness, 0, server_bit(0) | server_bit(1) | server_bit(2), &court.spans));
    witness_free(witness);
    assert_int_equal(court.spans.n, 3);
    assert_int_equal(court.spans.spans[0].kind, SPAN_IDLE);
    assert_int_equal(court.spans.spans[0].server, 1);
    assert_int_equal(court.spans.spans[0].start_ms, 100300);
    assert_int_equal(court.spans.spans[0].end_ms, TO + 5);
    assert_int_equal(court.spans.spans[1].kind, SPAN_UNTOLD);
    assert_int_equal(court.spans.spans[1].server, 0);
    assert_int_equal(court.spans.spans[1].end_ms, TO);
    assert_int_equal(court.spans.spans[2].server, 2);
    assert_int_equal(court.spans.spans[2].end_ms, 150000);
    adjourn(&court);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_has_its_edges),
        cmocka_unit_test(what_made_room_is_not_known),
        cmocka_unit_test(told_it_is_the_same),
        cmocka_unit_test(what_cannot_be_is_not_believed),
        cmocka_unit_test(those_that_are_left_are_enough),
        cmocka_unit_test(one_site_tells_nothing),
        cmocka_unit_test(a_site_that_sees_it_up_contradicts),
        cmocka_unit_test(who_could_not_tell_does_not_count),
        cmocka_unit_test(what_goes_on_is_followed),
        cmocka_unit_test(what_was_before_the_machine_began_has_its_end),
        cmocka_unit_test(a_holder_says_when_it_stopped),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
