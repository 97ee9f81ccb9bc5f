#include "core/failover/rules_check.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NO_ROW (-1)

struct look {
    const struct rule *rows;
    int n;
    struct buf *out;
    struct rules_check result;
    bool fits[RULES_MAX];       /* in some situation … */
    bool first[RULES_MAX];      /* … and no row above it does */
    uint64_t takes[RULES_MAX];  /* rows that come first where it fits */
    uint64_t covers[RULES_MAX]; /* rows above that fit wherever it does */
    bool unsafe[RULES_MAX];     /* said already */
    bool no_row[PHASE_COUNT];   /* likewise */
};

__attribute__((format(printf, 2, 3))) static void wrong(struct look *look, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_printf(look->out, "%s\n", text);
    look->result.problems++;
}

static const char *facts_text(uint32_t facts, struct buf *text)
{
    int bit;

    buf_clear(text);
    for (bit = 0; bit < FACT_COUNT; bit++)
        if (facts & 1u << bit)
            buf_printf(text, "%s%s", text->len > 0 ? ", " : "", fact_name(bit));
    if (text->len == 0)
        buf_str(text, "none");
    return buf_cstr(text);
}

/* ---- every row by itself ---- */

static void look_at_number(struct look *look, int row)
{
    const struct rule *rule = &look->rows[row];
    int i;

    if (rule->number <= RULE_RENUMBERED)
        wrong(look, "row %d has the number %u, which means that no row decided", row + 1,
              rule->number);
    for (i = 0; i < row; i++)
        if (look->rows[i].number == rule->number)
            wrong(look, "rule %u is there twice: rows %d and %d", rule->number, i + 1, row + 1);
}

static void look_at_row(struct look *look, int row)
{
    const struct rule *rule = &look->rows[row];
    struct buf text = {0};

    look_at_number(look, row);
    if (rule->with & rule->without)
        wrong(look, "rule %u both needs and forbids: %s", rule->number,
              facts_text(rule->with & rule->without, &text));
    if ((rule->with | rule->without) >> FACT_COUNT)
        wrong(look, "rule %u names a fact that there is not", rule->number);
    if (rule->phases == 0 || rule->phases >> PHASE_COUNT)
        wrong(look, "rule %u names no phase, or one that there is not", rule->number);
    if (rule->with == 0 && rule->action != ACTION_NONE)
        wrong(look, "rule %u does something and needs no fact for it", rule->number);
    if (rule->comment == NULL || rule->comment[0] == '\0' || strlen(rule->comment) >= LIMIT_TEXT)
        wrong(look, "rule %u has no comment, or one of more than %d bytes", rule->number,
              LIMIT_TEXT - 1);
    buf_free(&text);
}

/* ---- every situation ---- */

#define HANDS_OFF                                                                                  \
    (FACT_HELD | FACT_PAUSED | FACT_MAINTENANCE | FACT_NO_QUORUM | FACT_MEMBERS_CHANGE)

/* What must hold and what must not for an action, whatever the rows say. */
static const struct safety {
    enum action action;
    uint32_t with, without;
} safety[] = {
    {ACTION_MOVE, FACT_ACTIVE_FAILED | FACT_OTHER_READY,
     HANDS_OFF | FACT_BACKOFF | FACT_MAY_HOLD | FACT_ASKED},
    {ACTION_FAILBACK, FACT_ACTIVE_OK | FACT_OTHER_READY | FACT_FAILBACK_DUE,
     HANDS_OFF | FACT_BACKOFF | FACT_MAY_HOLD | FACT_ASKED},
    {ACTION_FOLLOW, FACT_OTHER_READY | FACT_PARENT_MOVED, HANDS_OFF | FACT_ASKED},
    {ACTION_MOVE_TO, 0, FACT_NO_QUORUM | FACT_MEMBERS_CHANGE | FACT_TARGET_ACTIVE},
    {ACTION_ACT, FACT_GRANTS_OVER, FACT_ASKED},
    {ACTION_VERIFY, FACT_ALL_DONE, FACT_ASKED},
    {ACTION_POOL, FACT_ACTIVE_OK, FACT_ASKED},
    {ACTION_BLOCK, FACT_ACTIVE_FAILED, FACT_OTHER_READY | FACT_ASKED},
    {ACTION_UNBLOCK, FACT_ACTIVE_OK, FACT_ASKED},
    {ACTION_HOLD, FACT_MAY_HOLD, FACT_ASKED},
    {ACTION_DISPUTE, FACT_DISPUTED, FACT_ACTIVE_OK | FACT_ACTIVE_FAILED | FACT_ASKED},
    {ACTION_LEAVE, FACT_LEAVING | FACT_OTHER_READY,
     FACT_HELD | FACT_PAUSED | FACT_NO_QUORUM | FACT_MEMBERS_CHANGE | FACT_ASKED},
    {ACTION_NONE, 0, FACT_ASKED},
};

static bool is_safe(const struct rule *rule, uint32_t facts)
{
    bool answers = rule->action == ACTION_REFUSE || rule->action == ACTION_MOVE_TO;
    size_t i;

    if (answers && !(facts & FACT_ASKED))
        return false;
    if (rule->action == ACTION_MOVE_TO && !(facts & (FACT_TARGET_READY | FACT_FORCE)))
        return false;
    for (i = 0; i < ARRAY_LEN(safety); i++)
        if (safety[i].action == rule->action &&
            ((facts & safety[i].with) != safety[i].with || (facts & safety[i].without) != 0))
            return false;
    return true;
}

static void look_at_first(struct look *look, int row, enum route_phase phase, uint32_t facts)
{
    struct buf text = {0};

    if (row == NO_ROW && !look->no_row[phase]) {
        look->no_row[phase] = true;
        wrong(look, "no row for phase %s with the facts: %s", phase_name(phase),
              facts_text(facts, &text));
    } else if (row != NO_ROW && !look->unsafe[row] && !is_safe(&look->rows[row], facts)) {
        look->unsafe[row] = true;
        wrong(look, "rule %u says \"%s\" where it must not: phase %s, facts: %s",
              look->rows[row].number, action_name(look->rows[row].action), phase_name(phase),
              facts_text(facts, &text));
    }
    buf_free(&text);
}

static void look_at(struct look *look, enum route_phase phase, uint32_t facts)
{
    int i, first = NO_ROW;
    uint64_t above = 0;

    look->result.situations++;
    for (i = 0; i < look->n; i++) {
        if (!rule_fits(&look->rows[i], phase, facts))
            continue;
        if (first == NO_ROW)
            first = i;
        look->covers[i] = look->fits[i] ? look->covers[i] & above : above;
        look->fits[i] = true;
        look->first[i] |= first == i;
        look->takes[i] |= 1ull << first;
        above |= 1ull << i;
    }
    look_at_first(look, first, phase, facts);
}

/* A fact is only possible together with lower bits, so what a set of facts rules out, it rules
 * out with all that could still join it. */
static void each_from(struct look *look, enum route_phase phase, uint32_t facts, int bit)
{
    if (!rules_possible(phase, facts))
        return;
    if (bit == FACT_COUNT) {
        look_at(look, phase, facts);
        return;
    }
    each_from(look, phase, facts, bit + 1);
    each_from(look, phase, facts | 1u << bit, bit + 1);
}

/* ---- what came of it ---- */

static void shadowed(struct look *look, int row)
{
    bool by_one = look->covers[row] != 0;
    uint64_t by = by_one ? look->covers[row] & -look->covers[row] : look->takes[row];
    struct buf text = {0};
    int i;

    for (i = 0; i < row; i++)
        if (by & 1ull << i)
            buf_printf(&text, "%s%u", text.len > 0 ? ", " : "", look->rows[i].number);
    wrong(look, "rule %u is shadowed by %s %s: %s", look->rows[row].number,
          by_one ? "rule" : "rules", buf_cstr(&text), look->rows[row].comment);
    buf_free(&text);
}

static void look_at_reach(struct look *look)
{
    int i;

    for (i = 0; i < look->n; i++) {
        if (!look->fits[i])
            wrong(look, "rule %u is never reached: there is no situation that it fits: %s",
                  look->rows[i].number, look->rows[i].comment);
        else if (!look->first[i])
            shadowed(look, i);
    }
}

struct rules_check rules_check(const struct rule *rows, int n, struct buf *out)
{
    struct look look = {.rows = rows, .n = n, .out = out};
    int i;

    if (n < 1 || n > RULES_MAX) {
        wrong(&look, "%d rows, allowed: 1 to %d", n, RULES_MAX);
        return look.result;
    }
    for (i = 0; i < n; i++)
        look_at_row(&look, i);
    for (i = 0; i < PHASE_COUNT; i++)
        each_from(&look, (enum route_phase)i, 0, 0);
    look_at_reach(&look);
    return look.result;
}
