/* The operators' page of twelve engines that run in one process. */
#include "../core/cluster.h"
#include "base/mem.h"
#include "base/utc.h"
#include "report/ops.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VOICE 0
#define MIRROR 4
#define BACKUP 8

struct view {
    struct cluster *cluster;
    struct ops_newest newest;
    struct ops_matrix matrix;
    struct status_local local;
    struct ops ops;
};

static void on_line(void *context, const char *line, size_t len)
{
    ops_newest_line(context, line, len);
}

/* The page of one node, now. */
static const struct ops *look(struct view *view, int node, enum sla_language language)
{
    view->local = (struct status_local){.self = node, .term = 3, .role = RAFT_ROLE_FOLLOWER};
    view->ops = (struct ops){.engine = cluster_engine(view->cluster, node),
                             .now = cluster_now(view->cluster),
                             .local = &view->local,
                             .matrix = &view->matrix,
                             .newest = &view->newest,
                             .language = language};
    view->matrix.next = 0;
    assert_true(ops_matrix_look(&view->matrix, view->ops.engine, view->ops.now, LIMIT_CHECKS));
    return &view->ops;
}

static void view_open(struct view *view, const char *kind)
{
    *view = (struct view){.cluster = cluster_new(kind, 0, 5)};
    view->cluster->line = on_line;
    view->cluster->line_context = &view->newest;
    cluster_run(view->cluster, 3000);
}

static void view_close(struct view *view)
{
    cluster_free(view->cluster);
    ops_newest_free(&view->newest);
}

static char *page(const struct ops *ops)
{
    struct buf out = {0};

    ops_page(ops, &out);
    buf_cstr(&out);
    return (char *)out.data; /* to mem_free() */
}

static char *part(const struct ops *ops, enum ops_part number)
{
    struct buf out = {0};

    ops_part(ops, number, &out);
    buf_cstr(&out);
    return (char *)out.data;
}

static bool says(const struct ops *ops, enum ops_part number, const char *text)
{
    char *html = part(ops, number);
    bool found = strstr(html, text) != NULL;

    if (!found)
        print_message("no \"%s\" in: %s\n", text, html);
    mem_free(html);
    return found;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

/* ---- what is there ---- */

static void a_calm_cluster_is_told_in_both_languages(void **state)
{
    static const char *const texts[][2] = {{"Operators&#39; page", "運用者ページ"},
                                           {"At a glance", "概況"},
                                           {"Open incidents", "継続中の障害"},
                                           {"Last decision", "直近の判断"},
                                           {"Who watches what", "監視の分担"},
                                           {"error budget", "許容停止時間"},
                                           {"Commands that print this", "コマンド"},
                                           {"lang=\"en\"", "lang=\"ja\""},
                                           {"No incident is open.", "継続中の障害はありません。"},
                                           {"still being read", "台帳を読み込んでいます"}};
    struct view view;
    size_t i;
    int language;

    view_open(&view, "exclusive");
    for (language = SLA_ENGLISH; language <= SLA_JAPANESE; language++) {
        char *html = page(look(&view, BACKUP, (enum sla_language)language));

        for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
            if (strstr(html, texts[i][language]) == NULL)
                fail_msg("no \"%s\"", texts[i][language]);
        assert_null(strstr(html, "<form"));
        assert_null(strstr(html, "<button"));
        assert_null(strstr(html, "style="));
        assert_null(strstr(html, "http://"));
        assert_int_equal(count(html, "class=\"alarm\""), 0);
        assert_int_equal(count(html, "data-part"), OPS_PARTS);
        mem_free(html);
    }
    view_close(&view);
}

static void each_server_has_its_row_and_the_leader_its_mark(void **state)
{
    struct view view;
    const struct ops *ops;
    char *html;

    view_open(&view, "available");
    ops = look(&view, BACKUP, SLA_ENGLISH);
    html = part(ops, OPS_SERVERS);
    assert_int_equal(count(html, "scope=\"row\""), 12);
    assert_int_equal(count(html, "scope=\"rowgroup\""), 3);
    assert_int_equal(count(html, ">Leader<"), 1);
    assert_int_equal(count(html, "this node"), 1);
    assert_int_equal(count(html, " ms ago"), 11);
    assert_int_equal(count(html, "11 / 11"), 24);
    mem_free(html);
    view.cluster->stopped[MIRROR + 1] = true;
    cluster_run(view.cluster, 6000);
    ops = look(&view, BACKUP, SLA_ENGLISH);
    assert_true(says(ops, OPS_SERVERS, "silent since <time"));
    assert_true(says(ops, OPS_SERVERS, "10 / 11"));
    assert_true(says(ops, OPS_SERVERS, "0 / 11"));
    view_close(&view);
}

static void holders_are_named_with_what_is_left_of_their_promise(void **state)
{
    struct view view;
    const struct ops *ops;
    char *html;

    view_open(&view, "exclusive");
    ops = look(&view, BACKUP, SLA_ENGLISH);
    html = part(ops, OPS_ROUTES);
    assert_int_equal(count(html, ">serves<"), 4);
    assert_int_equal(count(html, " ms left"), 4);
    assert_non_null(strstr(html, "1.0"));
    assert_non_null(strstr(html, "kirikae explain "));
    mem_free(html);
    html = part(ops, OPS_COMMANDS);
    assert_non_null(strstr(html, "id=\"how-explain-0\""));
    mem_free(html);
    view_close(&view);
}

static void a_move_is_told_with_rule_facts_and_ballots(void **state)
{
    struct view view;
    const struct ops *ops;
    int i;

    view_open(&view, "available");
    for (i = 0; i < 4; i++)
        view.cluster->dead[VOICE + i] = true;
    cluster_run(view.cluster, 2000);
    assert_int_equal(view.cluster->moves, 1);
    ops = look(&view, BACKUP, SLA_ENGLISH);
    assert_true(says(ops, OPS_DECISION, "href=\"#how-rules\""));
    assert_true(says(ops, OPS_DECISION, "active-failed"));
    assert_true(says(ops, OPS_DECISION, "automatic"));
    assert_true(says(ops, OPS_VERDICT, "refused"));
    assert_true(says(ops, OPS_VERDICT, "class=\"bad\">down<"));
    assert_true(says(ops, OPS_GLANCE, "class=\"bad\"><a href=\"#how-status\""));
    assert_true(says(ops, OPS_COVERAGE, "cell bad\">down 1/1"));
    view_close(&view);
}

static void an_open_incident_is_told_with_its_age_and_command(void **state)
{
    struct view view;
    const struct ops *ops;
    char *html;
    int i;

    view_open(&view, "available");
    for (i = 0; i < 8; i++)
        view.cluster->dead[VOICE + i] = true;
    cluster_run(view.cluster, 70000);
    ops = look(&view, BACKUP, SLA_ENGLISH);
    assert_true(says(ops, OPS_INCIDENTS, "kirikae incident show "));
    assert_true(says(ops, OPS_INCIDENTS, ">1 min "));
    assert_true(says(ops, OPS_ALERT, "Open: "));
    html = part(ops, OPS_ALERT);
    assert_null(strstr(html, " min ")); /* nothing in it beats */
    mem_free(html);
    view_close(&view);
}

static void without_a_quorum_the_page_says_so_and_since_when(void **state)
{
    struct view view;
    const struct ops *ops;
    char *html, since[UTC_TEXT_MAX], text[128];
    int64_t cut_ms;
    int i;

    view_open(&view, "available");
    for (i = 0; i < 8; i++)
        view.cluster->stopped[i] = true;
    cut_ms = view.cluster->now_ms;
    cluster_run(view.cluster, 20000);
    ops = look(&view, BACKUP + 1, SLA_ENGLISH);
    assert_true(says(ops, OPS_BANNER, "<strong>No quorum</strong>"));
    utc_format(ops->now.utc_ms - (ops->now.boot_ms - engine_knew_ms(ops->engine)), since);
    snprintf(text, sizeof text, "since <time datetime=\"%s\">", since);
    assert_true(says(ops, OPS_BANNER, text));
    assert_in_range(ops->now.boot_ms - engine_knew_ms(ops->engine), 20000 - 1500,
                    20000 + view.cluster->now_ms - cut_ms);
    assert_true(says(ops, OPS_BANNER, "(4 / 11, needed 6)"));
    assert_true(says(ops, OPS_SERVERS, "not heard here"));
    html = page(look(&view, BACKUP + 1, SLA_JAPANESE));
    assert_non_null(strstr(html, "過半数の合意が取れません"));
    mem_free(html);
    view_close(&view);
}

/* ---- coverage ---- */

static void the_matrix_in_slices_is_the_matrix_at_once(void **state)
{
    struct view view;
    struct ops_matrix slices = {0};
    const struct ops *ops;
    int turns = 1;

    view_open(&view, "available");
    ops = look(&view, BACKUP, SLA_ENGLISH);
    while (!ops_matrix_look(&slices, ops->engine, ops->now, 3))
        turns++;
    assert_true(turns > 2);
    assert_memory_equal(&slices, &view.matrix, sizeof slices);
    view_close(&view);
}

static void an_observer_that_is_gone_is_old_in_the_matrix(void **state)
{
    struct view view;

    view_open(&view, "available");
    assert_true(says(look(&view, BACKUP, SLA_ENGLISH), OPS_COVERAGE, "cell good\">up 1"));
    assert_int_equal(view.matrix.cells[VOICE][MIRROR].fresh, 1);
    assert_int_equal(view.matrix.cells[VOICE][VOICE].assigned, 0); /* never its own */
    view.cluster->stopped[MIRROR] = true;
    cluster_run(view.cluster, 20000);
    assert_true(says(look(&view, BACKUP, SLA_ENGLISH), OPS_COVERAGE, "cell warn\">old 0/1"));
    assert_int_equal(view.matrix.cells[VOICE][MIRROR].fresh, 0);
    view_close(&view);
}

/* ---- changes ---- */

static json_t *event(const struct ops *ops, struct ops_sent *sent, size_t most)
{
    struct buf out = {0};
    json_t *json;

    ops_event(ops, sent, most, &out);
    json = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    buf_free(&out);
    return json;
}

static size_t parts_in(const json_t *event)
{
    return json_object_size(json_object_get(event, "parts"));
}

static bool brings(const json_t *event, enum ops_part number)
{
    return json_object_get(json_object_get(event, "parts"), ops_part_id(number)) != NULL;
}

static void only_what_changed_is_sent(void **state)
{
    struct ops_sent sent = {0};
    struct view view;
    json_t *e;
    int i;

    view_open(&view, "available");
    e = event(look(&view, BACKUP, SLA_ENGLISH), &sent, 1 << 20);
    assert_int_equal(parts_in(e), OPS_PARTS);
    assert_int_equal(json_object_size(json_object_get(e, "digests")), OPS_PARTS);
    json_decref(e);
    e = event(look(&view, BACKUP, SLA_ENGLISH), &sent, 1 << 20);
    assert_int_equal(parts_in(e), 0);
    assert_int_equal(json_object_size(json_object_get(e, "digests")), OPS_PARTS);
    json_decref(e);
    cluster_run(view.cluster, 1000);
    e = event(look(&view, BACKUP, SLA_ENGLISH), &sent, 1 << 20);
    assert_true(brings(e, OPS_HEAD));
    assert_false(brings(e, OPS_COVERAGE));
    assert_false(brings(e, OPS_ROUTES));
    assert_false(brings(e, OPS_COMMANDS));
    json_decref(e);
    for (i = 0; i < 4; i++)
        view.cluster->dead[VOICE + i] = true;
    cluster_run(view.cluster, 1000);
    e = event(look(&view, BACKUP, SLA_ENGLISH), &sent, 1 << 20);
    assert_true(brings(e, OPS_ROUTES));
    assert_true(brings(e, OPS_DECISION));
    assert_true(brings(e, OPS_VERDICT));
    assert_true(brings(e, OPS_COVERAGE));
    assert_false(brings(e, OPS_COMMANDS));
    json_decref(e);
    view_close(&view);
}

static void an_event_that_would_be_too_large_has_no_parts(void **state)
{
    struct ops_sent sent = {0};
    struct view view;
    json_t *e;

    view_open(&view, "available");
    e = event(look(&view, BACKUP, SLA_ENGLISH), &sent, 2000);
    assert_int_equal(json_object_size(json_object_get(e, "digests")), OPS_PARTS);
    assert_null(json_object_get(e, "parts"));
    json_decref(e);
    view_close(&view);
}

static void the_json_has_what_the_commands_print(void **state)
{
    static const char *const keys[] = {"status",  "nodes",   "routes",  "coverage",
                                       "windows", "notices", "verdict", "decision"};
    struct buf out = {0};
    struct view view;
    json_t *json;
    size_t i;

    view_open(&view, "available");
    ops_json(look(&view, BACKUP, SLA_ENGLISH), &out);
    json = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_non_null(json_object_get(json, keys[i]));
    assert_true(json_is_null(json_object_get(json, "sla")));
    assert_int_equal(json_array_size(json_object_get(json_object_get(json, "nodes"), "nodes")), 12);
    json_decref(json);
    buf_free(&out);
    view_close(&view);
}

/* ---- what others wrote ---- */

#define HOSTILE "<script>alert('x')</script>\\\"&"
#define ESCAPED "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"

static void texts_of_others_are_escaped(void **state)
{
    static const char line[] =
        "{\"v\":1,\"seq\":7,\"index\":9,\"term\":1,\"time\":\"2026-11-22T03:04:05.678Z\","
        "\"category\":\"failover\",\"type\":\"intent\",\"route\":\"" HOSTILE "\","
        "\"kind\":\"" HOSTILE "\",\"epoch\":2,\"step\":0,\"from\":\"" HOSTILE "\",\"to\":\"" HOSTILE
        "\",\"members\":[\"" HOSTILE "\"],\"rule\":19,\"facts\":[\"" HOSTILE "\"],"
        "\"who\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}";
    static const char verdict[] =
        "{\"v\":1,\"seq\":8,\"index\":9,\"term\":1,\"time\":\"2026-11-22T03:04:05.678Z\","
        "\"category\":\"verdict\",\"type\":\"down\",\"check\":\"" HOSTILE "\",\"target\":\"" HOSTILE
        "\",\"was\":\"" HOSTILE "\",\"ballots\":[{\"observer\":\"" HOSTILE "\",\"site\":\"" HOSTILE
        "\",\"opinion\":\"down\",\"reason\":\"" HOSTILE "\"},7]}";
    struct view view;
    const struct ops *ops;
    char *html;

    view_open(&view, "available");
    ops = look(&view, BACKUP, SLA_ENGLISH);
    ops_newest_line(&view.newest, line, sizeof line - 1);
    ops_newest_line(&view.newest, verdict, sizeof verdict - 1);
    html = part(ops, OPS_DECISION);
    assert_null(strstr(html, "<script"));
    assert_int_equal(count(html, ESCAPED), 8);
    mem_free(html);
    html = part(ops, OPS_VERDICT);
    assert_null(strstr(html, "<script"));
    assert_int_equal(count(html, ESCAPED), 6);
    mem_free(html);
    view_close(&view);
}

static struct model *hostile_model(void)
{
    struct model *m = model_new();

    snprintf(m->cluster, LIMIT_NAME, "<script>1</script>");
    m->n_sites = 1;
    snprintf(m->sites[0].name, LIMIT_NAME, "<script>2</script>");
    m->n_servers = m->n_coordinators = 1;
    m->servers[0].coordinator = true;
    snprintf(m->servers[0].name, LIMIT_NAME, "\"><script>3</script>");
    return m;
}

/* Nothing is committed yet, and nobody else was ever there. */
static void a_node_by_itself_has_a_page(void **state)
{
    struct view view = {0};
    struct engine_options options = {.shared = shared_new(), .model = hostile_model()};
    struct engine *engine = engine_new(&options);
    char *html;

    view.ops = (struct ops){.engine = engine,
                            .local = &view.local,
                            .matrix = &view.matrix,
                            .newest = &view.newest,
                            .budget_why = "<script>4</script>",
                            .language = SLA_ENGLISH};
    assert_true(ops_matrix_look(&view.matrix, engine, view.ops.now, 1));
    html = page(&view.ops);
    assert_int_equal(count(html, "<script"), 1); /* ours */
    assert_non_null(strstr(html, "none was known of since this node&#39;s start"));
    assert_non_null(strstr(html, "The ledger has no verdict."));
    assert_non_null(strstr(html, "Not known: &lt;script&gt;4"));
    mem_free(html);
    engine_free(engine);
}

/* ---- notices ---- */

static struct model *telling_model(void)
{
    struct model *m = hostile_model();

    m->notices = mem_zalloc(1, sizeof *m->notices);
    m->notices->n_receivers = 2;
    snprintf(m->notices->receivers[0].name, LIMIT_NAME, "night-desk");
    snprintf(m->notices->receivers[1].name, LIMIT_NAME, "<script>5</script>");
    m->notices->n_rules = 1;
    snprintf(m->notices->rules[0].name, LIMIT_NAME, "outages");
    return m;
}

static void notices_under_way_are_told_with_their_receivers(void **state)
{
    struct shared *shared = shared_new();
    struct engine_options options = {.shared = shared, .model = telling_model()};
    struct notice_ref ref = {.event = NOTICE_OUTAGE};
    struct engine *engine = engine_new(&options);
    struct notice_state *notice;
    struct view view = {0};

    view.ops = (struct ops){.engine = engine,
                            .now = {.utc_ms = 125000},
                            .local = &view.local,
                            .matrix = &view.matrix,
                            .newest = &view.newest,
                            .language = SLA_ENGLISH};
    assert_true(says(&view.ops, OPS_NOTICES, "No notice is under way."));
    notice = notices_begin(&shared->notices, 0, 60000);
    notice->id = 12;
    notice_add_ref(notice, &ref);
    notice_add_ref(notice, &ref);
    assert_true(says(&view.ops, OPS_NOTICES, "gathers what belongs to it"));
    notice_deliver(notice, 0, 60000);
    notice_deliver(notice, 1, 60000);
    notice->deliveries[0].phase = DELIVERY_ACCEPTED;
    notice->deliveries[1].attempts = 3;
    assert_true(says(&view.ops, OPS_NOTICES, ">#12<"));
    assert_true(says(&view.ops, OPS_NOTICES, "outages</bdi></td><td>outage</td>"));
    assert_true(says(&view.ops, OPS_NOTICES, "1 min 05 s"));
    assert_true(says(&view.ops, OPS_NOTICES, "night-desk</bdi> <span class=\"good\">accepted<"));
    assert_true(says(&view.ops, OPS_NOTICES, "&lt;script&gt;5"));
    assert_true(says(&view.ops, OPS_NOTICES, "due</span> (attempts: 3)"));
    engine_free(engine);
}

/* ---- the budget ---- */

static void the_budget_says_what_is_left(void **state)
{
    static struct contract contract = {.name = "sla"};
    struct sla_budget items[] = {
        {.name = "calls", .service = true, .allowed_ms = 7200000, .used_ms = 1800000},
        {.name = "login", .allowed_ms = 60000, .used_ms = 90000},
        {.name = "other", .allowed_ms = -1, .used_ms = 5000}};
    struct sla_status status = {.contract = &contract, .items = items, .n = 3};
    struct view view;
    struct ops ops;

    view_open(&view, "available");
    ops = *look(&view, BACKUP, SLA_ENGLISH);
    ops.budget = &status;
    assert_true(says(&ops, OPS_BUDGET, "2 h 00 min"));
    assert_true(says(&ops, OPS_BUDGET, "1 h 30 min"));
    assert_true(says(&ops, OPS_BUDGET, " 25 %"));
    assert_true(says(&ops, OPS_BUDGET, "num bad\">−30 s"));
    assert_true(says(&ops, OPS_BUDGET, " 150 %"));
    assert_true(says(&ops, OPS_BUDGET, "no target"));
    view_close(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_cluster_is_told_in_both_languages),
        cmocka_unit_test(each_server_has_its_row_and_the_leader_its_mark),
        cmocka_unit_test(holders_are_named_with_what_is_left_of_their_promise),
        cmocka_unit_test(a_move_is_told_with_rule_facts_and_ballots),
        cmocka_unit_test(an_open_incident_is_told_with_its_age_and_command),
        cmocka_unit_test(without_a_quorum_the_page_says_so_and_since_when),
        cmocka_unit_test(the_matrix_in_slices_is_the_matrix_at_once),
        cmocka_unit_test(an_observer_that_is_gone_is_old_in_the_matrix),
        cmocka_unit_test(only_what_changed_is_sent),
        cmocka_unit_test(an_event_that_would_be_too_large_has_no_parts),
        cmocka_unit_test(the_json_has_what_the_commands_print),
        cmocka_unit_test(texts_of_others_are_escaped),
        cmocka_unit_test(a_node_by_itself_has_a_page),
        cmocka_unit_test(notices_under_way_are_told_with_their_receivers),
        cmocka_unit_test(the_budget_says_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
