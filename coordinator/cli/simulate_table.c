#include "cli/simulate_table.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/table.h"

#include <stdlib.h>

#define WORST_PAIRS 20

int simulate_count(const struct campaign *campaign, enum campaign_result result)
{
    int i, n = 0;

    for (i = 0; i < campaign->n_rows; i++)
        n += campaign->rows[i].result == result;
    return n;
}

static void ms(struct table *table, int64_t value)
{
    if (value < 0)
        table_cell(table, "-");
    else
        table_cell(table, "%lld ms", (long long)value);
}

static void promises(const struct campaign_row *row, struct buf *out)
{
    int i;

    for (i = 0; i < PROMISES; i++)
        if (row->promises & 1u << i)
            buf_printf(out, "%s%s", out->len > 0 ? ", " : "",
                       campaign_promise_name((enum campaign_promise)i));
}

static void result(struct table *table, const struct campaign_row *row)
{
    struct buf names = {0};

    promises(row, &names);
    if (row->result == CAMPAIGN_BROKEN)
        table_cell(table, "NOT KEPT: %s", buf_cstr(&names));
    else
        table_cell(table, "%s", row->result == CAMPAIGN_KEPT ? "kept" : "not covered");
    buf_free(&names);
}

static void last_line(FILE *out, const struct campaign *campaign, const char *what)
{
    fprintf(out, "%d %s in %d runs, %.1f hours simulated: %d kept, %d not covered, %d not kept\n",
            campaign->n_rows, what, campaign->runs, (double)campaign->simulated_ms / 3600000,
            simulate_count(campaign, CAMPAIGN_KEPT), simulate_count(campaign, CAMPAIGN_NOT_COVERED),
            simulate_count(campaign, CAMPAIGN_BROKEN));
}

static void explain(FILE *out, const char *file, struct campaign *campaign,
                    enum campaign_result which, const char *heading)
{
    bool any = false;
    int i;

    for (i = 0; i < campaign->n_rows; i++) {
        struct campaign_row *row = &campaign->rows[i];

        if (row->result != which)
            continue;
        if (!any)
            fprintf(out, "\n%s\n", heading);
        any = true;
        fprintf(out, "  %s", buf_cstr(&row->what));
        if (row->whom.len > 0)
            fprintf(out, ", %s", buf_cstr(&row->whom));
        fprintf(out, ": %s\n", row->text);
        if (row->again.len > 0)
            fprintf(out, "    kirikae simulate %s %s\n", file, buf_cstr(&row->again));
    }
}

void simulate_table(FILE *out, const char *file, struct campaign *campaign)
{
    static const char *const heads[] = {"FAULT", "OF",    "RUNS", "OUTAGE",
                                        "BOUND", "MOVES", "REST", "PROMISED"};
    struct table *table = table_new(heads, sizeof heads / sizeof heads[0]);
    int i;

    for (i = 0; i < campaign->n_rows; i++) {
        struct campaign_row *row = &campaign->rows[i];

        table_cell(table, "%s", buf_cstr(&row->what));
        table_cell(table, "%s", buf_cstr(&row->whom));
        table_cell(table, "%d", row->runs);
        ms(table, row->outage_ms);
        ms(table, row->bound_ms);
        if (row->false_moves > 0)
            table_cell(table, "%d, %d FALSE", row->moves, row->false_moves);
        else
            table_cell(table, "%d", row->moves);
        ms(table, row->runs > 0 ? row->settled_ms : -1);
        result(table, row);
    }
    table_end(table, out, "no faults");
    explain(out, file, campaign, CAMPAIGN_NOT_COVERED,
            "not covered: lost for as long as it lasts, by the layout itself");
    explain(out, file, campaign, CAMPAIGN_BROKEN, "NOT KEPT");
    fprintf(out, "\noutage: the worst of all callers who could be helped; bound: how long it may "
                 "last;\nrest: until all was as it should be, after the fault\n");
    last_line(out, campaign, "faults");
}

/* ---- pairs ---- */

static int by_outage(const void *a, const void *b)
{
    const struct campaign_row *one = *(const struct campaign_row *const *)a;
    const struct campaign_row *other = *(const struct campaign_row *const *)b;

    return (one->outage_ms < other->outage_ms) - (one->outage_ms > other->outage_ms);
}

void simulate_table_pairs(FILE *out, const char *file, struct campaign *campaign)
{
    struct campaign_row **rows = mem_zalloc((size_t)campaign->n_rows + 1, sizeof *rows);
    int i;

    for (i = 0; i < campaign->n_rows; i++)
        rows[i] = &campaign->rows[i];
    qsort(rows, (size_t)campaign->n_rows, sizeof *rows, by_outage);
    fprintf(out, "the worst outages of callers who could be helped:\n");
    for (i = 0; i < campaign->n_rows && i < WORST_PAIRS; i++)
        fprintf(out, "  %lld ms: %s\n    kirikae simulate %s %s\n", (long long)rows[i]->outage_ms,
                buf_cstr(&rows[i]->what), file, buf_cstr(&rows[i]->again));
    mem_free(rows);
    explain(out, file, campaign, CAMPAIGN_BROKEN, "NOT KEPT");
    fputc('\n', out);
    last_line(out, campaign, "pairs");
}

/* ---- as JSON ---- */

static json_t *number_or_null(int64_t value)
{
    return value < 0 ? json_null() : json_integer((json_int_t)value);
}

static json_t *row_json(struct campaign_row *row)
{
    static const char *const results[] = {[CAMPAIGN_KEPT] = "kept",
                                          [CAMPAIGN_NOT_COVERED] = "not covered",
                                          [CAMPAIGN_BROKEN] = "not kept"};
    json_t *broken = json_array();
    int i;

    for (i = 0; i < PROMISES; i++)
        if (row->promises & 1u << i)
            json_array_append_new(broken,
                                  json_string(campaign_promise_name((enum campaign_promise)i)));
    return json_pack(
        "{s:s,s:s,s:i,s:o,s:o,s:i,s:i,s:I,s:s,s:o,s:s,s:s}", "fault", buf_cstr(&row->what), "of",
        buf_cstr(&row->whom), "runs", row->runs, "outage_ms", number_or_null(row->outage_ms),
        "bound_ms", number_or_null(row->bound_ms), "moves", row->moves, "false_moves",
        row->false_moves, "settled_ms", (json_int_t)row->settled_ms, "result", results[row->result],
        "broken", broken, "why", row->text, "options", buf_cstr(&row->again));
}

void simulate_table_json(FILE *out, struct campaign *campaign)
{
    json_t *rows = json_array(), *all;
    int i;

    for (i = 0; i < campaign->n_rows; i++)
        json_array_append_new(rows, row_json(&campaign->rows[i]));
    all = json_pack("{s:o,s:i,s:I,s:b}", "faults", rows, "runs", campaign->runs, "simulated_ms",
                    (json_int_t)campaign->simulated_ms, "kept",
                    simulate_count(campaign, CAMPAIGN_BROKEN) == 0);
    cli_print_json(out, all);
    json_decref(all);
}
