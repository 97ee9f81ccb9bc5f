#include "simulate/faults/fault.h"
#include "base/check.h"
#include "simulate/faults/fault_rows.h"

#include <stdio.h>
#include <string.h>

const struct fault_row fault_rows[FAULT_KINDS] = {
    [FAULT_KILL] = {"kill", COORDINATORS, NO_VALUE, false, "the daemon dies; started again after"},
    [FAULT_FREEZE] = {"freeze", COORDINATORS, NO_VALUE, false,
                      "the daemon stands still (SIGSTOP); its clock goes on"},
    [FAULT_WIPE] = {"wipe", COORDINATORS, NO_VALUE, false,
                    "the daemon dies and its disk is empty; started again after"},
    [FAULT_RESTART] = {"restart", COORDINATORS, NO_VALUE, true,
                       "the daemon is asked to stop (SIGTERM), and started again"},
    [FAULT_UPGRADE] =
        {"upgrade", COORDINATORS, NO_VALUE, true,
         "one daemon after the other, an older program until then, starts as the newest, with "
         "the configuration's next version"},
    [FAULT_HOST] = {"host", MACHINES, NO_VALUE, false,
                    "no power: nothing answers, what was not synced is lost"},
    [FAULT_PAUSE] = {"pause", MACHINES, NO_VALUE, false,
                     "a hypervisor holds the machine: its boot clock stands still too"},
    [FAULT_REFUSE] = {"refuse", MACHINES, NO_VALUE, false,
                      "the service is gone, its machine answers"},
    [FAULT_HANG] = {"hang", MACHINES, NO_VALUE, false,
                    "the service takes connections and says nothing"},
    [FAULT_SICK] = {"sick", MACHINES, NO_VALUE, false, "the service answers with an error"},
    [FAULT_SLOW] = {"slow", MACHINES, MS, false, "the service answers that much later"},
    [FAULT_FLAP] = {"flap", MACHINES, MS, false,
                    "the service refuses and serves in turn, that long each"},
    [FAULT_UNSEEN] = {"unseen", SEEN, NO_VALUE, false,
                      "the service hangs, but only as seen from that site"},
    [FAULT_CUT] = {"cut", SERVER | SITE | PATH, NO_VALUE, false,
                   "no packet passes, from callers neither; or none on a path"},
    [FAULT_SPLIT] = {"split", SERVER | SITE, NO_VALUE, false,
                     "cut off from all other servers; callers still reach it"},
    [FAULT_LOSS] = {"loss", ALL | PATH, PERCENT, false, "so many packets are lost"},
    [FAULT_DELAY] = {"delay", ALL | PATH, MS, false, "packets take that much longer, each way"},
    [FAULT_DOUBLE] = {"double", ALL, PERCENT, false, "so many datagrams come twice"},
    [FAULT_REORDER] = {"reorder", ALL, PERCENT, false, "so many datagrams are overtaken"},
    [FAULT_STALL] = {"stall", COORDINATORS, NO_VALUE, false, "writes to the disk do not end"},
    [FAULT_FULL] = {"full", COORDINATORS, NO_VALUE, false, "no room on the disk"},
    [FAULT_CRAWL] = {"crawl", COORDINATORS, MS, false, "writes to the disk take that much longer"},
    [FAULT_BADDISK] = {"baddisk", COORDINATORS, NO_VALUE, true, "the next write fails"},
    [FAULT_CORRUPT] = {"corrupt", COORDINATORS, NO_VALUE, true,
                       "the daemon is restarted and finds its newest entry damaged"},
    [FAULT_STEP] = {"step", COORDINATORS, SIGNED_MS, true, "UTC jumps"},
    [FAULT_DRIFT] = {"drift", COORDINATORS, PPM, false, "the clock runs fast or, negative, slow"},
    [FAULT_MUTE] = {"mute", ACTUATOR, NO_VALUE, false, "the actuator does not answer"},
    [FAULT_LAG] = {"lag", ACTUATOR, MS, false, "the actuator's answers take that much longer"},
    [FAULT_DEAF] = {"deaf", ACTUATOR, NO_VALUE, false,
                    "commands take effect, but the answers are lost"},
    [FAULT_LATE] = {"late", ACTUATOR, MS, false,
                    "commits land that much later, whatever became of their sender"},
    [FAULT_FORGET] = {"forget", ACTUATOR, NO_VALUE, true,
                      "the actuator restarts with what it began with"},
    [FAULT_SWITCHOVER] = {"switchover", CANDIDATE, NO_VALUE, true,
                          "an operator asks for a planned move"},
    [FAULT_FAILOVER] = {"failover", CANDIDATE, NO_VALUE, true,
                        "an operator leaves a failed candidate"},
    [FAULT_FORCE] = {"force", CANDIDATE, NO_VALUE, true, "an operator forces a move"},
    [FAULT_REPORT] = {"report", COORDINATORS, WORD, false,
                      "the server's own software reports that it fails, or reports nothing"},
    [FAULT_HANDSOFF] = {"handsoff", ALL, NO_VALUE, false, "an operator pauses automatic moves"},
    [FAULT_DRAIN] = {"drain", SERVER, NO_VALUE, false,
                     "an operator drains the server, and lets it come back after"},
    [FAULT_LEAD] = {"lead", SERVER | NODES, NO_VALUE, true, "an operator wants it to lead"},
    [FAULT_HELPER_KILL] = {"helper-kill", COORDINATORS, NO_VALUE, true,
                           "the helper dies, and is started again after a moment"},
    [FAULT_HELPER_FREEZE] = {"helper-freeze", COORDINATORS, NO_VALUE, false,
                             "the helper stands still (SIGSTOP)"},
    [FAULT_FENCE_SLOW] = {"fence-slow", COORDINATORS, MS, false,
                          "the helper's fences take that much longer, up to F"},
    [FAULT_FENCE_STUCK] = {"fence-stuck", COORDINATORS, MS, false,
                           "the helper's fences hang, and cutting them at F takes so long"},
    [FAULT_AMEND] = {"amend", ALL, NO_VALUE, true,
                     "an operator gives the newest outage another severity or cause, or a note"},
    [FAULT_SILENT] = {"silent", ALL | RECEIVER, NO_VALUE, false,
                      "a receiver of notices takes nothing"},
    [FAULT_UNHEARD] = {"unheard", ALL | RECEIVER, NO_VALUE, false,
                       "a receiver takes notices, but its answers are lost"},
};

const char *const fault_words[] = {
    [FAULT_REPORT_FAILING] = "failing", [FAULT_REPORT_NOTHING] = "nothing", NULL};

const struct fault_time_unit fault_time_units[FAULT_TIME_UNITS] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

static const struct fault_row *row_of(enum fault_kind kind)
{
    CHECK((unsigned)kind < FAULT_KINDS);
    return &fault_rows[kind];
}

const char *fault_word(enum fault_kind kind)
{
    return row_of(kind)->word;
}

const char *fault_help(enum fault_kind kind)
{
    return row_of(kind)->help;
}

bool fault_once(enum fault_kind kind)
{
    return row_of(kind)->once;
}

void fault_usage(enum fault_kind kind, struct buf *out)
{
    static const struct {
        unsigned bit;
        const char *text;
    } forms[] = {{ALL, "all"},
                 {SERVER, "SERVER"},
                 {SITE, "SITE"},
                 {PATH, "A/B|A>B"},
                 {SEEN, "SERVER/SITE"},
                 {ACTUATOR, "ROUTE.ACTUATOR"},
                 {CANDIDATE, "ROUTE.CANDIDATE"},
                 {RECEIVER, "RECEIVER"}};
    static const char *const values[] = {
        [NO_VALUE] = "",         [MS] = "=TIME",          [SIGNED_MS] = "=[-]TIME",
        [PERCENT] = "=PERCENT%", [PPM] = "=[-]NUMBERppm", [WORD] = "=failing|nothing"};
    const struct fault_row *row = row_of(kind);
    const char *between = ":";

    buf_str(out, row->word);
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (row->takes & forms[i].bit) {
            buf_printf(out, "%s%s", between, forms[i].text);
            between = "|";
        }
    buf_printf(out, "%s@TIME%s", values[row->unit], row->once ? "" : "[+DURATION]");
}

server_set where_servers(const struct where *where, const struct model *model)
{
    server_set set = 0;

    CHECK(where->kind == WHERE_ALL || where->kind == WHERE_SERVER || where->kind == WHERE_SITE);
    if (where->kind == WHERE_SERVER)
        return server_bit(where->index);
    for (int i = 0; i < model->n_servers; i++)
        if (where->kind == WHERE_ALL || model->servers[i].site == where->index)
            set |= server_bit(i);
    return set;
}

static int part_find(const struct model *model, unsigned takes, int route, const char *name)
{
    const struct route *r = &model->routes[route];

    if (takes & CANDIDATE)
        return model_candidate(r, name);
    for (int i = 0; i < r->n_actuators; i++)
        if (strcmp(r->actuators[i].name, name) == 0)
            return i;
    return -1;
}

int fault_part_readings(const struct model *model, unsigned takes, const char *text,
                        struct where *where)
{
    const char *marks = strchr(text, ':') != NULL ? ":" : ".";
    int found = 0;

    for (const char *mark = strpbrk(text, marks); mark != NULL; mark = strpbrk(mark + 1, marks))
        for (int r = 0; r < model->n_routes; r++) {
            const char *name = model->routes[r].name;
            int part;

            if (strlen(name) != (size_t)(mark - text) || strncmp(name, text, strlen(name)) != 0)
                continue;
            part = part_find(model, takes, r, mark + 1);
            if (part < 0)
                continue;
            where->kind = takes & CANDIDATE ? WHERE_CANDIDATE : WHERE_ACTUATOR;
            where->index = r;
            where->second = part;
            found++;
        }
    return found;
}

void fault_time_format(int64_t ms, struct buf *out)
{
    if (ms == 0)
        buf_str(out, "0s");
    for (size_t i = 0; i < FAULT_TIME_UNITS; i++) {
        if (ms >= fault_time_units[i].ms)
            buf_printf(out, "%lld%s", (long long)(ms / fault_time_units[i].ms),
                       fault_time_units[i].word);
        ms %= fault_time_units[i].ms;
    }
}

static void place_format(const struct model *model, bool site, const char *name, struct buf *out)
{
    bool unclear = strcmp(name, "all") == 0 ||
                   (model_site(model, name) >= 0 && model_server(model, name) >= 0);

    buf_printf(out, "%s%s", unclear ? (site ? "site:" : "server:") : "", name);
}

static void part_format(const struct model *model, unsigned takes, const char *route,
                        const char *name, struct buf *out)
{
    char text[2 * LIMIT_NAME];
    struct where where;

    snprintf(text, sizeof text, "%s.%s", route, name);
    buf_printf(out, "%s%s%s", route,
               fault_part_readings(model, takes, text, &where) > 1 ? ":" : ".", name);
}

static void where_format(const struct where *where, const struct model *model, struct buf *out)
{
    const struct route *route;

    switch (where->kind) {
    case WHERE_ALL:
        buf_str(out, "all");
        break;
    case WHERE_SERVER:
        place_format(model, false, model->servers[where->index].name, out);
        break;
    case WHERE_SITE:
        place_format(model, true, model->sites[where->index].name, out);
        break;
    case WHERE_ACTUATOR:
        route = &model->routes[where->index];
        part_format(model, ACTUATOR, route->name, route->actuators[where->second].name, out);
        break;
    case WHERE_CANDIDATE:
        route = &model->routes[where->index];
        part_format(model, CANDIDATE, route->name, route->candidates[where->second].name, out);
        break;
    case WHERE_RECEIVER:
        buf_str(out, model->notices->receivers[where->index].name);
        break;
    }
}

static void value_format(enum fault_unit unit, int64_t value, struct buf *out)
{
    switch (unit) {
    case NO_VALUE:
        break;
    case MS:
    case SIGNED_MS:
        buf_str(out, value < 0 ? "=-" : "=");
        fault_time_format(value < 0 ? -value : value, out);
        break;
    case PERCENT:
        buf_printf(out, "=%lld", (long long)value / 10);
        if (value % 10 != 0)
            buf_printf(out, ".%lld", (long long)value % 10);
        buf_str(out, "%");
        break;
    case PPM:
        buf_printf(out, "=%lldppm", (long long)value);
        break;
    case WORD:
        buf_printf(out, "=%s", fault_words[value]);
        break;
    }
}

void fault_format(const struct fault *fault, const struct model *model, struct buf *out)
{
    const struct fault_row *row = row_of(fault->kind);

    buf_printf(out, "%s:", row->word);
    where_format(&fault->what, model, out);
    if (fault->path) {
        buf_str(out, fault->one_way ? ">" : "/");
        where_format(&fault->other, model, out);
    }
    value_format(row->unit, fault->value, out);
    buf_str(out, "@");
    fault_time_format(fault->at_ms, out);
    if (fault->for_ms > 0) {
        buf_str(out, "+");
        fault_time_format(fault->for_ms, out);
    }
}
