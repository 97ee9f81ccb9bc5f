/* Golden scenarios: a story with its faults goes in, a trace comes out and must be the one
 * that is in the file. A trace that has changed is written anew only when the change is
 * understood; what the story comes to (expect) must hold in any case.
 *
 *   golden FILE...           compares
 *   golden --write FILE...   writes the traces anew, if the expectations hold
 *   golden --export LEDGER FILE   runs it and writes its ledger, for explain.sh */
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "report/export.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>

#define CONTEXT 3     /* lines before the first that differs */
#define DIFFERENT 400 /* lines that are looked at for what else differs */
#define SETTLE_STEP_MS 250

/* ---- running ---- */

struct run {
    const struct scenario *scenario;
    struct observed seen;
    int failed; /* expectations */
};

static void check_expect(struct run *run, const struct expect *expect)
{
    struct buf why = {0};

    if (expect_holds(expect, &run->seen, &why) == expect->owed) {
        printf("%s:%d: %s %s, seen: %s\n", run->scenario->path, expect->line,
               expect->owed ? "no longer owed, so expect it:" : "expected", expect->text,
               buf_cstr(&why));
        run->failed++;
    }
    buf_free(&why);
}

static void act(struct run *run, const struct action *action)
{
    struct sim *sim = run->seen.sim;
    struct command command = action->command;
    struct fault fault;
    struct err err;
    int leader = sim_leader(sim);

    if (action->fault != NULL) {
        CHECK(scenario_fault(run->scenario, action, leader >= 0 ? leader : 0, &fault, &err) == 0);
        sim_inject(sim, &fault);
        return;
    }
    command.window.start_ms = sim_utc_ms(sim);
    command.window.end_ms = command.window.start_ms + action->window_ms;
    observed_say(&run->seen, action->at_ms, "ask", "%s asks for %s%s%s%s", command.who,
                 command.kind == COMMAND_WINDOW_ADD ? "a " : "", ask_words[command.kind],
                 command.force ? " by force" : "", command.dry_run ? ", dry" : "");
    sim_ask(sim, -1, &command);
}

/* Next time at which something is done or looked at; the end of the run. */
static int64_t next_ms(const struct scenario *s, int done, int64_t now_ms)
{
    int64_t next = s->run_ms;
    int i;

    if (done < s->n_actions && s->actions[done].at_ms < next)
        next = s->actions[done].at_ms;
    for (i = 0; i < s->n_expects; i++)
        if (s->expects[i].at_ms > now_ms && s->expects[i].at_ms < next)
            next = s->expects[i].at_ms;
    return next;
}

static void look_at(struct run *run, int64_t at_ms)
{
    int i;

    for (i = 0; i < run->scenario->n_expects; i++)
        if (run->scenario->expects[i].at_ms == at_ms)
            check_expect(run, &run->scenario->expects[i]);
}

static void say_beginning(struct run *run)
{
    const struct shared *shared = sim_shared(run->seen.sim);
    const struct model *model = run->scenario->model;
    int leader = sim_leader(run->seen.sim), r;
    struct buf text = {0};

    buf_printf(&text, "%s leads", leader >= 0 ? model->servers[leader].name : "nobody");
    for (r = 0; r < model->n_routes; r++)
        buf_printf(&text, ", %s at %s", model->routes[r].name,
                   model->routes[r].candidates[shared->routes[r].now.candidate].name);
    observed_say(&run->seen, 0, "begin", "%s", buf_cstr(&text));
    buf_free(&text);
}

static bool run_story(struct run *run)
{
    const struct scenario *s = run->scenario;
    struct sim *sim = run->seen.sim;
    int done = 0;

    if (sim_run(sim, 0) < 0)
        return false;
    say_beginning(run);
    for (;;) {
        int64_t now_ms = next_ms(s, done, sim_now(sim));

        if (sim_run(sim, now_ms) < 0)
            return false;
        look_at(run, now_ms);
        for (; done < s->n_actions && s->actions[done].at_ms <= now_ms; done++)
            act(run, &s->actions[done]);
        if (now_ms == s->run_ms)
            return true;
    }
}

static bool run_to_rest(struct run *run)
{
    struct sim *sim = run->seen.sim;
    int64_t until_ms = sim_now(sim) + run->scenario->heal_ms;

    if (run->scenario->heal_ms == 0)
        return true;
    sim_heal(sim);
    observed_say(&run->seen, sim_now(sim), "heal", "all faults end");
    while (!run->seen.settled && sim_now(sim) < until_ms) {
        if (sim_run(sim, sim_now(sim) + SETTLE_STEP_MS) < 0)
            return false;
        run->seen.settled = sim_settled(sim, &run->seen.unsettled);
    }
    if (run->seen.settled)
        observed_say(&run->seen, sim_now(sim), "settled", "all has come to rest");
    return true;
}

/* The trace, and how many expectations do not hold. */
static int run_scenario(struct run *run)
{
    const struct scenario *s = run->scenario;
    struct sim_options options = {.name = "scenario",
                                  .yaml = s->yaml.data,
                                  .yaml_len = s->yaml.len,
                                  .seed = s->seed,
                                  .warm_up_ms = s->warm_up_ms,
                                  .between_sites_ms = s->between_sites_ms,
                                  .log_level = LOG_LEVEL_INFO,
                                  .tell = observed_note,
                                  .context = &run->seen};
    const char *breach, *text;
    struct err err;

    run->seen.scenario = s;
    run->seen.ledger = json_array();
    run->seen.lines = json_array();
    run->seen.logs = json_object();
    run->seen.replies = json_object();
    CHECK(sim_new(&options, &run->seen.sim, &err) == 0);
    if (run_story(run) && run_to_rest(run))
        look_at(run, -1);
    breach = sim_breach(run->seen.sim, &text);
    if (breach != NULL) {
        printf("%s: %s is broken at %lld ms: %s\n", s->path, breach,
               (long long)sim_now(run->seen.sim), text);
        run->failed++;
    }
    sim_free(run->seen.sim);
    return run->failed;
}

/* ---- comparing ---- */

struct lines {
    const char **at;
    int n;
};

static struct lines lines_of(struct buf *text)
{
    const char *c = buf_cstr(text);
    struct lines lines = {0};

    while (*c != '\0') {
        lines.at = mem_realloc(lines.at, (size_t)lines.n + 1, sizeof lines.at[0]);
        lines.at[lines.n++] = c;
        c += strcspn(c, "\n");
        c += *c != '\0';
    }
    return lines;
}

static bool same(const char *a, const char *b)
{
    size_t len = strcspn(a, "\n");

    return len == strcspn(b, "\n") && memcmp(a, b, len) == 0;
}

static void print(char mark, const char *line)
{
    printf("%c%.*s\n", mark, (int)strcspn(line, "\n"), line);
}

/* The longest common subsequence of what is left of both, by lengths of its tails. */
static void print_rest(const struct lines *old, const struct lines *new, int first)
{
    int n = old->n - first < DIFFERENT ? old->n - first : DIFFERENT, i;
    int m = new->n - first < DIFFERENT ? new->n - first : DIFFERENT, k;
    int *common = mem_zalloc((size_t)(n + 1) * (size_t)(m + 1), sizeof *common);

#define COMMON(i, k) common[(i) * (m + 1) + (k)]
    for (i = n - 1; i >= 0; i--)
        for (k = m - 1; k >= 0; k--)
            if (same(old->at[first + i], new->at[first + k]))
                COMMON(i, k) = COMMON(i + 1, k + 1) + 1;
            else
                COMMON(i, k) =
                    COMMON(i + 1, k) > COMMON(i, k + 1) ? COMMON(i + 1, k) : COMMON(i, k + 1);
    for (i = k = 0; i < n || k < m;) {
        if (i < n && k < m && same(old->at[first + i], new->at[first + k])) {
            print(' ', old->at[first + i++]);
            k++;
        } else if (k == m || (i < n && COMMON(i + 1, k) >= COMMON(i, k + 1))) {
            print('-', old->at[first + i++]);
        } else {
            print('+', new->at[first + k++]);
        }
    }
#undef COMMON
    mem_free(common);
}

/* True: they are equal. */
static bool compare(const char *path, struct buf *expected, struct buf *seen)
{
    struct lines old = lines_of(expected), new = lines_of(seen);
    int first = 0, i;
    bool equal;

    while (first < old.n && first < new.n &&same(old.at[first], new.at[first]))
        first++;
    equal = first == old.n && first == new.n;
    if (!equal) {
        printf("--- %s: expected\n+++ seen; the first difference is in line %d of the trace\n",
               path, first + 1);
        for (i = first > CONTEXT ? first - CONTEXT : 0; i < first; i++)
            print(' ', old.at[i]);
        print_rest(&old, &new, first);
    }
    mem_free(old.at);
    mem_free(new.at);
    return equal;
}

static bool write_trace(const struct scenario *scenario, const struct buf *trace)
{
    FILE *file = fopen(scenario->path, "w");
    bool written;

    if (file == NULL) {
        printf("%s: %m\n", scenario->path);
        return false;
    }
    fwrite(scenario->told.data, 1, scenario->told.len, file);
    fwrite(trace->data, 1, trace->len, file);
    written = !ferror(file);
    return fclose(file) == 0 && written;
}

/* The run's whole ledger, as `kirikae audit export` would write it. */
static bool write_export(const char *path, const struct observed *seen)
{
    struct export_options options = {
        .format = EXPORT_JSONL, .cluster = "story", .since_ms = UTC_NONE, .until_ms = UTC_NONE};
    struct ledger_export *export = export_new(&options);
    struct buf out = {0};
    const json_t *line;
    struct err err;
    FILE *file;
    size_t i;

    json_array_foreach(seen->lines, i, line) CHECK(
        export_line(export, json_string_value(line), json_string_length(line), &out, &err) == 0);
    export_end(export, &out);
    export_free(export);
    file = fopen(path, "w");
    if (file != NULL)
        fwrite(out.data, 1, out.len, file);
    buf_free(&out);
    return file != NULL && fclose(file) == 0;
}

/* True: as it should be. */
static bool one(const char *path, bool write, const char *export)
{
    struct scenario *scenario = mem_zalloc(1, sizeof *scenario);
    struct run run = {.scenario = scenario};
    struct err err;
    bool good = false;

    if (scenario_read(path, scenario, &err) < 0) {
        printf("%s\n", err.text);
    } else {
        good = run_scenario(&run) == 0;
        if (export != NULL)
            good = write_export(export, &run.seen);
        else if (!write)
            good = compare(path, &scenario->trace, &run.seen.trace) && good;
        else if (good)
            good = write_trace(scenario, &run.seen.trace);
        else
            printf("%s: not written\n%.*s", path, (int)run.seen.trace.len,
                   (const char *)run.seen.trace.data);
        observed_free(&run.seen);
    }
    scenario_free(scenario);
    mem_free(scenario);
    return good;
}

static int usage(void)
{
    struct buf text = {0};

    expect_usage(&text);
    printf("golden [--write] FILE...\ngolden --export LEDGER FILE\n\nWhat can be expected "
           "(scenario.h has the rest):\n%s",
           buf_cstr(&text));
    buf_free(&text);
    return 2;
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
    int i, bad = 0;

    if (argc < 2 + write || strcmp(argv[1], "--help") == 0)
        return usage();
    if (argc == 4 && strcmp(argv[1], "--export") == 0)
        return !one(argv[3], false, argv[2]);
    for (i = 1 + write; i < argc; i++)
        bad += !one(argv[i], write, NULL);
    return bad > 0;
}
