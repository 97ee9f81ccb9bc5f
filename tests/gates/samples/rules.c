/* The table of rules with one thing wrong: the checker that the build runs must name it.
 *
 *   rules CASE     1 with the checker's words; 0: the broken table passed */
#include "core/failover/rules_check.h"

#include <stdio.h>
#include <string.h>

#define SERVING (1u << ROUTE_SERVING)
#define ACTING (1u << ROUTE_ACTING)
#define EVERY ((1u << PHASE_COUNT) - 1)

enum edit { AT_THE_TOP, AT_THE_END, INSTEAD, WITHOUT, AS_IT_IS };

static const struct broken {
    const char *name;
    enum edit edit;
    uint16_t of; /* INSTEAD, WITHOUT: the row */
    struct rule row;
} cases[] = {
    {.name = "as-it-is", .edit = AS_IT_IS},
    {.name = "unreachable",
     .edit = AT_THE_TOP,
     .row = {200, SERVING, FACT_ACTIVE_OK | FACT_ACTIVE_FAILED, 0, ACTION_NONE, "both at once"}},
    {.name = "shadowed",
     .edit = AT_THE_END,
     .row = {200, SERVING, FACT_ACTIVE_OK, 0, ACTION_NONE, "too late"}},
    {.name = "shadowed-by-many",
     .edit = INSTEAD,
     .of = 58,
     .row = {58, ACTING, FACT_ACTIVE_FAILED | FACT_OTHER_READY, 0, ACTION_NONE, "all is said"}},
    {.name = "shadows",
     .edit = AT_THE_TOP,
     .row = {200, EVERY, FACT_SWITCHOVER | FACT_TARGET_ACTIVE, 0, ACTION_REFUSE, "too soon"}},
    {.name = "twice",
     .edit = INSTEAD,
     .of = 63,
     .row = {62, SERVING, 0, 0, ACTION_NONE, "the number of another"}},
    {.name = "no-row", .edit = WITHOUT, .of = 63},
    {.name = "with-and-without",
     .edit = INSTEAD,
     .of = 62,
     .row = {62, SERVING, FACT_ACTIVE_OK, FACT_ACTIVE_OK, ACTION_NONE, "needed and forbidden"}},
    {.name = "unanswered",
     .edit = INSTEAD,
     .of = 13,
     .row = {13, SERVING, FACT_SWITCHOVER, 0, ACTION_NONE, "an operator hears nothing"}},
    {.name = "unsafe-move",
     .edit = INSTEAD,
     .of = 20,
     .row = {20, SERVING, FACT_ACTIVE_FAILED | FACT_OTHER_READY, 0, ACTION_MOVE, "even when held"}},
    {.name = "moves-healthy",
     .edit = AT_THE_TOP,
     .row = {200, SERVING, FACT_OTHER_READY, FACT_ASKED, ACTION_MOVE, "for no reason"}},
    {.name = "no-comment",
     .edit = INSTEAD,
     .of = 62,
     .row = {62, SERVING, FACT_ACTIVE_OK, 0, ACTION_NONE, ""}},
};

static int edited(const struct broken *broken, struct rule rows[RULES_MAX])
{
    const struct rule *table;
    int i, n, size;

    table = rules_table(&size);
    n = 0;
    if (broken->edit == AT_THE_TOP)
        rows[n++] = broken->row;
    for (i = 0; i < size; i++) {
        bool it = table[i].number == broken->of;

        if (it && broken->edit == INSTEAD)
            rows[n++] = broken->row;
        else if (!it || broken->edit != WITHOUT)
            rows[n++] = table[i];
    }
    if (broken->edit == AT_THE_END)
        rows[n++] = broken->row;
    return n;
}

int main(int argc, char **argv)
{
    struct rule rows[RULES_MAX];
    struct buf problems = {0};
    struct rules_check result;
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (argc == 2 && strcmp(argv[1], cases[i].name) == 0)
            break;
    if (i == sizeof cases / sizeof cases[0])
        return 2;
    result = rules_check(rows, edited(&cases[i], rows), &problems);
    printf("%s", result.problems > 0 ? buf_cstr(&problems) : "");
    buf_free(&problems);
    return result.problems > 0;
}
