/* The ledger's lines in order, for who makes pages of them: those on the disk a little at a time,
 * so that a long ledger keeps nothing waiting, and new ones soon after they were put. */
#include "base/check.h"
#include "daemon/daemon.h"

#include <string.h>

#define SLICE_NS 2000000
#define PAUSE_MS 20 /* between two slices: what is urgent comes first */
#define PAGE_BYTES (32 << 10)

static void feed(struct follower *follower, const struct buf *page, uint64_t count,
                 uint64_t until_ns)
{
    const char *line = (const char *)page->data, *end;
    uint64_t seq = follower->next;

    /* Until all was fed, or the time is over, or the follower wants no more, or others. */
    for (; count > 0 && !follower->waits && follower->next == seq; count--, line = end + 1) {
        end = memchr(line, '\n', page->len - (size_t)(line - (const char *)page->data));
        CHECK(end != NULL);
        follower->next = ++seq;
        follower->line(follower->context, line, (size_t)(end - line));
        if (uv_hrtime() >= until_ns)
            return;
    }
}

bool follow_done(const struct daemon *daemon, const struct follower *follower)
{
    return follower->next >= ledger_size(daemon->ledger);
}

static bool behind(const struct daemon *daemon, const struct follower *follower)
{
    return !follower->waits && !follow_done(daemon, follower);
}

/* One page for one of them, that which is furthest behind. */
static bool read_page(struct daemon *daemon, uint64_t until_ns)
{
    struct follow *follow = &daemon->follow;
    struct follower *next = NULL;
    uint64_t count;
    struct err err;
    int i;

    for (i = 0; i < follow->n; i++)
        if (behind(daemon, follow->followers[i]) &&
            (next == NULL || follow->followers[i]->next < next->next))
            next = follow->followers[i];
    if (next == NULL)
        return false;
    buf_clear(&follow->page);
    if (ledger_read(daemon->ledger, next->next, PAGE_BYTES, &follow->page, &count, &err) < 0) {
        log_line(daemon->log, LOG_LEVEL_ERROR, "follow", "no page is made of the ledger: %s",
                 err.text);
        next->waits = true;
        return true;
    }
    CHECK(count > 0);
    feed(next, &follow->page, count, until_ns);
    return true;
}

static void on_turn(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    uint64_t until_ns = uv_hrtime() + SLICE_NS;
    bool more;

    do
        more = read_page(daemon, until_ns);
    while (more && uv_hrtime() < until_ns);
    if (more)
        uv_timer_start(timer, on_turn, PAUSE_MS, 0);
}

void follow_wake(struct daemon *daemon)
{
    struct follow *follow = &daemon->follow;

    if (follow->open && follow->n > 0 && !uv_is_active((uv_handle_t *)&follow->turn))
        uv_timer_start(&follow->turn, on_turn, PAUSE_MS, 0);
}

void follow_add(struct daemon *daemon, struct follower *follower)
{
    CHECK(daemon->follow.n < FOLLOWERS_MAX);
    daemon->follow.followers[daemon->follow.n++] = follower;
    follow_wake(daemon);
}

void follow_remove(struct daemon *daemon, struct follower *follower)
{
    struct follow *follow = &daemon->follow;
    int i;

    for (i = 0; i < follow->n; i++)
        if (follow->followers[i] == follower)
            follow->followers[i] = follow->followers[--follow->n];
}

int follow_module_open(struct daemon *daemon, struct err *err)
{
    (void)err;
    CHECK(uv_timer_init(daemon->loop, &daemon->follow.turn) == 0);
    daemon->follow.turn.data = daemon;
    daemon->follow.open = true;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct daemon *daemon = handle->data;

    buf_free(&daemon->follow.page);
    daemon_module_closed(daemon);
}

void follow_module_close(struct daemon *daemon)
{
    daemon->follow.open = false;
    uv_close((uv_handle_t *)&daemon->follow.turn, on_closed);
}
