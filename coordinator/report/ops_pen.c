#include "report/ops_pen.h"
#include "base/check.h"
#include "base/utc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- words ---- */

const char *pen_say(const struct ops_pen *pen, enum ops_word word)
{
    return ops_word(word, pen->ops->language);
}

void pen_leaf(struct ops_pen *pen, const char *element, const char *class_name, enum ops_word word)
{
    html_leaf(&pen->html, element, class_name, pen_say(pen, word));
}

void pen_tag(struct ops_pen *pen, const char *class_name, enum ops_word word)
{
    html_text(&pen->html, " ");
    pen_leaf(pen, "span", class_name, word);
}

void pen_fact(struct ops_pen *pen, enum ops_word word)
{
    html_open(&pen->html, "div");
    pen_leaf(pen, "dt", NULL, word);
    html_open(&pen->html, "dd");
}

void pen_fact_end(struct ops_pen *pen)
{
    html_close(&pen->html);
    html_close(&pen->html);
}

void pen_time(struct ops_pen *pen, int64_t utc_ms)
{
    char text[UTC_TEXT_MAX];

    utc_format(utc_ms, text);
    html_open(&pen->html, "time");
    html_attr(&pen->html, "datetime", text);
    html_textf(&pen->html, "%.10s %.8s UTC", text, text + 11);
    html_close(&pen->html);
}

void pen_since(struct ops_pen *pen, int64_t utc_ms)
{
    if (utc_ms == UTC_NONE)
        html_text(&pen->html, "–");
    else
        pen_time(pen, utc_ms);
}

const char *pen_age(int64_t ms, char text[PEN_AGE_MAX])
{
    int64_t s = ms / 1000;

    if (ms < 1000)
        snprintf(text, PEN_AGE_MAX, "%" PRId64 " ms", ms > 0 ? ms : 0);
    else if (s < 60)
        snprintf(text, PEN_AGE_MAX, "%" PRId64 " s", s);
    else if (s < 3600)
        snprintf(text, PEN_AGE_MAX, "%" PRId64 " min %02d s", s / 60, (int)(s % 60));
    else if (s < 86400)
        snprintf(text, PEN_AGE_MAX, "%" PRId64 " h %02d min", s / 3600, (int)(s / 60 % 60));
    else
        snprintf(text, PEN_AGE_MAX, "%" PRId64 " d %02d h", s / 86400, (int)(s / 3600 % 24));
    return text;
}

/* ---- commands ---- */

static const struct {
    const char *id, *text;
    enum ops_word does;
} commands[CMD_COUNT] = {
    [CMD_STATUS] = {"how-status", "kirikae status", O_DOES_STATUS},
    [CMD_NODES] = {"how-nodes", "kirikae nodes", O_DOES_NODES},
    [CMD_ROUTES] = {"how-routes", "kirikae routes", O_DOES_ROUTES},
    [CMD_EXPLAIN_LAST] = {"how-last", "kirikae explain --last", O_DOES_LAST},
    [CMD_RULES] = {"how-rules", "kirikae rules", O_DOES_RULES},
    [CMD_INCIDENTS] = {"how-incidents", "kirikae incident list", O_DOES_INCIDENTS},
    [CMD_NOTICES] = {"how-notices", "kirikae notice list", O_DOES_NOTICES},
    [CMD_COVERAGE] = {"how-coverage", "kirikae coverage", O_DOES_COVERAGE},
    [CMD_SLA] = {"how-sla", "kirikae sla status", O_DOES_SLA},
    [CMD_WINDOWS] = {"how-windows", "kirikae maintenance list", O_DOES_WINDOWS},
    [CMD_TOPOLOGY] = {"how-topology", "kirikae topology", O_DOES_TOPOLOGY},
};

void pen_command(struct ops_pen *pen, enum ops_command command)
{
    struct html *h = &pen->html;

    html_open(h, "a");
    html_attrf(h, "href", "#%s", commands[command].id);
    html_leaf(h, "code", NULL, commands[command].text);
    html_close(h);
}

void pen_figure(struct ops_pen *pen, enum ops_command command, const char *format, ...)
{
    struct html *h = &pen->html;
    char text[LIMIT_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    html_open(h, "a");
    html_attrf(h, "href", "#%s", commands[command].id);
    html_attr(h, "title", commands[command].text);
    html_text(h, text);
    html_close(h);
}

static void command_row(struct ops_pen *pen, const char *id, const char *text, enum ops_word does)
{
    struct html *h = &pen->html;

    html_open(h, "dt");
    html_attr(h, "id", id);
    html_leaf(h, "code", NULL, text);
    html_close(h);
    pen_leaf(pen, "dd", NULL, does);
}

void ops_commands(struct ops_pen *pen)
{
    char id[32], text[LIMIT_NAME + 32];
    int i;

    html_open_class(&pen->html, "dl", "how");
    for (i = 0; i < CMD_COUNT; i++)
        command_row(pen, commands[i].id, commands[i].text, commands[i].does);
    command_row(pen, "how-incident", "kirikae incident show ID", O_DOES_INCIDENT);
    for (i = 0; i < pen->model->n_routes; i++) {
        snprintf(id, sizeof id, "how-explain-%d", i);
        snprintf(text, sizeof text, "kirikae explain %s", pen->model->routes[i].name);
        command_row(pen, id, text, O_DOES_EXPLAIN);
    }
    html_close(&pen->html);
}

/* ---- tables ---- */

void pen_table(struct ops_pen *pen, const char *class_name, const char *heading_id)
{
    html_open_class(&pen->html, "table", class_name);
    html_attr(&pen->html, "aria-labelledby", heading_id);
}

void pen_head(struct ops_pen *pen, const enum ops_word *columns, int n)
{
    struct html *h = &pen->html;
    int i;

    html_open(h, "thead");
    html_open(h, "tr");
    for (i = 0; i < n; i++) {
        html_open(h, "th");
        html_attr(h, "scope", "col");
        html_text(h, pen_say(pen, columns[i]));
        html_close(h);
    }
    html_close(h);
    html_close(h);
    html_open(h, "tbody");
}

void pen_table_end(struct ops_pen *pen)
{
    html_close(&pen->html);
    html_close(&pen->html);
}

void pen_row(struct ops_pen *pen, const char *name)
{
    html_open(&pen->html, "tr");
    html_open(&pen->html, "th");
    html_attr(&pen->html, "scope", "row");
    html_leaf(&pen->html, "bdi", NULL, name);
    html_close(&pen->html);
}

void pen_cell(struct ops_pen *pen, const char *class_name)
{
    html_open_class(&pen->html, "td", class_name);
}

void pen_end(struct ops_pen *pen)
{
    html_close(&pen->html);
}
