/* What the account is kept of: functions, maintenance, operators, the ledger. */
#include "base/check.h"
#include "base/utc.h"
#include "report/metrics_private.h"

/* ---- functions ---- */

typedef bool of_function(const struct page *page, int function);

static bool is_up(const struct page *page, int function)
{
    return !page->shared->functions[function].down;
}

static bool is_unmonitored(const struct page *page, int function)
{
    return page->shared->functions[function].unmonitored != 0;
}

static bool in_window(const struct page *page, int function)
{
    return shared_function_in_window(page->shared, function, page->now.utc_ms);
}

static void each(struct page *page, of_function *of)
{
    int i;

    for (i = 0; page->committed != NULL && i < page->committed->n_functions; i++)
        om_bool(&page->om, OM_LABELS(page->committed->functions[i].name), of(page, i));
}

static void functions(struct page *page)
{
    static const char *const label[] = {"function", NULL};
    struct om *om = &page->om;

    om_gauge(om, "kirikae_function_up", OM_NUMBER, "0: an outage of the function is open.", label);
    each(page, is_up);
    om_gauge(om, "kirikae_function_unmonitored", OM_NUMBER,
             "1: nobody can tell whether it is up, and that is in the ledger.", label);
    each(page, is_unmonitored);
    om_gauge(om, "kirikae_function_in_maintenance", OM_NUMBER,
             "1: a maintenance window covers it now.", label);
    each(page, in_window);
}

/* ---- operators ---- */

static void windows(struct page *page)
{
    struct om *om = &page->om;
    int i, planned = 0, active = 0;

    for (i = 0; i < page->shared->n_windows; i++) {
        const struct window_state *window = &page->shared->windows[i];

        if (window->finished_ms != UTC_NONE || page->now.utc_ms >= window->end_ms)
            continue;
        planned += page->now.utc_ms < window->start_ms;
        active += page->now.utc_ms >= window->start_ms;
    }
    om_gauge(om, "kirikae_maintenance_windows", OM_NUMBER, "Windows that are to come, or open.",
             OM_LABELS("state"));
    om_int(om, OM_LABELS("planned"), planned);
    om_int(om, OM_LABELS("active"), active);
}

static void taken_off(struct page *page)
{
    struct om *om = &page->om;
    int i;

    om_gauge(om, "kirikae_paused", OM_NUMBER,
             "1: an operator keeps automatic moves of all routes off.", OM_PLAIN);
    om_bool(om, OM_PLAIN, page->shared->pause.until_ms > page->now.utc_ms);
    om_gauge(om, "kirikae_server_drained", OM_NUMBER,
             "1: an operator took the server out of all pools.", OM_LABELS("server"));
    for (i = 0; page->committed != NULL && i < page->committed->n_servers; i++)
        om_bool(om, OM_LABELS(page->committed->servers[i].name), shared_drained(page->shared, i));
}

/* The compiler says when one is missing. */
static const char *command_name(enum command_kind kind)
{
    switch (kind) {
    case COMMAND_SWITCHOVER:
        return "switchover";
    case COMMAND_FAILOVER:
        return "failover";
    case COMMAND_WINDOW_ADD:
        return "maintenance-add";
    case COMMAND_WINDOW_END:
        return "maintenance-end";
    case COMMAND_WINDOW_EXTEND:
        return "maintenance-extend";
    case COMMAND_PAUSE:
        return "pause";
    case COMMAND_RESUME:
        return "resume";
    case COMMAND_DRAIN:
        return "drain";
    case COMMAND_UNDRAIN:
        return "undrain";
    case COMMAND_HANDOVER:
        return "handover";
    case COMMAND_AMEND:
        return "incident-amend";
    case COMMAND_ANNOTATE:
        return "incident-annotate";
    case COMMAND_ACKNOWLEDGE:
        return "incident-ack";
    case COMMAND_POST:
        return "incident-post";
    case COMMAND_NOTICE_TEST:
        return "notice-test";
    }
    return NULL;
}

static void commands(struct page *page)
{
    static const char *const answers[] = {"done", "refused", "failed"};
    struct om *om = &page->om;
    size_t i;

    om_counter(om, "kirikae_commands", OM_NUMBER,
               "Operators' commands that this node took as leader.", OM_LABELS("command"));
    for (i = 0; i < COUNTED_COMMANDS; i++)
        if (command_name((enum command_kind)i) != NULL)
            om_count(om, OM_LABELS(command_name((enum command_kind)i)),
                     page->counters->commands[i]);
    om_counter(om, "kirikae_command_answers", OM_NUMBER, "Answers that this node gave to them.",
               OM_LABELS("answer"));
    for (i = 0; i < ARRAY_LEN(answers); i++)
        om_count(om, OM_LABELS(answers[i]), page->local->answers[i]);
    om_gauge(om, "kirikae_commands_waiting", OM_NUMBER, "Commands that wait for their end.",
             OM_PLAIN);
    om_int(om, OM_PLAIN, engine_commands_waiting(page->engine));
}

/* ---- the ledger ---- */

/* The root over the first ROOT_LINES, 2 * ROOT_LINES, … lines, so that nodes that are a few lines
 * apart can be compared: the peaks of a tree that are at least as large are those of just that
 * many lines. A number holds 48 bits of it exactly, which tells any two histories apart but by a
 * chance of one in 2^48. */
#define ROOT_LINES 256

static uint64_t root_of(const struct tree *ledger)
{
    struct tree tree;
    uint8_t root[TREE_HASH];
    uint64_t bits = 0;
    int i;

    tree_copy(&tree, ledger);
    tree.size -= tree.size % ROOT_LINES;
    tree_root(&tree, root);
    for (i = 0; i < 6; i++)
        bits = bits << 8 | root[i];
    return bits;
}

static void ledger(struct page *page)
{
    const struct tree *tree = &page->shared->ledger;
    struct om *om = &page->om;

    om_gauge(om, "kirikae_ledger_lines", OM_NUMBER, "Lines of the ledger, by this node's state.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, tree->size);
    om_gauge(om, "kirikae_ledger_stored_lines", OM_NUMBER,
             "Lines of the ledger on this node's disk.", OM_PLAIN);
    om_count(om, OM_PLAIN, page->status->ledger_lines);
    om_gauge(om, "kirikae_ledger_size_bytes", OM_BYTES, "Size of the ledger on this node's disk.",
             OM_PLAIN);
    om_count(om, OM_PLAIN, page->status->ledger_bytes);
    om_gauge(om, "kirikae_ledger_root_lines", OM_NUMBER,
             "Lines that kirikae_ledger_root is of: the newest multiple of 256.", OM_PLAIN);
    om_count(om, OM_PLAIN, tree->size - tree->size % ROOT_LINES);
    om_gauge(om, "kirikae_ledger_root", OM_NUMBER,
             "First 48 bits of the root over so many lines: the same on all nodes.", OM_PLAIN);
    om_count(om, OM_PLAIN, root_of(tree));
}

static void applied(struct page *page)
{
    struct om *om = &page->om;
    int kind;

    om_counter(om, "kirikae_entries_applied", OM_NUMBER,
               "Entries of the log that this node has applied since its start.", OM_LABELS("kind"));
    for (kind = ENTRY_LEADER; kind < COUNTED_ENTRIES; kind++)
        if (entry_kind_name((enum entry_kind)kind)[0] != '?')
            om_count(om, OM_LABELS(entry_kind_name((enum entry_kind)kind)),
                     page->counters->applied[kind]);
}

void metrics_account(struct page *page)
{
    functions(page);
    windows(page);
    taken_off(page);
    commands(page);
    ledger(page);
    applied(page);
}
