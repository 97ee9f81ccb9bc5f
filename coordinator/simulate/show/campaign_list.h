/* The list of single faults of a configuration. */
#ifndef SIMULATE_CAMPAIGN_LIST_H
#define SIMULATE_CAMPAIGN_LIST_H

#include "simulate/faults/fault.h"

struct scenario {
    char what[96];                 /* "host silent" */
    char whom[LIMIT_NAME * 2 + 8]; /* "voice-1", "tokyo > osaka", … */
    uint64_t like;                 /* equal `what` and `like`: one row */
    struct fault *faults;          /* owned; times from 0 */
    int n_faults;
};
struct scenarios {
    struct scenario *all;
    int n, cap;
};
/* Each fault lasts `for_ms`; the list has the same rows whoever leads. */
void campaign_list(const struct model *model, int leader, int64_t for_ms, struct scenarios *list);
void scenarios_free(struct scenarios *list);

#endif
