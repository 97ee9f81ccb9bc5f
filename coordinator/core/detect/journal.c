#include "core/detect/journal.h"

#include <string.h>

static struct run *slot(struct journal *journal, uint32_t id)
{
    return &journal->runs[id % JOURNAL_RUNS];
}

void journal_init(struct journal *journal, int64_t now_ms)
{
    /* Numbers go on: what others have heard under them must not be taken for something else. */
    memset(journal->runs, 0, sizeof journal->runs);
    journal->since_ms = now_ms;
}

/* Of a run that goes on nothing would tell the end. */
static void make_room(struct journal *journal, const struct run *old, int64_t now_ms)
{
    int64_t until_ms = old->end_ms == RUN_GOES_ON ? now_ms : old->end_ms;

    if (old->id != 0 && until_ms > journal->since_ms)
        journal->since_ms = until_ms;
}

uint32_t journal_begin(struct journal *journal, enum run_kind kind, int subject, int64_t start_ms,
                       int64_t good_ms)
{
    struct run *run = slot(journal, ++journal->newest);

    make_room(journal, run, start_ms);
    *run = (struct run){.id = journal->newest,
                        .kind = (uint8_t)kind,
                        .subject = (uint16_t)subject,
                        .start_ms = start_ms,
                        .good_ms = good_ms,
                        .end_ms = RUN_GOES_ON,
                        .fail_ms = RUN_GOES_ON};
    return journal->newest;
}

void journal_end(struct journal *journal, uint32_t id, int64_t end_ms, int64_t fail_ms)
{
    struct run *run = slot(journal, id);

    if (id == 0 || run->id != id || run->end_ms != RUN_GOES_ON)
        return;
    run->end_ms = end_ms > run->start_ms ? end_ms : run->start_ms;
    run->fail_ms = fail_ms > run->start_ms ? fail_ms : run->start_ms;
    if (run->fail_ms > run->end_ms)
        run->fail_ms = run->end_ms;
}

const struct run *journal_run(const struct journal *journal, uint32_t id)
{
    const struct run *run = &journal->runs[id % JOURNAL_RUNS];

    return id != 0 && run->id == id ? run : NULL;
}

uint32_t journal_first(const struct journal *journal, int64_t from_ms)
{
    uint32_t first = journal->newest > JOURNAL_RUNS ? journal->newest - JOURNAL_RUNS + 1 : 1;
    const struct run *run;

    for (; first <= journal->newest; first++) {
        run = journal_run(journal, first);
        if (run != NULL && run->end_ms > from_ms)
            break;
    }
    return first;
}

struct run_word journal_word(const struct run *run, int64_t now_ms)
{
    bool over = run->end_ms != RUN_GOES_ON;

    return (struct run_word){
        .id = run->id,
        .kind = run->kind,
        .subject = run->subject,
        .age_ms = boot_age(now_ms, run->start_ms),
        .good_ms = run->good_ms == BOOT_NEVER ? AGE_NEVER : boot_age(run->start_ms, run->good_ms),
        .length_ms = over ? boot_age(run->end_ms, run->start_ms) : AGE_NEVER,
        .fail_ms = over ? boot_age(run->end_ms, run->fail_ms) : 0,
    };
}

bool journal_sane(const struct run_word *word, const struct model *model)
{
    bool all = word->kind == RUN_BLIND && word->subject == RUN_ALL;
    int n = word->kind == RUN_IDLE ? model->n_routes : model->n_checks;
    bool over = word->length_ms != AGE_NEVER;

    return word->id != 0 && word->kind <= RUN_IDLE && (all || word->subject < n) &&
           word->age_ms != AGE_NEVER &&
           (!over || (word->length_ms <= word->age_ms && word->fail_ms <= word->length_ms));
}

void journal_hear(struct journal *copy, const struct run_word *word, int64_t now_ms)
{
    bool over = word->length_ms != AGE_NEVER;
    int64_t start_ms = now_ms - word->age_ms;
    int64_t end_ms = over ? start_ms + word->length_ms : RUN_GOES_ON;

    *slot(copy, word->id) =
        (struct run){.id = word->id,
                     .kind = word->kind,
                     .subject = word->subject,
                     .start_ms = start_ms,
                     .good_ms = word->good_ms == AGE_NEVER ? BOOT_NEVER : start_ms - word->good_ms,
                     .end_ms = end_ms,
                     .fail_ms = over ? end_ms - word->fail_ms : RUN_GOES_ON};
}

bool journal_whole(const struct journal *copy, uint32_t first, uint32_t newest)
{
    for (; first <= newest; first++)
        if (journal_run(copy, first) == NULL)
            return false;
    return true;
}
