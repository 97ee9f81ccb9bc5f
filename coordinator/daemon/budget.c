/* The month's error budget by the arithmetic of `kirikae sla status`: the ledger is read once for
 * the contract and once for what happened, then followed; what it comes to is computed beside the
 * loop, once a minute. */
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utc.h"
#include "daemon/daemon.h"
#include "report/ledger_events.h"
#include "report/line.h"
#include "report/sla_status.h"
#include "store/zone_file.h"
#include "wire/contract.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000
#define COMPUTE_MS 60000
#define MOST 20000 /* outages and the like: a copy of more would take the loop too long */
#define REST 20    /* what took long is not done again before so many times as long */

/* A contract of the ledger, and the month that it is now by its zone. */
struct basis {
    int holders;
    uint64_t seq; /* of the line that says it */
    struct contract contract;
    struct zone *zone;
    int year, month;
    struct period period;
};

struct job {
    uv_work_t work;
    struct budget *budget;
    struct basis *basis;
    struct ledger_view view;
    struct sla_status *made;
    int64_t began_ms;
};

struct budget {
    struct daemon *daemon;
    uv_timer_t timer;
    struct follower follower;
    struct basis *basis;          /* newest found so far */
    struct ledger_events *events; /* NULL: the contract is still looked for */
    struct job *job;              /* that runs */
    struct sla_status *status;    /* newest */
    struct basis *status_of;
    int64_t next_ms; /* boot: no computation before */
    struct err why;  /* it is not known; empty */
    void (*closed)(void *context);
    void *context;
    int open; /* the timer, and a job */
};

/* ---- contracts ---- */

static struct basis *basis_hold(struct basis *basis)
{
    basis->holders++;
    return basis;
}

static void basis_drop(struct basis *basis)
{
    if (basis == NULL || --basis->holders > 0)
        return;
    contract_free(&basis->contract);
    zone_free(basis->zone);
    mem_free(basis);
}

static void month_at(const struct zone *zone, int64_t utc_ms, int *year, int *month)
{
    int64_t local_ms = utc_ms + zone_offset(zone, utc_ms) * 1000ll;
    int day;

    utc_civil_from_days(local_ms / 86400000, year, month, &day);
}

/* {"contract":…} of a line, to free(); NULL: it has none. */
static char *contract_text(const char *line, size_t len)
{
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *contract = json_object_get(root, "contract"), *whole;
    char *text = NULL;

    if (json_is_object(contract)) {
        whole = json_pack("{s:O}", "contract", contract);
        text = json_dumps(whole, JSON_COMPACT);
        json_decref(whole);
    }
    json_decref(root);
    return text;
}

/* NULL: it is not in force this month, or none that makes sense. */
static struct basis *basis_new(const char *line, size_t len, uint64_t seq)
{
    char *text = contract_text(line, len);
    struct basis *basis;
    struct err err;
    int r;

    if (text == NULL)
        return NULL;
    basis = mem_zalloc(1, sizeof *basis);
    *basis = (struct basis){.holders = 1, .seq = seq};
    r = contract_parse("the ledger", (const uint8_t *)text, strlen(text), &basis->contract, &err);
    if (r == 0)
        r = zone_file_load(basis->contract.timezone, &basis->zone, &err);
    free(text);
    if (r == 0) {
        month_at(basis->zone, clock_utc_ms(), &basis->year, &basis->month);
        basis->period =
            sla_period(&basis->contract, basis->zone, basis->year, basis->month, UTC_MOST_MS);
    }
    if (r == 0 && basis->period.begin_ms < basis->period.end_ms)
        return basis;
    basis_drop(basis);
    return NULL;
}

/* ---- the ledger's lines ---- */

static void look_again(struct budget *budget)
{
    basis_drop(budget->basis);
    budget->basis = NULL;
    ledger_events_free(budget->events);
    budget->events = NULL;
    budget->follower.next = 0;
    follow_wake(budget->daemon);
}

static void read_events(struct budget *budget)
{
    ledger_events_free(budget->events);
    budget->events = ledger_events_new(&budget->basis->contract, &budget->basis->period);
    budget->follower.next = 0;
    budget->next_ms = 0;
    follow_wake(budget->daemon);
}

/* True: there is a newer contract than before. */
static bool takes_contract(struct budget *budget, const char *line, size_t len)
{
    static const char words[] = "\"category\":\"config\",\"type\":\"contract\"";
    struct line_start start;
    struct basis *basis;
    struct err err;

    if (memmem(line, len < 256 ? len : 256, words, sizeof words - 1) == NULL ||
        line_start(line, len, &start, &err) < 0 || strcmp(start.type, "contract") != 0 ||
        (budget->basis != NULL && start.seq <= budget->basis->seq))
        return false;
    basis = basis_new(line, len, start.seq);
    if (basis == NULL)
        return false;
    basis_drop(budget->basis);
    budget->basis = basis;
    return true;
}

static void on_line(void *context, const char *line, size_t len)
{
    struct budget *budget = context;

    if (takes_contract(budget, line, len) && budget->events != NULL)
        read_events(budget);
    else if (budget->events != NULL &&
             ledger_events_line(budget->events, line, len, NULL, &budget->why) < 0)
        budget->follower.waits = true; /* until the next month */
}

/* ---- computing ---- */

/* In another thread: what it uses is its own, or never changes. */
static void on_work(uv_work_t *work)
{
    struct job *job = work->data;
    struct sla_input input = {.contract = &job->basis->contract,
                              .zone = job->basis->zone,
                              .year = job->basis->year,
                              .month = job->basis->month,
                              .history = &job->view.history,
                              .names = &job->view.names,
                              .as_of_ms = job->view.as_of_ms};

    job->made = sla_status_new(&input);
}

static void all_closed(struct budget *budget)
{
    if (--budget->open > 0)
        return;
    budget->closed(budget->context);
    mem_free(budget);
}

static void set_status(struct budget *budget, struct sla_status *status, struct basis *of)
{
    sla_status_free(budget->status);
    basis_drop(budget->status_of);
    budget->status = status;
    budget->status_of = of;
}

static void on_worked(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct budget *budget = job->budget;
    int64_t now_ms = clock_boot_ms(), took_ms = now_ms - job->began_ms;

    (void)status;
    budget->job = NULL;
    budget->next_ms = now_ms + (COMPUTE_MS > REST * took_ms ? COMPUTE_MS : REST * took_ms);
    ledger_view_free(&job->view);
    if (job->made != NULL && job->basis == budget->basis) {
        set_status(budget, job->made, job->basis);
    } else {
        sla_status_free(job->made);
        basis_drop(job->basis);
    }
    mem_free(job);
    all_closed(budget);
}

static void compute(struct budget *budget, int64_t utc_ms)
{
    const struct period *period = &budget->basis->period;
    struct job *job;
    struct err err;

    if (utc_ms <= period->begin_ms || utc_ms > period->end_ms)
        return;
    if (ledger_events_kept(budget->events) > MOST) {
        err_set(&budget->why, ERR_LIMIT, "more than %d outages: see kirikae sla status", MOST);
        budget->follower.waits = true; /* until the next month */
        return;
    }
    job = mem_zalloc(1, sizeof *job);
    job->budget = budget;
    job->work.data = job;
    job->began_ms = clock_boot_ms();
    CHECK(ledger_events_view(budget->events, 0, &job->view, &err) == 0);
    ledger_view_as_of(budget->events, &job->view, utc_ms, utc_ms);
    job->view.as_of_ms = utc_ms;
    job->basis = basis_hold(budget->basis);
    budget->job = job;
    budget->open++;
    CHECK(uv_queue_work(budget->daemon->loop, &job->work, on_work, on_worked) == 0);
}

static bool month_is_over(const struct budget *budget, int64_t utc_ms)
{
    int year, month;

    if (budget->basis == NULL)
        return false;
    month_at(budget->basis->zone, utc_ms, &year, &month);
    return year != budget->basis->year || month != budget->basis->month;
}

static void on_look(uv_timer_t *timer)
{
    struct budget *budget = timer->data;
    int64_t utc_ms = clock_utc_ms();

    if (month_is_over(budget, utc_ms)) {
        budget->follower.waits = false;
        set_status(budget, NULL, NULL);
        look_again(budget);
    } else if (budget->follower.waits || !follow_done(budget->daemon, &budget->follower)) {
        return;
    } else if (budget->basis == NULL) {
        err_set(&budget->why, ERR_REFUSED,
                "the ledger has no contract that is in force this month");
    } else if (budget->events == NULL) {
        budget->why.text[0] = '\0';
        read_events(budget);
    } else if (budget->job == NULL && clock_boot_ms() >= budget->next_ms) {
        compute(budget, utc_ms);
    }
}

const struct sla_status *budget_status(const struct budget *budget, const char **why)
{
    *why = budget->why.text[0] != '\0' ? budget->why.text : NULL;
    return *why != NULL ? NULL : budget->status;
}

struct budget *budget_open(struct daemon *daemon)
{
    struct budget *budget = mem_zalloc(1, sizeof *budget);

    budget->daemon = daemon;
    budget->follower = (struct follower){.line = on_line, .context = budget};
    CHECK(uv_timer_init(daemon->loop, &budget->timer) == 0);
    budget->timer.data = budget;
    budget->open = 1;
    uv_timer_start(&budget->timer, on_look, LOOK_MS, LOOK_MS);
    follow_add(daemon, &budget->follower);
    return budget;
}

static void on_timer_closed(uv_handle_t *handle)
{
    all_closed(handle->data);
}

void budget_close(struct budget *budget, void (*closed)(void *context), void *context)
{
    budget->closed = closed;
    budget->context = context;
    follow_remove(budget->daemon, &budget->follower);
    set_status(budget, NULL, NULL);
    basis_drop(budget->basis);
    budget->basis = NULL;
    ledger_events_free(budget->events);
    uv_close((uv_handle_t *)&budget->timer, on_timer_closed);
}
