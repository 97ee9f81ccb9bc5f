/* One file for each actuator: the order as it came, and that it was refused for good. A file is
 * replaced before its order is obeyed (store/file.h), so what the switch was ever told is never
 * newer than the file. */
#include "agent/agent.h"
#include "base/mem.h"
#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char suffix[] = ".order";

struct orders {
    char dir[LIMIT_TEXT];
    struct agent_order *kept[AGENT_ORDERS]; /* owned */
    char *refused[AGENT_ORDERS];            /* why, owned; NULL: it was not */
    int n;
};

bool agent_same_actuator(const struct agent_order *a, const struct agent_order *b)
{
    return strcmp(a->route, b->route) == 0 && strcmp(a->actuator, b->actuator) == 0;
}

/* A name has no "@", so two actuators never share a file. */
static void path_of(const struct orders *orders, const struct agent_order *order, char *path,
                    size_t size)
{
    snprintf(path, size, "%s/%s@%s%s", orders->dir, order->route, order->actuator, suffix);
}

static int read_one(struct orders *orders, const char *name, struct err *err)
{
    char path[LIMIT_TEXT + 300], refused[LIMIT_TEXT];
    struct agent_order *order = mem_zalloc(1, sizeof *order);
    struct buf bytes = {0};
    int rc;

    snprintf(path, sizeof path, "%s/%s", orders->dir, name);
    rc = file_read(path, AGENT_ORDER, &bytes, err);
    if (rc == 0)
        rc = agent_kept_decode(bytes.data, bytes.len, order, refused, err);
    buf_free(&bytes);
    if (rc == 0 && orders->n < AGENT_ORDERS) {
        orders->refused[orders->n] = refused[0] != '\0' ? mem_strdup(refused) : NULL;
        orders->kept[orders->n++] = order;
        return 0;
    }
    mem_free(order);
    if (rc == 0)
        return err_set(err, ERR_LIMIT, "%s holds more than %d orders", orders->dir, AGENT_ORDERS);
    return rc > 0 ? 0 : err_wrap(err, ERR_CORRUPT, "%s", path);
}

static bool is_order(const char *name)
{
    size_t len = strlen(name);

    return len > sizeof suffix && strcmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

int orders_open(const char *dir, struct orders **out, struct err *err)
{
    struct orders *orders = mem_zalloc(1, sizeof *orders);
    struct dirent *entry;
    DIR *handle;
    int rc = 0;

    snprintf(orders->dir, sizeof orders->dir, "%s", dir);
    handle = opendir(dir);
    if (handle == NULL) {
        mem_free(orders);
        return err_set(err, ERR_IO, "%s: %s", dir, strerror(errno));
    }
    while (rc == 0 && (entry = readdir(handle)) != NULL)
        if (is_order(entry->d_name))
            rc = read_one(orders, entry->d_name, err);
    closedir(handle);
    if (rc != 0) {
        orders_close(orders);
        return rc;
    }
    *out = orders;
    return 0;
}

void orders_close(struct orders *orders)
{
    if (orders == NULL)
        return;
    for (int i = 0; i < orders->n; i++) {
        mem_free(orders->kept[i]);
        mem_free(orders->refused[i]);
    }
    mem_free(orders);
}

const struct agent_order *orders_at(const struct orders *orders, int i)
{
    return i < orders->n ? orders->kept[i] : NULL;
}

/* -1: none. */
static int find(const struct orders *orders, const struct agent_order *order)
{
    for (int i = 0; i < orders->n; i++)
        if (agent_same_actuator(orders->kept[i], order))
            return i;
    return -1;
}

static int write_one(struct orders *orders, const struct agent_order *order, const char *refused,
                     struct err *err)
{
    char path[LIMIT_TEXT + 2 * LIMIT_NAME + 16];
    struct buf bytes = {0};
    int rc;

    path_of(orders, order, path, sizeof path);
    agent_kept_encode(order, refused, &bytes);
    rc = file_write(path, bytes.data, bytes.len, 0600, err);
    buf_free(&bytes);
    return rc;
}

/* The same order again costs no write: a leader asserts it every few seconds. */
static bool same(const struct agent_order *a, const struct agent_order *b)
{
    struct buf left = {0}, right = {0};
    bool equal;

    agent_order_encode(a, &left);
    agent_order_encode(b, &right);
    equal = left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
    buf_free(&left);
    buf_free(&right);
    return equal;
}

int orders_keep(struct orders *orders, const struct agent_order *order, struct agent_answer *answer,
                struct err *err)
{
    int at = find(orders, order), rc;
    struct agent_order *kept = at < 0 ? NULL : orders->kept[at];

    if (kept != NULL) {
        answer->epoch = kept->epoch;
        answer->step = kept->step;
        if (kept->epoch > order->epoch || (kept->epoch == order->epoch && kept->step > order->step))
            return err_set(err, ERR_STALE, "it already serves epoch %u.%u, newer than %u.%u",
                           kept->epoch, kept->step, order->epoch, order->step);
        if (same(kept, order))
            return 0;
    } else if (orders->n == AGENT_ORDERS) {
        return err_set(err, ERR_LIMIT, "it keeps orders of %d actuators already", AGENT_ORDERS);
    }
    rc = write_one(orders, order, "", err);
    if (rc != 0)
        return rc;
    if (kept == NULL) {
        at = orders->n++;
        kept = orders->kept[at] = mem_alloc(sizeof *kept);
    }
    *kept = *order;
    mem_free(orders->refused[at]);
    orders->refused[at] = NULL;
    return 0;
}

int orders_refuse(struct orders *orders, const struct agent_order *order, const char *why,
                  struct err *err)
{
    int at = find(orders, order);

    if (at < 0 || !same(orders->kept[at], order))
        return 0; /* overtaken */
    mem_free(orders->refused[at]);
    orders->refused[at] = mem_strdup(why);
    return write_one(orders, order, why, err);
}

const char *orders_refused(const struct orders *orders, const struct agent_order *order)
{
    int at = find(orders, order);

    return at < 0 ? NULL : orders->refused[at];
}
