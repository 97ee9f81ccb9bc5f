/* The operators' page: its frame, the events for who watches, and the JSON beside it. */
#include "base/check.h"
#include "report/ops_pen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *id;
    void (*write)(struct ops_pen *pen);
} parts[OPS_PARTS] = {
    [OPS_HEAD] = {"head", ops_head},
    [OPS_BANNER] = {"banner", ops_banner},
    [OPS_GLANCE] = {"glance", ops_glance},
    [OPS_SERVERS] = {"servers", ops_servers},
    [OPS_ROUTES] = {"routes", ops_routes},
    [OPS_ALERT] = {"alert", ops_alert},
    [OPS_INCIDENTS] = {"incidents", ops_incidents},
    [OPS_NOTICES] = {"notices", ops_notices},
    [OPS_VERDICT] = {"verdict", ops_verdict},
    [OPS_DECISION] = {"decision", ops_decision},
    [OPS_COVERAGE] = {"coverage", ops_coverage},
    [OPS_BUDGET] = {"budget", ops_budget},
    [OPS_COMMANDS] = {"commands", ops_commands},
};

static void pen_begin(struct ops_pen *pen, const struct ops *ops, struct buf *out)
{
    *pen = (struct ops_pen){.ops = ops,
                            .model = engine_model(ops->engine),
                            .shared = engine_shared(ops->engine),
                            .html = {.out = out}};
}

const char *ops_part_id(enum ops_part part)
{
    CHECK(part < OPS_PARTS);
    return parts[part].id;
}

void ops_part(const struct ops *ops, enum ops_part part, struct buf *out)
{
    struct ops_pen pen;

    CHECK(part < OPS_PARTS);
    pen_begin(&pen, ops, out);
    parts[part].write(&pen);
    CHECK(pen.html.depth == 0);
}

/* ---- the page ---- */

/* In an element of its own, which a script may put other bytes into. */
static void part(struct ops_pen *pen, const char *element, enum ops_part number, bool live)
{
    html_open(&pen->html, element);
    html_attr(&pen->html, "id", parts[number].id);
    html_attr(&pen->html, "data-part", "");
    if (live)
        html_attr(&pen->html, "aria-live", "polite");
    parts[number].write(pen);
    html_close(&pen->html);
}

static void section(struct ops_pen *pen, const char *id, enum ops_word heading)
{
    struct html *h = &pen->html;

    html_open(h, "section");
    html_attrf(h, "aria-labelledby", "h-%s", id);
    html_open(h, "h2");
    html_attrf(h, "id", "h-%s", id);
    html_text(h, pen_say(pen, heading));
    html_close(h);
}

static void how(struct ops_pen *pen, enum ops_command command)
{
    html_open_class(&pen->html, "p", "how");
    pen_command(pen, command);
    html_close(&pen->html);
}

/* A part that may be wider than the page: it scrolls by itself, also by keyboard. */
static void wide(struct ops_pen *pen, const char *heading, enum ops_part number)
{
    struct html *h = &pen->html;

    html_open_class(h, "div", "scroll");
    html_attr(h, "role", "region");
    html_attr(h, "tabindex", "0");
    html_attrf(h, "aria-labelledby", "h-%s", heading);
    part(pen, "div", number, false);
    html_close(h);
}

static void wide_section(struct ops_pen *pen, const char *id, enum ops_word heading,
                         enum ops_command command, enum ops_part number)
{
    section(pen, id, heading);
    how(pen, command);
    wide(pen, id, number);
    html_close(&pen->html);
}

static void head(struct ops_pen *pen)
{
    bool english = pen->ops->language == SLA_ENGLISH;
    struct html *h = &pen->html;

    html_head(h);
    html_open(h, "noscript");
    html_meta(h, "http-equiv", "refresh", "10");
    html_close(h);
    html_open(h, "title");
    html_textf(h, "%s – %s", pen->model->cluster, pen_say(pen, O_TITLE));
    html_close(h);
    html_style(h, ops_style);
    html_open(h, "script");
    html_attr(h, "src", OPS_PATH_SCRIPT);
    html_attr(h, "defer", "");
    html_attr(h, "data-events", english ? OPS_PATH_EVENTS_EN : OPS_PATH_EVENTS);
    html_attr(h, "data-live", pen_say(pen, O_LIVE));
    html_attr(h, "data-lost", pen_say(pen, O_LOST));
    html_attr(h, "data-stale", pen_say(pen, O_STALE));
    html_close(h);
    html_close(h);
}

static void link_to(struct ops_pen *pen, const char *href, const char *language, const char *words)
{
    struct html *h = &pen->html;

    html_open(h, "a");
    html_attr(h, "href", href);
    if (language != NULL) {
        html_attr(h, "lang", language);
        html_attr(h, "hreflang", language);
    }
    html_text(h, words);
    html_close(h);
}

static void top(struct ops_pen *pen)
{
    bool english = pen->ops->language == SLA_ENGLISH;
    struct html *h = &pen->html;

    html_open(h, "header");
    html_open(h, "h1");
    html_leaf(h, "bdi", NULL, pen->model->cluster);
    html_text(h, " ");
    pen_leaf(pen, "span", "title", O_TITLE);
    html_close(h);
    part(pen, "p", OPS_HEAD, false);
    html_open_class(h, "p", "links");
    link_to(pen, english ? OPS_PATH : OPS_PATH_EN, english ? "ja" : "en",
            pen_say(pen, O_OTHER_LANGUAGE));
    html_text(h, " · ");
    link_to(pen, OPS_PATH_JSON, NULL, pen_say(pen, O_JSON));
    html_close(h);
    pen_leaf(pen, "p", "none", O_READ_ONLY);
    html_open(h, "noscript");
    pen_leaf(pen, "p", "none", O_NO_SCRIPT);
    html_close(h);
    html_open(h, "p");
    html_attr(h, "id", "line");
    html_attr(h, "role", "status");
    html_close(h);
    part(pen, "div", OPS_BANNER, true);
    html_close(h);
}

static void contents(struct ops_pen *pen)
{
    static const struct {
        const char *href;
        enum ops_word word;
    } items[] = {
        {"#h-glance", O_GLANCE},       {"#h-servers", O_SERVERS}, {"#h-routes", O_ROUTES},
        {"#h-incidents", O_INCIDENTS}, {"#h-notices", O_NOTICES}, {"#h-decisions", O_DECISIONS},
        {"#h-coverage", O_COVERAGE},   {"#h-budget", O_BUDGET},   {"#h-commands", O_COMMANDS}};
    size_t i;

    html_open(&pen->html, "nav");
    html_attr(&pen->html, "aria-label", pen_say(pen, O_JUMP));
    html_open(&pen->html, "ul");
    for (i = 0; i < sizeof items / sizeof items[0]; i++) {
        html_open(&pen->html, "li");
        link_to(pen, items[i].href, NULL, pen_say(pen, items[i].word));
        html_close(&pen->html);
    }
    html_close(&pen->html);
    html_close(&pen->html);
}

static void decisions(struct ops_pen *pen)
{
    section(pen, "decisions", O_DECISIONS);
    how(pen, CMD_EXPLAIN_LAST);
    html_open(&pen->html, "h3");
    html_text(&pen->html, pen_say(pen, O_DECISION));
    html_close(&pen->html);
    part(pen, "div", OPS_DECISION, false);
    html_open(&pen->html, "h3");
    html_attr(&pen->html, "id", "h-verdict");
    html_text(&pen->html, pen_say(pen, O_VERDICT));
    html_close(&pen->html);
    wide(pen, "verdict", OPS_VERDICT);
    html_close(&pen->html);
}

static void incidents(struct ops_pen *pen)
{
    section(pen, "incidents", O_INCIDENTS);
    how(pen, CMD_INCIDENTS);
    part(pen, "p", OPS_ALERT, true);
    wide(pen, "incidents", OPS_INCIDENTS);
    html_close(&pen->html);
}

static void coverage(struct ops_pen *pen)
{
    section(pen, "coverage", O_COVERAGE);
    how(pen, CMD_COVERAGE);
    html_open_class(&pen->html, "p", "none");
    html_textf(&pen->html, "%s. %s", pen_say(pen, O_MATRIX), pen_say(pen, O_MATRIX_LEGEND));
    html_close(&pen->html);
    wide(pen, "coverage", OPS_COVERAGE);
    html_close(&pen->html);
}

void ops_page(const struct ops *ops, struct buf *out)
{
    struct ops_pen pen;
    struct html *h = &pen.html;

    pen_begin(&pen, ops, out);
    html_begin(h, out, ops->language == SLA_ENGLISH ? "en" : "ja");
    head(&pen);
    html_open(h, "body");
    top(&pen);
    contents(&pen);
    html_open(h, "main");
    section(&pen, "glance", O_GLANCE);
    how(&pen, CMD_STATUS);
    part(&pen, "div", OPS_GLANCE, false);
    html_close(h);
    wide_section(&pen, "servers", O_SERVERS, CMD_NODES, OPS_SERVERS);
    wide_section(&pen, "routes", O_ROUTES, CMD_ROUTES, OPS_ROUTES);
    incidents(&pen);
    wide_section(&pen, "notices", O_NOTICES, CMD_NOTICES, OPS_NOTICES);
    decisions(&pen);
    coverage(&pen);
    wide_section(&pen, "budget", O_BUDGET, CMD_SLA, OPS_BUDGET);
    section(&pen, "commands", O_COMMANDS);
    pen_leaf(&pen, "p", "none", O_COMMANDS_HINT);
    part(&pen, "div", OPS_COMMANDS, false);
    html_close(h);
    html_close(h);
    html_close(h);
    html_end(h);
}

/* ---- events ---- */

/* FNV-1a. */
static uint64_t digest_of(const struct buf *bytes)
{
    uint64_t digest = 14695981039346656037u;
    size_t i;

    for (i = 0; i < bytes->len; i++)
        digest = (digest ^ bytes->data[i]) * 1099511628211u;
    return digest;
}

static void write_parts(const struct ops *ops, const struct ops_sent *before, struct ops_sent *sent,
                        struct jsonw *w)
{
    struct buf text = {0};
    int i;

    jsonw_object(w, "parts");
    for (i = 0; i < OPS_PARTS; i++) {
        buf_clear(&text);
        ops_part(ops, (enum ops_part)i, &text);
        sent->digest[i] = digest_of(&text);
        if (sent->digest[i] != before->digest[i])
            jsonw_str(w, parts[i].id, buf_cstr(&text));
    }
    jsonw_end(w);
    buf_free(&text);
}

static void write_digests(const struct ops_sent *sent, struct jsonw *w)
{
    int i;

    jsonw_object(w, "digests");
    for (i = 0; i < OPS_PARTS; i++)
        jsonw_strf(w, parts[i].id, "%016" PRIx64, sent->digest[i]);
    jsonw_end(w);
}

void ops_event(const struct ops *ops, struct ops_sent *sent, size_t most, struct buf *out)
{
    struct ops_sent before = *sent;
    size_t began = out->len;
    struct jsonw w;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    write_parts(ops, &before, sent, &w);
    write_digests(sent, &w);
    jsonw_end(&w);
    if (out->len - began <= most)
        return;
    out->len = began;
    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    write_digests(sent, &w);
    jsonw_end(&w);
}

/* ---- JSON ---- */

static void line_json(struct jsonw *w, const char *key, const struct buf *line)
{
    if (line->len == 0)
        jsonw_null(w, key);
    else
        jsonw_raw(w, key, (const char *)line->data, line->len);
}

typedef void view_json(const struct ops *ops, struct jsonw *w);

static void status_view(const struct ops *ops, struct jsonw *w)
{
    status_json(ops->engine, ops->now, ops->local, w);
}

static void nodes_view(const struct ops *ops, struct jsonw *w)
{
    status_nodes_json(ops->engine, ops->now, ops->local, w);
}

static void routes_view(const struct ops *ops, struct jsonw *w)
{
    status_routes_json(ops->engine, ops->now, ops->local, w);
}

static void coverage_view(const struct ops *ops, struct jsonw *w)
{
    status_coverage_json(ops->engine, ops->now, ops->local, 0, w);
}

static void windows_view(const struct ops *ops, struct jsonw *w)
{
    status_windows_json(ops->engine, ops->now, w);
}

static void notices_view(const struct ops *ops, struct jsonw *w)
{
    status_notices_json(ops->engine, w);
}

void ops_json(const struct ops *ops, struct buf *out)
{
    static const struct {
        const char *key;
        view_json *write;
    } views[] = {{"status", status_view},     {"nodes", nodes_view},     {"routes", routes_view},
                 {"coverage", coverage_view}, {"windows", windows_view}, {"notices", notices_view}};
    struct buf text = {0};
    struct jsonw w, inner;
    size_t i;

    jsonw_begin(&w, out);
    jsonw_object(&w, NULL);
    for (i = 0; i < sizeof views / sizeof views[0]; i++) {
        buf_clear(&text);
        jsonw_begin(&inner, &text);
        views[i].write(ops, &inner);
        jsonw_raw(&w, views[i].key, (const char *)text.data, text.len);
    }
    line_json(&w, "verdict", &ops->newest->verdict);
    line_json(&w, "decision", &ops->newest->decision);
    buf_clear(&text);
    if (ops->budget != NULL)
        sla_status_json(ops->budget, &text);
    if (text.len > 0)
        text.len--; /* its newline */
    line_json(&w, "sla", &text);
    jsonw_end(&w);
    buf_str(out, "\n");
    buf_free(&text);
}
