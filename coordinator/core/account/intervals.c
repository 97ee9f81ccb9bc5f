#include "core/account/intervals.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void intervals_free(struct intervals *set)
{
    mem_free(set->items);
    *set = (struct intervals){0};
}

static void room(struct intervals *set)
{
    if (set->n < set->cap)
        return;
    set->cap = set->cap > 0 ? set->cap * 2 : 8;
    set->items = mem_realloc(set->items, set->cap, sizeof *set->items);
}

/* Index of the first interval whose end is at or after `at`. */
static size_t first_reaching(const struct intervals *set, int64_t at)
{
    size_t low = 0, high = set->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (set->items[mid].end < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void intervals_add(struct intervals *set, int64_t begin, int64_t end)
{
    size_t first, last;

    if (begin >= end)
        return;
    first = first_reaching(set, begin);
    for (last = first; last < set->n && set->items[last].begin <= end; last++) {
        if (set->items[last].begin < begin)
            begin = set->items[last].begin;
        if (set->items[last].end > end)
            end = set->items[last].end;
    }
    /* [first, last) melt into one: make or close the gap behind it. */
    if (first == last)
        room(set);
    memmove(set->items + first + 1, set->items + last, (set->n - last) * sizeof *set->items);
    set->n = set->n - (last - first) + 1;
    set->items[first] = (struct interval){begin, end};
}

void intervals_gather(struct intervals *set, int64_t begin, int64_t end)
{
    if (begin >= end)
        return;
    room(set);
    set->items[set->n++] = (struct interval){begin, end};
}

static int by_begin(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;

    return (x->begin > y->begin) - (x->begin < y->begin);
}

void intervals_settle(struct intervals *set)
{
    size_t i, n = 0;

    for (i = 1; i < set->n && set->items[i - 1].begin <= set->items[i].begin; i++)
        ;
    if (i < set->n)
        qsort(set->items, set->n, sizeof *set->items, by_begin);
    for (i = 0; i < set->n; i++) {
        if (n > 0 && set->items[i].begin <= set->items[n - 1].end) {
            if (set->items[i].end > set->items[n - 1].end)
                set->items[n - 1].end = set->items[i].end;
        } else {
            set->items[n++] = set->items[i];
        }
    }
    set->n = n;
}

void intervals_union(struct intervals *set, const struct intervals *other)
{
    struct intervals sum = {0};
    size_t i = 0, k = 0;

    while (i < set->n || k < other->n) {
        bool ours = k == other->n || (i < set->n && set->items[i].begin <= other->items[k].begin);
        struct interval next = ours ? set->items[i++] : other->items[k++];

        intervals_add(&sum, next.begin, next.end);
    }
    intervals_free(set);
    *set = sum;
}

void intervals_intersect(struct intervals *set, const struct intervals *other)
{
    struct intervals both = {0};
    size_t i = 0, k = 0;

    while (i < set->n && k < other->n) {
        struct interval a = set->items[i], b = other->items[k];

        intervals_add(&both, a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end);
        if (a.end < b.end)
            i++;
        else
            k++;
    }
    intervals_free(set);
    *set = both;
}

void intervals_subtract(struct intervals *set, const struct intervals *other)
{
    struct intervals rest = {0};
    size_t i, k = 0;

    for (i = 0; i < set->n; i++) {
        int64_t begin = set->items[i].begin, end = set->items[i].end;
        size_t at;

        while (k < other->n && other->items[k].end <= begin)
            k++;
        for (at = k; at < other->n && other->items[at].begin < end; at++) {
            intervals_add(&rest, begin, other->items[at].begin);
            begin = other->items[at].end;
        }
        intervals_add(&rest, begin, end);
    }
    intervals_free(set);
    *set = rest;
}

int64_t intervals_length(const struct intervals *set)
{
    int64_t sum = 0;
    size_t i;

    for (i = 0; i < set->n; i++)
        sum += set->items[i].end - set->items[i].begin;
    return sum;
}

int64_t intervals_outside(const struct intervals *set, int64_t begin, int64_t end)
{
    int64_t sum = 0;
    size_t i;

    for (i = first_reaching(set, begin); i < set->n && set->items[i].begin < end; i++) {
        if (set->items[i].begin > begin)
            sum += set->items[i].begin - begin;
        if (set->items[i].end > begin)
            begin = set->items[i].end;
    }
    return begin < end ? sum + (end - begin) : sum;
}
