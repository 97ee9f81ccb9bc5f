/* The operators' page: made when somebody asks, and while somebody watches sent on as it changes,
 * once a second, and soon when something happened. Nothing is made for nobody. */
#include "base/check.h"
#include "base/mem.h"
#include "daemon/daemon.h"
#include "report/ops.h"

#include <string.h>

#define TICK_MS 200 /* no more often, while somebody watches */
#define IDLE_MS 1000
#define PUSH_MS 1000
#define PAGE_AGE_MS 200
#define SLICE 1024 /* checks that one tick looks at */
#define HTML "text/html; charset=utf-8"

/* What makes an event due before its time. */
struct pulse {
    uint64_t lines; /* verdicts, moves and leaders are all in the ledger … */
    int leader;     /* … but this one knows sooner */
    bool quorum;
};

static const struct edition {
    enum sla_language language;
    const char *page, *events;
} editions[] = {{SLA_JAPANESE, OPS_PATH, OPS_PATH_EVENTS},
                {SLA_ENGLISH, OPS_PATH_EN, OPS_PATH_EVENTS_EN}};
#define EDITIONS 2

struct ops_desk {
    struct daemon *daemon;
    uv_timer_t tick;
    struct budget *budget;
    struct follower follower;
    struct ops_newest newest;
    struct ops_matrix matrix, made; /* the newest whole one, and the next */
    struct pulse pulse;
    int64_t pushed_ms;
    struct watched {
        struct ops_desk *desk;
        const struct edition *edition;
        struct ops_sent sent;
        bool watched;
    } watched[EDITIONS];
    int open;
};

static struct ops view_of(struct ops_desk *desk, enum sla_language language,
                          struct status_local *local)
{
    struct ops ops = {.engine = node_engine(desk->daemon->node),
                      .now = daemon_now(),
                      .local = local,
                      .matrix = &desk->matrix,
                      .newest = &desk->newest,
                      .language = language};

    requests_local(desk->daemon, local);
    ops.budget = budget_status(desk->budget, &ops.budget_why);
    return ops;
}

/* ---- when asked ---- */

/* As it is now, whoever watches. */
static void look_at_all(struct ops_desk *desk)
{
    desk->made.next = 0;
    CHECK(
        ops_matrix_look(&desk->made, node_engine(desk->daemon->node), daemon_now(), LIMIT_CHECKS));
    desk->matrix = desk->made;
}

static void make_page(void *context, struct buf *out)
{
    const struct watched *watched = context;
    struct status_local local;
    struct ops ops;

    look_at_all(watched->desk);
    ops = view_of(watched->desk, watched->edition->language, &local);
    ops_page(&ops, out);
}

static void make_json(void *context, struct buf *out)
{
    struct ops_desk *desk = context;
    struct status_local local;
    struct ops ops = view_of(desk, SLA_ENGLISH, &local);

    ops_json(&ops, out);
}

/* ---- while somebody watches ---- */

static void push(struct ops_desk *desk, struct watched *watched)
{
    struct status_local local;
    struct ops ops = view_of(desk, watched->edition->language, &local);
    struct buf event = {0};

    ops_event(&ops, &watched->sent, WEB_EVENT / 2, &event);
    if (web_push(desk->daemon->web, WEB_OPERATORS, watched->edition->events, "parts",
                 buf_cstr(&event)) < 0)
        watched->sent = (struct ops_sent){0};
    buf_free(&event);
}

/* Who comes later must not take what was left here for what is. */
static void forget(struct ops_desk *desk, struct watched *watched)
{
    watched->sent = (struct ops_sent){0};
    web_push(desk->daemon->web, WEB_OPERATORS, watched->edition->events, "parts",
             "{\"digests\":{}}");
}

static bool anybody(struct ops_desk *desk)
{
    bool any = false;
    size_t i;

    for (i = 0; i < EDITIONS; i++) {
        struct watched *watched = &desk->watched[i];
        bool was = watched->watched;

        watched->watched =
            web_watched(desk->daemon->web, WEB_OPERATORS, watched->edition->events) > 0;
        if (was && !watched->watched)
            forget(desk, watched);
        any |= watched->watched;
    }
    return any;
}

static struct pulse feel(const struct ops_desk *desk)
{
    const struct engine *engine = node_engine(desk->daemon->node);

    return (struct pulse){.lines = engine_shared(engine)->ledger.size,
                          .leader = engine_leader(engine),
                          .quorum = status_quorum(engine, daemon_now(), desk->daemon->self).ok};
}

static void look_on(struct ops_desk *desk)
{
    if (ops_matrix_look(&desk->made, node_engine(desk->daemon->node), daemon_now(), SLICE))
        desk->matrix = desk->made;
}

static void on_tick(uv_timer_t *timer)
{
    struct ops_desk *desk = timer->data;
    int64_t now_ms = daemon_now().boot_ms;
    struct pulse pulse;
    bool any = anybody(desk), due;
    size_t i;

    uv_timer_start(timer, on_tick, any ? TICK_MS : IDLE_MS, 0);
    if (!any)
        return;
    pulse = feel(desk);
    due = now_ms - desk->pushed_ms >= PUSH_MS || pulse.lines != desk->pulse.lines ||
          pulse.leader != desk->pulse.leader || pulse.quorum != desk->pulse.quorum;
    if (due || desk->made.next != 0)
        look_on(desk);
    if (!due)
        return;
    desk->pulse = pulse;
    desk->pushed_ms = now_ms;
    for (i = 0; i < EDITIONS; i++)
        if (desk->watched[i].watched)
            push(desk, &desk->watched[i]);
}

/* ---- from open to close ---- */

static void on_line(void *context, const char *line, size_t len)
{
    struct ops_desk *desk = context;

    ops_newest_line(&desk->newest, line, len);
}

static void put_pages(struct ops_desk *desk)
{
    struct web *web = desk->daemon->web;
    size_t i;

    for (i = 0; i < EDITIONS; i++) {
        desk->watched[i] = (struct watched){.desk = desk, .edition = &editions[i]};
        web_dynamic(web, WEB_OPERATORS, editions[i].page, HTML, PAGE_AGE_MS, make_page,
                    &desk->watched[i]);
        web_stream(web, WEB_OPERATORS, editions[i].events);
    }
    web_dynamic(web, WEB_OPERATORS, OPS_PATH_JSON, "application/json", PAGE_AGE_MS, make_json,
                desk);
    CHECK(web_publish(web, WEB_OPERATORS, OPS_PATH_SCRIPT, "text/javascript; charset=utf-8",
                      ops_script, strlen(ops_script)) == 0);
}

int ops_module_open(struct daemon *daemon, struct err *err)
{
    struct ops_desk *desk = mem_zalloc(1, sizeof *desk);

    (void)err;
    daemon->ops = desk;
    desk->daemon = daemon;
    desk->open = 2;
    desk->budget = budget_open(daemon);
    desk->follower = (struct follower){.line = on_line, .context = desk};
    follow_add(daemon, &desk->follower);
    CHECK(uv_timer_init(daemon->loop, &desk->tick) == 0);
    desk->tick.data = desk;
    put_pages(desk);
    uv_timer_start(&desk->tick, on_tick, IDLE_MS, 0);
    return 0;
}

static void on_closed(void *context)
{
    struct ops_desk *desk = context;
    struct daemon *daemon = desk->daemon;

    if (--desk->open > 0)
        return;
    ops_newest_free(&desk->newest);
    mem_free(desk);
    daemon_module_closed(daemon);
}

static void on_tick_closed(uv_handle_t *handle)
{
    on_closed(handle->data);
}

void ops_module_close(struct daemon *daemon)
{
    struct ops_desk *desk = daemon->ops;
    size_t i;

    daemon->ops = NULL;
    for (i = 0; i < EDITIONS; i++) {
        web_withdraw(daemon->web, WEB_OPERATORS, editions[i].page);
        web_withdraw(daemon->web, WEB_OPERATORS, editions[i].events);
    }
    web_withdraw(daemon->web, WEB_OPERATORS, OPS_PATH_JSON);
    web_withdraw(daemon->web, WEB_OPERATORS, OPS_PATH_SCRIPT);
    follow_remove(daemon, &desk->follower);
    budget_close(desk->budget, on_closed, desk);
    uv_close((uv_handle_t *)&desk->tick, on_tick_closed);
}
