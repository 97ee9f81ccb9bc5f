#include "simulate/parts/wheel.h"

#include "base/check.h"
#include "base/mem.h"

#include <stddef.h>

#define WORDS 64
#define SLOTS (WORDS * 64) /* ms that the slots reach; one summary word covers all of them */
#define MASK (SLOTS - 1)
#define NONE 0 /* events[0] is never used */

/* Events lie in one array and name each other by index: the free ones are taken in last-in
 * first-out order, so that few of them stay warm in the cache. */
struct event {
    wheel_fire *fire;
    void *context;
    uint64_t arg;
    uint32_t next; /* of the same slot, or of the free ones */
};

struct slot {
    uint32_t first, last; /* first: NONE when empty; then `last` means nothing */
};

/* An event beyond the slots. */
struct far {
    int64_t ms;
    uint64_t order; /* of being put there */
    uint32_t event;
};

struct wheel {
    int64_t now_ms;
    uint64_t fired;
    uint64_t summary;         /* words of `taken` that are not 0 */
    uint64_t taken[WORDS];    /* slots that are not empty */
    struct slot slots[SLOTS]; /* of [now_ms, now_ms + SLOTS), by ms modulo SLOTS */
    struct event *events;
    uint32_t n_events, room;
    uint32_t spare; /* free events */
    struct far *heap;
    size_t n_heap, heap_room;
    uint64_t n_far; /* ever */
};

struct wheel *wheel_new(void)
{
    struct wheel *wheel = mem_zalloc(1, sizeof *wheel);

    wheel->n_events = 1;
    return wheel;
}

void wheel_free(struct wheel *wheel)
{
    mem_free(wheel->events);
    mem_free(wheel->heap);
    mem_free(wheel);
}

int64_t wheel_now(const struct wheel *wheel)
{
    return wheel->now_ms;
}

uint64_t wheel_fired(const struct wheel *wheel)
{
    return wheel->fired;
}

/* --- the slots --- */

static uint32_t take_event(struct wheel *wheel)
{
    uint32_t event = wheel->spare;

    if (event != NONE) {
        wheel->spare = wheel->events[event].next;
        return event;
    }
    if (wheel->n_events >= wheel->room) {
        CHECK(wheel->room < UINT32_MAX / 2);
        wheel->room = wheel->room == 0 ? 1024 : wheel->room * 2;
        wheel->events = mem_realloc(wheel->events, wheel->room, sizeof *wheel->events);
    }
    return wheel->n_events++;
}

static void append(struct wheel *wheel, int64_t ms, uint32_t event)
{
    uint32_t index = (uint64_t)ms & MASK;
    struct slot *slot = &wheel->slots[index];

    wheel->events[event].next = NONE;
    if (slot->first == NONE) {
        slot->first = event;
        wheel->taken[index / 64] |= 1ull << (index % 64);
        wheel->summary |= 1ull << (index / 64);
    } else {
        wheel->events[slot->last].next = event;
    }
    slot->last = event;
}

/* The first event of a slot that has one. */
static uint32_t detach(struct wheel *wheel, uint32_t index)
{
    struct slot *slot = &wheel->slots[index];
    uint32_t event = slot->first;

    slot->first = wheel->events[event].next;
    if (slot->first == NONE) {
        wheel->taken[index / 64] &= ~(1ull << (index % 64));
        if (wheel->taken[index / 64] == 0)
            wheel->summary &= ~(1ull << (index / 64));
    }
    return event;
}

/* The ms of the next slot that is not empty; INT64_MAX: all are. */
static int64_t next_taken(const struct wheel *wheel)
{
    uint32_t begin = (uint64_t)wheel->now_ms & MASK;
    uint32_t word = begin / 64;
    uint64_t bits = wheel->taken[word] & (~0ull << (begin % 64));

    if (bits == 0) {
        uint64_t words = wheel->summary & (~0ull << word << 1);

        if (words == 0)
            words = wheel->summary; /* once around, up to what lies behind `begin` */
        if (words == 0)
            return INT64_MAX;
        word = (uint32_t)__builtin_ctzll(words);
        bits = wheel->taken[word];
    }
    return wheel->now_ms + ((word * 64 + (uint32_t)__builtin_ctzll(bits) - begin) & MASK);
}

/* --- the heap --- */

static bool sooner(const struct far *a, const struct far *b)
{
    return a->ms != b->ms ? a->ms < b->ms : a->order < b->order;
}

static void push_far(struct wheel *wheel, int64_t ms, uint32_t event)
{
    struct far far = {ms, wheel->n_far++, event};
    size_t at = wheel->n_heap++;

    if (at == wheel->heap_room) {
        wheel->heap_room = at == 0 ? 256 : at * 2;
        wheel->heap = mem_realloc(wheel->heap, wheel->heap_room, sizeof *wheel->heap);
    }
    for (; at > 0 && sooner(&far, &wheel->heap[(at - 1) / 2]); at = (at - 1) / 2)
        wheel->heap[at] = wheel->heap[(at - 1) / 2];
    wheel->heap[at] = far;
}

static void pop_far(struct wheel *wheel)
{
    struct far last = wheel->heap[--wheel->n_heap];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < wheel->n_heap) {
        if (child + 1 < wheel->n_heap && sooner(&wheel->heap[child + 1], &wheel->heap[child]))
            child++;
        if (!sooner(&wheel->heap[child], &last))
            break;
        wheel->heap[at] = wheel->heap[child];
        at = child;
    }
    wheel->heap[at] = last;
}

/* Whenever time moves, what the slots now reach goes there, before anyone can put something
 * behind it that came later. */
static void move_to(struct wheel *wheel, int64_t ms)
{
    wheel->now_ms = ms;
    while (wheel->n_heap > 0 && wheel->heap[0].ms - ms < SLOTS) {
        append(wheel, wheel->heap[0].ms, wheel->heap[0].event);
        pop_far(wheel);
    }
}

/* --- the interface --- */

void wheel_at(struct wheel *wheel, int64_t ms, wheel_fire *fire, void *context, uint64_t arg)
{
    uint32_t event = take_event(wheel);

    wheel->events[event].fire = fire;
    wheel->events[event].context = context;
    wheel->events[event].arg = arg;
    if (ms < wheel->now_ms)
        ms = wheel->now_ms;
    if (ms - wheel->now_ms < SLOTS)
        append(wheel, ms, event);
    else
        push_far(wheel, ms, event);
}

bool wheel_step(struct wheel *wheel, int64_t until_ms)
{
    uint32_t index = (uint64_t)wheel->now_ms & MASK;
    struct event due;

    CHECK(until_ms >= wheel->now_ms);
    if (wheel->slots[index].first == NONE) {
        int64_t ms = next_taken(wheel);

        if (ms == INT64_MAX && wheel->n_heap > 0) /* the heap is behind all slots */
            ms = wheel->heap[0].ms;
        move_to(wheel, ms < until_ms ? ms : until_ms);
        index = (uint64_t)wheel->now_ms & MASK;
        if (wheel->slots[index].first == NONE)
            return false;
    }
    index = detach(wheel, index);
    due = wheel->events[index];
    wheel->events[index].next = wheel->spare;
    wheel->spare = index;
    wheel->fired++;
    due.fire(due.context, due.arg);
    return true;
}
