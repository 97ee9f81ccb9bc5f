/* What the parts of the operators' page are written with. */
#ifndef REPORT_OPS_PEN_H
#define REPORT_OPS_PEN_H

#include "report/html.h"
#include "report/ops.h"
#include "report/ops_words.h"

struct ops_pen {
    const struct ops *ops;
    const struct model *model;   /* in force */
    const struct shared *shared; /* of no configuration yet: model NULL */
    struct html html;
};

/* Commands that the page names; each has its place in OPS_COMMANDS. */
enum ops_command {
    CMD_STATUS,
    CMD_NODES,
    CMD_ROUTES,
    CMD_EXPLAIN_LAST,
    CMD_RULES,
    CMD_INCIDENTS,
    CMD_NOTICES,
    CMD_COVERAGE,
    CMD_SLA,
    CMD_WINDOWS,
    CMD_TOPOLOGY,
    CMD_COUNT
};
/* A link to it: the command itself, or a figure that it prints. */
void pen_command(struct ops_pen *pen, enum ops_command command);
void pen_figure(struct ops_pen *pen, enum ops_command command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *pen_say(const struct ops_pen *pen, enum ops_word word);
void pen_leaf(struct ops_pen *pen, const char *element, const char *class_name, enum ops_word word);
/* A word with a colour that says no more than the word does. */
void pen_tag(struct ops_pen *pen, const char *class_name, enum ops_word word);

void pen_time(struct ops_pen *pen, int64_t utc_ms);  /* "2026-11-22 03:04:05 UTC" */
void pen_since(struct ops_pen *pen, int64_t utc_ms); /* … or a dash, of UTC_NONE */
/* "180 ms", "12 s", "3 min 05 s", "2 h 07 min", "3 d 04 h" */
#define PEN_AGE_MAX 32
const char *pen_age(int64_t ms, char text[PEN_AGE_MAX]);

/* In a <dl>: the name, and what is written until the end. */
void pen_fact(struct ops_pen *pen, enum ops_word word);
void pen_fact_end(struct ops_pen *pen);

/* <table>: its head, rows and cells. */
void pen_table(struct ops_pen *pen, const char *class_name, const char *heading_id);
void pen_head(struct ops_pen *pen, const enum ops_word *columns, int n);
void pen_table_end(struct ops_pen *pen);
void pen_row(struct ops_pen *pen, const char *name); /* <tr> and its head */
void pen_cell(struct ops_pen *pen, const char *class_name);
void pen_end(struct ops_pen *pen); /* closes the innermost */

/* The parts. */
void ops_head(struct ops_pen *pen);
void ops_banner(struct ops_pen *pen);
void ops_glance(struct ops_pen *pen);
void ops_servers(struct ops_pen *pen);
void ops_routes(struct ops_pen *pen);
void ops_alert(struct ops_pen *pen);
void ops_incidents(struct ops_pen *pen);
void ops_notices(struct ops_pen *pen);
void ops_verdict(struct ops_pen *pen);
void ops_decision(struct ops_pen *pen);
void ops_coverage(struct ops_pen *pen);
void ops_budget(struct ops_pen *pen);
void ops_commands(struct ops_pen *pen);

#endif
