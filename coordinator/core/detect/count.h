/* Counting ballots (protocol.md, Belief). Down is believed when
 *   1. more than half of the *assigned* observers fail it (not of those heard),
 *   2. from at least two sites, one of them not the target's own,
 *   3. and in no other heard site do most of the assigned observers see it up.
 * A ballot counts when it arrived within the window and its failures began after that
 * observer's newest success. An observer that abstains neither fails nor sees. The
 * target never votes on itself: it is never assigned. */
#ifndef CORE_DETECT_COUNT_H
#define CORE_DETECT_COUNT_H

#include "core/entry.h"
#include "core/model/model.h"

enum count_result {
    COUNT_UNKNOWN, /* too few ballots to say */
    COUNT_UP,      /* more than half of the assigned see it up */
    COUNT_DOWN,    /* believed down */
    COUNT_SPLIT,   /* some fail it, not enough */
};

struct count {
    enum count_result result;
    int assigned;
    int need; /* assigned / 2 + 1 */
    int fails, ups;
    uint32_t oldest_fail_ms; /* longest a counted observer has been failing it; 0 */
    enum { COUNT_RULE_NONE, COUNT_RULE_FEW, COUNT_RULE_SITES, COUNT_RULE_CONTRADICTED } missed;
};

/* `ballots` of the `n` assigned observers, ages at the time of counting. */
struct count count_ballots(const struct model *model, int target, const struct ballot *ballots,
                           int n, uint32_t window_ms);

/* What the count makes of a check whose verdict `was`; the same: nothing changes. Failures that
 * convince nobody are a dispute once they are `patience_ms` old. */
enum verdict count_verdict(const struct count *count, enum verdict was, uint32_t patience_ms);
/* How many agree to that verdict. */
int count_agree(const struct count *count, enum verdict verdict);
/* A confirmation round, and the last probe in it. */
uint32_t count_patience_ms(const struct model *model, int check);

#endif
