#include "agent/kamailio_text.h"

#include <jansson.h>
#include <string.h>

/* `root` to be released when it is not NULL; *result borrowed from it. */
static int parse(const char *bytes, size_t len, int id, json_t **root, json_t **result,
                 struct err *err)
{
    json_error_t at;
    json_t *number, *refusal;

    *root = json_loadb(bytes, len, 0, &at);
    number = json_object_get(*root, "id");
    if (!json_is_integer(number) || json_integer_value(number) != id)
        return err_set(err, ERR_INVALID, "it answers what was not asked: is this Kamailio?");
    refusal = json_object_get(json_object_get(*root, "error"), "message");
    if (json_is_string(refusal))
        return err_set(err, ERR_REFUSED, "Kamailio says: %.100s", json_string_value(refusal));
    *result = json_object_get(*root, "result");
    if (*result == NULL)
        return err_set(err, ERR_INVALID, "its answer has neither result nor error");
    return 0;
}

int kamailio_parse_done(const char *bytes, size_t len, int id, struct err *err)
{
    json_t *root, *result;
    int rc = parse(bytes, len, id, &root, &result, err);

    json_decref(root);
    return rc;
}

static int read_target(const json_t *target, struct kamailio_target *into, struct err *err)
{
    const json_t *dest = json_object_get(target, "DEST");
    const char *uri = json_string_value(json_object_get(dest, "URI"));
    const char *flags = json_string_value(json_object_get(dest, "FLAGS"));
    const json_t *weight = json_object_get(json_object_get(dest, "ATTRS"), "RWEIGHT");

    if (uri == NULL || flags == NULL || strlen(uri) >= sizeof into->uri || strlen(flags) != 2 ||
        strchr("AITD", flags[0]) == NULL)
        return err_set(err, ERR_INVALID, "a destination without URI or known flags");
    memcpy(into->uri, uri, strlen(uri) + 1);
    into->state = flags[0];
    into->probing = flags[1] == 'P';
    into->weight = 0;
    if (json_is_integer(weight) && json_integer_value(weight) > 0 &&
        json_integer_value(weight) <= 100)
        into->weight = (int)json_integer_value(weight);
    return 0;
}

static int read_set(const json_t *targets, struct kamailio_target *into, int max, int *n,
                    struct err *err)
{
    size_t i;
    json_t *target;

    json_array_foreach(targets, i, target)
    {
        int rc;

        if (*n == max)
            return err_set(err, ERR_LIMIT, "more than %d destinations", max);
        rc = read_target(target, &into[*n], err);
        if (rc != 0)
            return rc;
        (*n)++;
    }
    return 0;
}

int kamailio_parse_list(const char *bytes, size_t len, int id, int set,
                        struct kamailio_target *targets, int max, int *n, struct err *err)
{
    json_t *root, *result, *record;
    int rc = parse(bytes, len, id, &root, &result, err);
    size_t i;

    *n = 0;
    if (rc == ERR_REFUSED && strstr(err->text, "No Destination Sets") != NULL) {
        rc = 0;
    } else if (rc == 0) {
        json_array_foreach(json_object_get(result, "RECORDS"), i, record)
        {
            const json_t *of = json_object_get(record, "SET");
            const json_t *number = json_object_get(of, "ID");

            if (rc == 0 && json_is_integer(number) && json_integer_value(number) == set)
                rc = read_set(json_object_get(of, "TARGETS"), targets, max, n, err);
        }
    }
    json_decref(root);
    return rc;
}
