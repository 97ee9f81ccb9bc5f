/* What this node's own checks said, kept for a time in which nobody can commit it: runs of
 * failures, and when this node could not tell. Whatever is in no run was found good. Bounded: the
 * oldest run makes room, and what was before its end is not known any more.
 *
 *   RUN_DOWN   a check failed, by this node's rise and fall
 *   RUN_BLIND  this node could not tell of a check, or of any (RUN_ALL)
 *   RUN_IDLE   this server was placed on an exclusive route and did not serve it
 *
 * Runs are numbered from 1 as they begin; the numbers of those kept are without a gap. Another
 * node's journal is kept the same way, run by run as its beats tell them. All on the boot clock of
 * the node that keeps it. */
#ifndef CORE_DETECT_JOURNAL_H
#define CORE_DETECT_JOURNAL_H

#include "core/detect/beat.h"
#include "core/detect/sensor.h"
#include "core/model/model.h"

#define JOURNAL_RUNS 1024
#define RUN_GOES_ON INT64_MAX

struct run {
    uint32_t id; /* 0: none */
    uint8_t kind;
    uint16_t subject; /* check or route */
    int64_t start_ms;
    int64_t good_ms; /* newest good probe before it; BOOT_NEVER */
    int64_t end_ms;  /* first good one after it; RUN_GOES_ON */
    int64_t fail_ms; /* newest failing one before that */
};

struct journal {
    int64_t since_ms; /* what was before is not known */
    uint32_t newest;  /* run; 0: none yet */
    struct run runs[JOURNAL_RUNS];
};

void journal_init(struct journal *journal, int64_t now_ms);
/* Returns its number. */
uint32_t journal_begin(struct journal *journal, enum run_kind kind, int subject, int64_t start_ms,
                       int64_t good_ms);
/* Nothing happens when it is over, or has made room. */
void journal_end(struct journal *journal, uint32_t id, int64_t end_ms, int64_t fail_ms);
/* NULL: it has made room, or never was. */
const struct run *journal_run(const struct journal *journal, uint32_t id);
/* The first run that was not over at `from_ms`; newest + 1: none. */
uint32_t journal_first(const struct journal *journal, int64_t from_ms);

/* As it goes into a beat sent at `now_ms`, and as it is kept of one that arrived then. */
struct run_word journal_word(const struct run *run, int64_t now_ms);
/* Of something that there is, and with its times in order. Whoever tells anything else is not
 * believed: without that run its journal is never whole. */
bool journal_sane(const struct run_word *word, const struct model *model);
void journal_hear(struct journal *copy, const struct run_word *word, int64_t now_ms);
/* All runs from `first` to `newest` are there. */
bool journal_whole(const struct journal *copy, uint32_t first, uint32_t newest);

#endif
