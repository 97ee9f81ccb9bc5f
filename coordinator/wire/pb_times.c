#include "base/check.h"
#include "base/utc.h"
#include "wire/pb.h"

#include <string.h>

/* What the state makes of entries' times lies a little beyond those. */
#define MOST_MS (2 * UTC_MOST_MS)

static bool is_time(const ProtobufCFieldDescriptor *field)
{
    size_t len = strlen(field->name);

    return field->type == PROTOBUF_C_TYPE_UINT64 &&
           (strcmp(field->name, "time") == 0 ||
            (len > 5 && strcmp(field->name + len - 5, "_time") == 0));
}

/* These are always known: there is arithmetic with them. */
static bool always_known(const char *name)
{
    static const char *const names[] = {
        "time",           "since_time",    "until_time",  "intent_time", "start_time",
        "announced_time", "end_time",      "raised_time", "first_time",  "sent_time",
        "due_time",       "accepted_time", "newest_time"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool in_range(uint64_t time, const char *name)
{
    int64_t utc_ms = pb_time_back(time);

    if (utc_ms == UTC_NONE)
        return !always_known(name);
    return utc_ms >= -MOST_MS && utc_ms <= MOST_MS;
}

int pb_times(const char *what, const ProtobufCMessage *message, struct err *err)
{
    for (unsigned f = 0; f < message->descriptor->n_fields; f++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[f];
        const char *at = (const char *)message + field->offset;
        bool list = field->label == PROTOBUF_C_LABEL_REPEATED;
        size_t n = list ? *(const size_t *)((const char *)message + field->quantifier_offset) : 1;

        for (size_t i = 0; i < n; i++) {
            const char *one = list ? *(const char *const *)at : at;

            if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                const ProtobufCMessage *inner = ((const ProtobufCMessage *const *)one)[i];

                if (inner != NULL && pb_times(what, inner, err) != 0)
                    return ERR_INVALID;
            } else if (is_time(field) && !in_range(((const uint64_t *)one)[i], field->name)) {
                return err_set(err, ERR_INVALID, "%s with %s.%s out of its range", what,
                               message->descriptor->short_name, field->name);
            }
        }
    }
    return 0;
}
