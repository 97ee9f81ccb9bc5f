#include "report/board.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/utc.h"
#include "report/ledger_fields.h"
#include "report/line.h"

#include <inttypes.h>
#include <string.h>

#define DAY_MS 86400000ll

struct board {
    struct ledger_events *events;
    uint64_t lines, told;
    int64_t time_ms;
    int64_t from_ms;   /* what was over before it may be forgotten … */
    int64_t forget_ms; /* … and is, at this time again */
    bool cut;          /* more happened than is kept: from_ms is all that is known */
    uint8_t id[TREE_HASH];
    struct board_post *posts;
    size_t n_posts, cap_posts;
};

struct board *board_new(void)
{
    struct board *board = mem_zalloc(1, sizeof *board);

    board->events = ledger_events_follow(-UTC_MOST_MS);
    board->time_ms = board->from_ms = board->forget_ms = -UTC_MOST_MS;
    return board;
}

static void free_post(struct board_post *post)
{
    mem_free(post->ja);
    mem_free(post->en);
}

void board_free(struct board *board)
{
    size_t i;

    if (board == NULL)
        return;
    for (i = 0; i < board->n_posts; i++)
        free_post(&board->posts[i]);
    mem_free(board->posts);
    ledger_events_free(board->events);
    mem_free(board);
}

uint64_t board_told(const struct board *board)
{
    return board->told;
}

int64_t board_time_ms(const struct board *board)
{
    return board->lines > 0 ? board->time_ms : UTC_NONE;
}

/* ---- what is kept ---- */

static void drop_posts(struct board *board, size_t n)
{
    size_t i;

    if (n == 0)
        return;
    for (i = 0; i < n; i++)
        free_post(&board->posts[i]);
    board->n_posts -= n;
    memmove(board->posts, board->posts + n, board->n_posts * sizeof *board->posts);
}

static void forget(struct board *board, int64_t from_ms)
{
    size_t n = 0;

    if (from_ms > board->from_ms)
        board->from_ms = from_ms;
    ledger_events_forget(board->events, board->from_ms);
    while (n < board->n_posts && board->posts[n].at_ms < board->from_ms)
        n++;
    drop_posts(board, n);
}

/* Before each line: the oldest goes, once a day; and half of the time that is left, and half
 * of that, when more happens than is kept. */
static void make_room(struct board *board, int64_t now_ms)
{
    if (now_ms >= board->forget_ms) {
        forget(board, now_ms - BOARD_KEPT_MS);
        board->forget_ms = now_ms + DAY_MS;
    }
    if (ledger_events_kept(board->events) < BOARD_MOST)
        return;
    forget(board, board->from_ms); /* what is over already, and texts */
    while (ledger_events_kept(board->events) > BOARD_MOST / 4 * 3 && board->from_ms < now_ms) {
        forget(board, board->from_ms + (now_ms - board->from_ms) / 2 + 1);
        board->cut = true;
    }
}

/* ---- posts ---- */

/* A copy that can be shown to anybody; NULL for null. */
static int text(struct fields *f, const char *key, char **copy)
{
    char room[LIMIT_POST + 1];
    int rc = field_text(f, key, room, sizeof room);

    *copy = NULL;
    if (rc < 0)
        return rc;
    plain_clean(room);
    if (room[0] != '\0' && !plain_blank(room))
        *copy = mem_strdup(room);
    return 0;
}

static int status_parse(const char *name)
{
    int i;

    for (i = POST_INVESTIGATING; i < POST_STATUSES; i++)
        if (strcmp(post_status_name((enum post_status)i), name) == 0)
            return i;
    return -1;
}

static int take_post(struct board *board, struct fields *f, int64_t time_ms)
{
    struct board_post post = {.line = f->seq, .at_ms = time_ms};
    int status, rc;

    if ((rc = field_number(f, "outage", &post.outage)) < 0 ||
        (rc = field_word(f, "status", status_parse, false, &status)) < 0)
        return rc;
    if (post.outage >= f->seq)
        return field_wrong(f, "outage", "the seq of an earlier entry expected");
    post.status = (enum post_status)status;
    if ((rc = text(f, "ja", &post.ja)) < 0 || (rc = text(f, "en", &post.en)) < 0) {
        free_post(&post);
        return rc;
    }
    if (board->n_posts == BOARD_POSTS_MOST)
        drop_posts(board, 1);
    if (board->n_posts == board->cap_posts) {
        board->cap_posts = board->cap_posts > 0 ? board->cap_posts * 2 : 16;
        board->posts = mem_realloc(board->posts, board->cap_posts, sizeof *board->posts);
    }
    board->posts[board->n_posts++] = post;
    return 0;
}

static int parse_post(struct board *board, const char *line, size_t len,
                      const struct line_start *start, struct err *err)
{
    struct fields f = {.seq = start->seq, .err = err};
    int rc = fields_parse(&f, line, len);

    if (rc == 0)
        rc = take_post(board, &f, start->time_ms);
    json_decref(f.root);
    return rc;
}

/* ---- lines ---- */

static bool concerns_us(const char *category)
{
    return strcmp(category, "outage") == 0 || strcmp(category, "incident") == 0 ||
           strcmp(category, "maintenance") == 0 || strcmp(category, "coverage") == 0;
}

int board_line(struct board *board, const char *line, size_t len, struct err *err)
{
    struct line_start start;
    int rc = line_start(line, len, &start, err);

    if (rc < 0)
        return err_wrap(err, rc, "entry %" PRIu64, board->lines);
    make_room(board, start.time_ms);
    if ((rc = ledger_events_line(board->events, line, len, NULL, err)) < 0)
        return rc;
    if (strcmp(start.category, "incident") == 0 && strcmp(start.type, "post") == 0 &&
        (rc = parse_post(board, line, len, &start, err)) < 0)
        return rc;
    if (board->lines == 0)
        tree_leaf(line, len, board->id);
    board->lines++;
    board->told += concerns_us(start.category);
    board->time_ms = start.time_ms;
    return 0;
}

/* ---- a copy ---- */

struct board_view *board_view(const struct board *board)
{
    struct board_view *view = mem_zalloc(1, sizeof *view);
    struct err err;
    size_t i;

    CHECK(ledger_events_view(board->events, 0, &view->ledger, &err) == 0);
    view->posts = mem_zalloc(board->n_posts + 1, sizeof *view->posts);
    for (i = 0; i < board->n_posts; i++) {
        const struct board_post *post = &board->posts[i];

        view->posts[i] = *post;
        view->posts[i].ja = post->ja != NULL ? mem_strdup(post->ja) : NULL;
        view->posts[i].en = post->en != NULL ? mem_strdup(post->en) : NULL;
    }
    view->n_posts = board->n_posts;
    view->told = board->told;
    view->time_ms = board_time_ms(board);
    view->from_ms = view->ledger.begins_ms;
    if (board->cut && view->from_ms < board->from_ms)
        view->from_ms = board->from_ms;
    memcpy(view->id, board->id, sizeof view->id);
    return view;
}

void board_view_free(struct board_view *view)
{
    size_t i;

    if (view == NULL)
        return;
    for (i = 0; i < view->n_posts; i++)
        free_post(&view->posts[i]);
    mem_free(view->posts);
    ledger_view_free(&view->ledger);
    mem_free(view);
}
