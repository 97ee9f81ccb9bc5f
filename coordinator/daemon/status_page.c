/* The public status page: a board that follows the ledger, and pages of it when it or the time says
 * something new. They are made in a thread of the pool, of a copy; what they are made of does not
 * change meanwhile. */
#include "daemon/status_page.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "daemon/daemon.h"
#include "report/board_files.h"
#include "store/file.h"
#include "store/zone_file.h"

#include <stdio.h>
#include <string.h>

#define TICK_MS 1000   /* pages are made no more often … */
#define FRESH_MS 60000 /* … and no less */
#define STALE_MS 5000  /* an election is shorter */

/* One making of all pages. */
struct job {
    struct board_view *view; /* owned */
    struct board_source source;
    struct board_file files[BOARD_FILES];
    uint64_t mark;
    int64_t took_us;
    struct err err; /* of writing them */
    int failed;
};

struct status_service {
    struct daemon *daemon;
    struct follower follower;
    struct board *board;
    bool failed; /* a line made no sense: the board stays as it was before */
    bool given;  /* the configuration wants it: */
    struct status_page page;
    struct contract contract;
    struct zone *zone;

    bool reconfigure, changed; /* when the job is done; since the newest pages */
    uint64_t told;
    int64_t made_ms;     /* boot; INT64_MIN: there are none */
    int64_t midnight_ms; /* UTC: then days have moved on */
    int64_t behind_ms;   /* boot: since then lines are missing here; INT64_MIN: none is */
    int64_t stale_ms;    /* UTC; UTC_NONE: it is not */
    uint64_t mark;

    uv_timer_t tick;
    uv_work_t work;
    struct job job;
    bool working, closing;
    struct status_hook *hook; /* NULL: none is configured */
    int open;                 /* that closing waits for */
};

/* ---- the ledger ---- */

static void on_line(void *context, const char *line, size_t len)
{
    struct status_service *s = context;
    struct err err;

    if (s->failed || board_line(s->board, line, len, &err) == 0)
        return;
    s->failed = s->follower.waits = true;
    log_line(s->daemon->log, LOG_LEVEL_ERROR, "status-page", "it stays as it is: %s", err.text);
}

/* ---- is what is known here all that there is? ---- */

static bool is_behind(const struct status_service *s)
{
    const struct shared *shared = engine_shared(node_engine(s->daemon->node));

    return !follow_done(s->daemon, &s->follower) ||
           ledger_size(s->daemon->ledger) < shared->ledger.size;
}

/* Boot time since when nothing certain is known; INT64_MAX: it is. */
static int64_t uncertain_ms(struct status_service *s, struct moment now)
{
    int64_t knew_ms = engine_knew_ms(node_engine(s->daemon->node));

    if (!is_behind(s))
        s->behind_ms = INT64_MIN;
    else if (s->behind_ms == INT64_MIN)
        s->behind_ms = now.boot_ms;
    if (knew_ms == INT64_MIN || now.boot_ms - knew_ms > STALE_MS)
        return knew_ms;
    if (s->behind_ms != INT64_MIN && now.boot_ms - s->behind_ms > STALE_MS)
        return s->behind_ms;
    return INT64_MAX;
}

/* The time, once said, stays. */
static bool look_whether_stale(struct status_service *s, struct moment now)
{
    int64_t since_ms = s->failed ? INT64_MIN : uncertain_ms(s, now);
    int64_t was_ms = s->stale_ms;

    if (since_ms == INT64_MAX) {
        s->stale_ms = UTC_NONE;
    } else if (was_ms == UTC_NONE) {
        s->stale_ms = since_ms != INT64_MIN                 ? now.utc_ms - (now.boot_ms - since_ms)
                      : board_time_ms(s->board) != UTC_NONE ? board_time_ms(s->board)
                                                            : now.utc_ms;
    }
    return s->stale_ms != was_ms;
}

/* ---- making pages ---- */

static void write_files(struct job *job, const char *dir)
{
    int i;

    for (i = 0; job->failed == 0 && i < BOARD_FILES; i++)
        job->failed = file_publish(dir, job->files[i].path, job->files[i].bytes.data,
                                   job->files[i].bytes.len, &job->err);
}

/* In its thread. */
static void on_work(uv_work_t *work)
{
    struct status_service *s = work->data;
    int64_t began_us = clock_boot_us();
    struct board_page *page = board_page_new(&s->job.source);

    s->job.mark = page->mark;
    board_files(page, s->job.files);
    board_page_free(page);
    s->job.took_us = clock_boot_us() - began_us;
    if (s->daemon->config.status_dir[0] != '\0')
        write_files(&s->job, s->daemon->config.status_dir);
}

static void publish(struct status_service *s, const char *path, const struct board_file *file)
{
    if (web_publish(s->daemon->web, WEB_PUBLIC, path, file->type, file->bytes.data,
                    file->bytes.len) < 0)
        log_line(s->daemon->log, LOG_LEVEL_ERROR, "status-page", "%s is too large", path);
}

static void for_all_paths(struct status_service *s,
                          void (*each)(struct status_service *s, const char *path,
                                       const struct board_file *file))
{
    int i;

    for (i = 0; i < BOARD_FILES; i++) {
        const struct board_file *file = &s->job.files[i];
        size_t stem = strlen(file->path), index = strlen("index.html");
        char path[WEB_PATH];

        snprintf(path, sizeof path, "/%s", file->path);
        each(s, path, file);
        if (stem < index || strcmp(file->path + stem - index, "index.html") != 0)
            continue;
        path[1 + stem - index] = '\0'; /* the folder's own address */
        each(s, path, file);
    }
}

static void take_configuration(struct status_service *s);
static void closed_one(void *context);

static void done(struct status_service *s)
{
    struct job *job = &s->job;

    for_all_paths(s, publish);
    log_line(s->daemon->log, LOG_LEVEL_DEBUG, "status-page", "made in %lld us",
             (long long)job->took_us);
    if (job->failed < 0)
        log_line(s->daemon->log, LOG_LEVEL_ERROR, "status-page", "status_page.dir: %s",
                 job->err.text);
    else if (job->mark != s->mark && s->hook != NULL)
        status_hook_run(s->hook);
    s->mark = job->mark;
}

static void on_worked(uv_work_t *work, int status)
{
    struct status_service *s = work->data;

    CHECK(status == 0);
    s->working = false;
    if (!s->closing)
        done(s);
    board_view_free(s->job.view);
    board_files_free(s->job.files);
    if (s->closing)
        closed_one(s);
    else if (s->reconfigure)
        take_configuration(s);
}

static void make(struct status_service *s, struct moment now)
{
    struct job *job = &s->job;

    *job = (struct job){.view = board_view(s->board)};
    job->source = (struct board_source){.view = job->view,
                                        .contract = &s->contract,
                                        .zone = s->zone,
                                        .page = &s->page,
                                        .as_of_ms = now.utc_ms,
                                        .stale_ms = s->stale_ms};
    if (job->view->time_ms > now.utc_ms) /* the leader's clock */
        job->source.as_of_ms = job->view->time_ms;
    s->changed = false;
    s->told = board_told(s->board);
    s->made_ms = now.boot_ms;
    s->midnight_ms = board_midnight_ms(s->zone, job->source.as_of_ms);
    s->working = true;
    s->work.data = s;
    CHECK(uv_queue_work(s->daemon->loop, &s->work, on_work, on_worked) == 0);
}

/* The first pages would tell of long ago, or call old what is going to be certain in a moment. */
static bool is_too_early(const struct status_service *s, struct moment now)
{
    bool knows = engine_knew_ms(node_engine(s->daemon->node)) != INT64_MIN;

    return !s->failed && (!follow_done(s->daemon, &s->follower) ||
                          (!knows && now.boot_ms - s->daemon->started_ms < STALE_MS));
}

static void on_tick(uv_timer_t *timer)
{
    struct status_service *s = timer->data;
    struct moment now = daemon_now();

    if (!s->given || (s->made_ms == INT64_MIN && is_too_early(s, now)))
        return;
    if (look_whether_stale(s, now))
        s->changed = true;
    if (!s->working && (s->changed || board_told(s->board) != s->told ||
                        now.utc_ms >= s->midnight_ms || now.boot_ms - s->made_ms >= FRESH_MS))
        make(s, now);
}

/* ---- the configuration in force ---- */

static void withdraw(struct status_service *s, const char *path, const struct board_file *file)
{
    (void)file;
    web_withdraw(s->daemon->web, WEB_PUBLIC, path);
}

static void forget_configuration(struct status_service *s)
{
    contract_free(&s->contract);
    zone_free(s->zone);
    s->contract = (struct contract){0};
    s->zone = NULL;
    s->given = false;
}

static void take_configuration(struct status_service *s)
{
    const struct model *model = engine_shared(node_engine(s->daemon->node))->model;
    bool was_given = s->given;
    struct err err;

    s->reconfigure = false;
    forget_configuration(s);
    if (model == NULL) /* of a node that starts without a quorum: the page is up all the same */
        model = s->daemon->file_model;
    if (model->status_page.given) {
        s->page = model->status_page;
        model_contract(model, &s->contract);
        if (s->contract.name[0] == '\0')
            memcpy(s->contract.name, model->cluster, sizeof s->contract.name);
        s->given = zone_file_load(s->contract.timezone, &s->zone, &err) == 0;
        if (!s->given)
            log_line(s->daemon->log, LOG_LEVEL_ERROR, "status-page", "there is none: %s", err.text);
    }
    if (was_given && !s->given) {
        board_files_paths(s->job.files);
        for_all_paths(s, withdraw);
    }
    s->changed = true;
    s->follower.waits = s->failed || !s->given;
    follow_wake(s->daemon);
}

void status_page_configured(struct daemon *daemon)
{
    struct status_service *s = daemon->status_page;

    if (s == NULL)
        return;
    if (s->working)
        s->reconfigure = true;
    else
        take_configuration(s);
}

/* ---- open and close ---- */

int status_page_module_open(struct daemon *daemon, struct err *err)
{
    struct status_service *s = mem_zalloc(1, sizeof *s);

    (void)err;
    s->daemon = daemon;
    s->board = board_new();
    s->follower = (struct follower){.line = on_line, .context = s, .waits = true};
    s->made_ms = s->behind_ms = INT64_MIN;
    s->stale_ms = UTC_NONE;
    if (daemon->config.status_hook[0] != '\0')
        s->hook = status_hook_open(daemon->loop, daemon->log, daemon->config.status_hook,
                                   daemon->config.status_dir, STATUS_HOOK_MS);
    CHECK(uv_timer_init(daemon->loop, &s->tick) == 0);
    s->tick.data = s;
    daemon->status_page = s;
    follow_add(daemon, &s->follower);
    take_configuration(s);
    uv_timer_start(&s->tick, on_tick, TICK_MS, TICK_MS);
    return 0;
}

static void closed_one(void *context)
{
    struct status_service *s = context;
    struct daemon *daemon = s->daemon;

    if (--s->open > 0)
        return;
    forget_configuration(s);
    board_free(s->board);
    mem_free(s);
    daemon_module_closed(daemon);
}

static void on_tick_closed(uv_handle_t *handle)
{
    closed_one(handle->data);
}

void status_page_module_close(struct daemon *daemon)
{
    struct status_service *s = daemon->status_page;

    daemon->status_page = NULL;
    s->closing = true;
    follow_remove(daemon, &s->follower);
    s->open = 1 + s->working + (s->hook != NULL);
    if (s->hook != NULL)
        status_hook_close(s->hook, closed_one, s);
    uv_close((uv_handle_t *)&s->tick, on_tick_closed);
}
