#include "act/haproxy_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* srv_admin_state of "show servers state" (management.txt 9.3). */
enum { FORCED_MAINT = 0x01, FORCED_DRAIN = 0x08 };

/* The next line of *at without its newline, and its length; NULL at the end. */
static const char *next_line(const char **at, size_t *len)
{
    const char *line = *at;

    if (*line == '\0')
        return NULL;
    *len = strcspn(line, "\n");
    *at = line + *len + (line[*len] == '\n');
    return line;
}

/* Decimal without sign or space, ended by `end`; NULL when it is not. */
static const char *parse_u32(const char *text, char end, uint32_t *value)
{
    uint64_t sum = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        sum = sum * 10 + (uint64_t)(*at - '0');
        if (sum > UINT32_MAX)
            return NULL;
    }
    if (at == text || *at != end)
        return NULL;
    *value = (uint32_t)sum;
    return end == '\0' ? at : at + 1;
}

int haproxy_refusal(const char *answer, struct err *err)
{
    char line[160];
    size_t n = 0;

    while (*answer == '\n')
        answer++;
    for (; *answer != '\0' && *answer != '\n' && n < sizeof line - 1; answer++)
        line[n++] = isprint((unsigned char)*answer) ? *answer : '?';
    line[n] = '\0';
    if (n == 0)
        return err_set(err, ERR_INVALID, "HAProxy gave an empty answer");
    if (strncmp(line, "Permission denied", 17) == 0)
        return err_set(err, ERR_DENIED, "HAProxy says: %s (its stats socket needs level admin)",
                       line);
    return err_set(err, ERR_INVALID, "HAProxy says: %s", line);
}

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool haproxy_is_outdated(const char *answer)
{
    return has_prefix(answer, "Version number out of range");
}

int haproxy_parse_map(const char *answer, struct haproxy_map *map, struct err *err)
{
    int actives = 0, epochs = 0, others = 0;
    const char *line;
    size_t len;

    memset(map, 0, sizeof *map);
    while ((line = next_line(&answer, &len)) != NULL) {
        char key[16], value[LIMIT_NAME + 1], rest[2];
        uint32_t epoch, step;
        char row[256];
        int n;

        if (len == 0)
            continue;
        if (!has_prefix(line, "0x"))
            return haproxy_refusal(line, err);
        snprintf(row, sizeof row, "%.*s", (int)len, line);
        n = len < sizeof row ? sscanf(row, "%*s %15s %64s %1s", key, value, rest) : 0;
        if (n == 2 && strcmp(key, "active") == 0 && strlen(value) < LIMIT_NAME) {
            /* HAProxy looks up the first of equal keys. */
            if (actives++ == 0)
                snprintf(map->active, sizeof map->active, "%s", value);
        } else if (n == 2 && strcmp(key, "epoch") == 0) {
            const char *dot = parse_u32(value, '.', &epoch);

            if (dot == NULL || parse_u32(dot, '\0', &step) == NULL)
                others++;
            else if (epochs++ == 0) {
                map->epoch = epoch;
                map->step = step;
            }
        } else {
            others++;
        }
    }
    map->exact = actives == 1 && epochs == 1 && others == 0;
    return 0;
}

int haproxy_parse_versions(const char *answer, const char *path, uint32_t *current,
                           uint32_t *newest, struct err *err)
{
    char name[LIMIT_TEXT + 4];
    const char *line;
    size_t len;

    snprintf(name, sizeof name, " (%s) ", path);
    while ((line = next_line(&answer, &len)) != NULL) {
        const char *found = memmem(line, len, name, strlen(name));
        const char *at = memmem(line, len, " curr_ver=", 10);

        if (found == NULL || found != memchr(line, ' ', len))
            continue;
        if (at != NULL) {
            at = parse_u32(at + 10, ' ', current);
            if (at != NULL && has_prefix(at, "next_ver=") && parse_u32(at + 9, ' ', newest) != NULL)
                return 0;
        }
        return err_set(err, ERR_INVALID, "HAProxy shows no map versions: 2.4 or newer is needed");
    }
    return err_set(err, ERR_INVALID, "HAProxy does not know the map %s", path);
}

int haproxy_parse_prepared(const char *answer, uint32_t *version, struct err *err)
{
    static const char expected[] = "New version created: ";

    if (has_prefix(answer, expected) &&
        (parse_u32(answer + sizeof expected - 1, '\n', version) != NULL ||
         parse_u32(answer + sizeof expected - 1, '\0', version) != NULL))
        return 0;
    return haproxy_refusal(answer, err);
}

int haproxy_parse_server(const char *answer, const char *backend, const char *server,
                         struct haproxy_server *is, struct err *err)
{
    const char *line;
    size_t len;

    /* A format number, a line of titles that begins with #, then the servers. */
    if (!has_prefix(answer, "1\n#"))
        return haproxy_refusal(answer, err);
    *is = (struct haproxy_server){.state = HAPROXY_ABSENT};
    while ((line = next_line(&answer, &len)) != NULL) {
        char row[512], in[LIMIT_NAME + 1], name[LIMIT_NAME + 1];
        unsigned admin, weight, configured;

        snprintf(row, sizeof row, "%.*s", (int)len, line);
        if (sscanf(row, "%*s %64s %*s %64s %*s %*s %u %u %u", in, name, &admin, &weight,
                   &configured) != 5 ||
            strcmp(in, backend) != 0 || strcmp(name, server) != 0)
            continue;
        is->weight = weight;
        is->configured = configured;
        is->state = admin & FORCED_MAINT   ? HAPROXY_MAINT
                    : admin & FORCED_DRAIN ? HAPROXY_DRAIN
                                           : HAPROXY_READY;
        return 0;
    }
    return 0;
}

bool haproxy_word(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (!isalnum((unsigned char)*text) && strchr("_.:/@+,=~-", *text) == NULL)
            return false;
    return true;
}
