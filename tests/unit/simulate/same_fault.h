/* Two faults are the same, whatever is in the gaps between their members. */
#ifndef TESTS_UNIT_SIMULATE_SAME_FAULT_H
#define TESTS_UNIT_SIMULATE_SAME_FAULT_H

#include "simulate/faults/fault.h"

static inline bool same_place(const struct where *a, const struct where *b)
{
    return a->kind == b->kind && a->index == b->index && a->second == b->second;
}

static inline bool same_fault(const struct fault *a, const struct fault *b)
{
    return a->kind == b->kind && same_place(&a->what, &b->what) &&
           same_place(&a->other, &b->other) && a->path == b->path && a->one_way == b->one_way &&
           a->at_ms == b->at_ms && a->for_ms == b->for_ms && a->value == b->value;
}

#endif
