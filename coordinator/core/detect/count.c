#include "core/detect/count.h"

static bool counts_as_fail(const struct ballot *ballot, uint32_t window_ms)
{
    return !ballot->abstain && ballot->opinion == OPINION_DOWN &&
           ballot->arrived_age_ms <= window_ms && ballot->fail_age_ms != AGE_NEVER &&
           ballot->fail_age_ms <= ballot->good_age_ms;
}

static bool counts_as_up(const struct ballot *ballot, uint32_t window_ms)
{
    return !ballot->abstain && ballot->opinion == OPINION_UP && ballot->arrived_age_ms <= window_ms;
}

struct tally {
    int assigned[LIMIT_SITES], ups[LIMIT_SITES], fails[LIMIT_SITES];
};

static void judge(const struct tally *tally, int n_sites, int own, struct count *count)
{
    int site, failing_sites = 0, failing_elsewhere = 0;
    bool contradicted = false;

    for (site = 0; site < n_sites; site++) {
        if (tally->fails[site] > 0) {
            failing_sites++;
            failing_elsewhere += site != own;
        }
        if (site != own && 2 * tally->ups[site] > tally->assigned[site])
            contradicted = true;
    }
    if (count->fails < count->need)
        count->missed = COUNT_RULE_FEW;
    else if (failing_sites < 2 || failing_elsewhere == 0)
        count->missed = COUNT_RULE_SITES;
    else if (contradicted)
        count->missed = COUNT_RULE_CONTRADICTED;
    if (count->missed == COUNT_RULE_NONE)
        count->result = COUNT_DOWN;
    else if (count->ups >= count->need)
        count->result = COUNT_UP;
    else
        count->result = count->fails > 0 ? COUNT_SPLIT : COUNT_UNKNOWN;
}

struct count count_ballots(const struct model *model, int target, const struct ballot *ballots,
                           int n, uint32_t window_ms)
{
    struct count count = {.assigned = n, .need = n / 2 + 1};
    struct tally tally = {0};
    int i;

    for (i = 0; i < n; i++) {
        int site = model->servers[ballots[i].observer].site;

        tally.assigned[site]++;
        if (counts_as_fail(&ballots[i], window_ms)) {
            count.fails++;
            tally.fails[site]++;
            if (ballots[i].fail_age_ms > count.oldest_fail_ms)
                count.oldest_fail_ms = ballots[i].fail_age_ms;
        } else if (counts_as_up(&ballots[i], window_ms)) {
            count.ups++;
            tally.ups[site]++;
        }
    }
    judge(&tally, model->n_sites, model->servers[target].site, &count);
    return count;
}

enum verdict count_verdict(const struct count *count, enum verdict was, uint32_t patience_ms)
{
    if (count->result == COUNT_DOWN)
        return VERDICT_DOWN;
    if (count->result == COUNT_UP && (was != VERDICT_DISPUTED || count->fails == 0))
        return count->fails > 0 && count->oldest_fail_ms >= patience_ms && was == VERDICT_UP
                   ? VERDICT_DISPUTED
                   : VERDICT_UP;
    if (count->result == COUNT_SPLIT && count->oldest_fail_ms >= patience_ms && was != VERDICT_DOWN)
        return VERDICT_DISPUTED;
    return was;
}

int count_agree(const struct count *count, enum verdict verdict)
{
    return verdict == VERDICT_UP ? count->ups : count->fails;
}

uint32_t count_patience_ms(const struct model *model, int check)
{
    return (uint32_t)(model->timing.window_ms + model->checks[check].timeout_ms);
}
