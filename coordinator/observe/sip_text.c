#include "observe/sip_text.h"
#include "base/prng.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char version[] = "SIP/2.0 ";
enum { VERSION_LEN = sizeof version - 1 };

void sip_ids(struct sip_ids *ids, uint64_t number)
{
    /* A branch begins with this cookie (8.1.1.7). */
    snprintf(ids->branch, sizeof ids->branch, "z9hG4bK%016llx",
             (unsigned long long)prng_mix(number));
    snprintf(ids->call_id, sizeof ids->call_id, "%016llx-kirikae",
             (unsigned long long)prng_mix(number ^ 1));
    snprintf(ids->tag, sizeof ids->tag, "%016llx", (unsigned long long)prng_mix(number ^ 2));
}

void sip_options(struct buf *out, const struct check *check, const struct sip_ids *ids,
                 const char *local)
{
    bool six = strchr(check->host, ':') != NULL;
    bool tcp = check->transport == TRANSPORT_TCP;
    char uri[LIMIT_NAME + 48];

    snprintf(uri, sizeof uri, "sip:%s%s%s:%d%s", six ? "[" : "", check->host, six ? "]" : "",
             check->port, tcp ? ";transport=tcp" : "");
    buf_printf(out,
               "OPTIONS %s SIP/2.0\r\n"
               "Via: SIP/2.0/%s %s;branch=%s;rport\r\n"
               "Max-Forwards: 70\r\n"
               "From: <sip:kirikae@%s>;tag=%s\r\n"
               "To: <%s>\r\n"
               "Call-ID: %s\r\n"
               "CSeq: 1 OPTIONS\r\n"
               "Contact: <sip:kirikae@%s%s>\r\n"
               "Accept: application/sdp\r\n"
               "User-Agent: kirikae\r\n"
               "Content-Length: 0\r\n\r\n",
               uri, tcp ? "TCP" : "UDP", local, ids->branch, local, ids->tag, uri, ids->call_id,
               local, tcp ? ";transport=tcp" : "");
}

struct span {
    const char *at, *end;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(struct span *s)
{
    while (s->at < s->end && blank(*s->at))
        s->at++;
    while (s->end > s->at && blank(s->end[-1]))
        s->end--;
}

static bool says(struct span s, const char *text)
{
    return (size_t)(s.end - s.at) == strlen(text) &&
           strncasecmp(s.at, text, (size_t)(s.end - s.at)) == 0;
}

/* The next line without its end; false: there is no whole one. Lines may end in LF alone,
 * as some do. */
static bool next_line(struct span *rest, struct span *line)
{
    const char *end =
        rest->at == rest->end ? NULL : memchr(rest->at, '\n', (size_t)(rest->end - rest->at));

    if (end == NULL)
        return false;
    *line = (struct span){rest->at, end};
    if (line->end > line->at && line->end[-1] == '\r')
        line->end--;
    rest->at = end + 1;
    return true;
}

/* "SIP/2.0 200 OK" */
static bool read_status(struct span line, int *status)
{
    const char *digits = line.at + VERSION_LEN;
    int value = 0;

    if (line.end - line.at < VERSION_LEN + 3 || strncasecmp(line.at, version, VERSION_LEN) != 0)
        return false;
    for (int i = 0; i < 3; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (digits[i] - '0');
    }
    *status = value;
    return (digits + 3 == line.end || digits[3] == ' ') && value >= 100 && value < 700;
}

/* The parameter "branch" of a Via: the answer's own, not that of one behind a comma. */
static bool has_branch(struct span via, const char *branch)
{
    const char *at = via.at;

    while (at < via.end) {
        struct span word = {at, at};
        const char *equals;

        while (word.end < via.end && *word.end != ';' && *word.end != ',')
            word.end++;
        if (word.end < via.end && *word.end == ',')
            return false; /* a second Via: this is not the last hop, so it is not for us */
        at = word.end + 1;
        equals = memchr(word.at, '=', (size_t)(word.end - word.at));
        if (equals != NULL) {
            struct span key = {word.at, equals}, value = {equals + 1, word.end};

            trim(&key);
            trim(&value);
            if (says(key, "branch"))
                return says(value, branch) &&
                       memchr(at, ',', (size_t)(via.end > at ? via.end - at : 0)) == NULL;
        }
    }
    return false;
}

/* What ties an answer to its request (17.1.3): each once. */
struct ties {
    int vias, calls, sequences;
    bool ours;
};

static void read_header(struct span name, struct span value, const struct sip_ids *ids,
                        struct ties *ties)
{
    trim(&name);
    trim(&value);
    if (says(name, "Via") || says(name, "v")) {
        ties->vias++;
        ties->ours &= has_branch(value, ids->branch);
    } else if (says(name, "Call-ID") || says(name, "i")) {
        ties->calls++;
        ties->ours &= says(value, ids->call_id);
    } else if (says(name, "CSeq")) {
        struct span number = {value.at, value.at}, method;

        ties->sequences++;
        while (number.end < value.end && !blank(*number.end))
            number.end++;
        method = (struct span){number.end, value.end};
        trim(&method);
        ties->ours &= says(number, "1") && says(method, "OPTIONS");
    }
}

/* Could these first bytes become an answer? */
static bool may_begin(struct span s)
{
    size_t n = (size_t)(s.end - s.at);

    return strncasecmp(s.at, version, n < VERSION_LEN ? n : VERSION_LEN) == 0;
}

enum sip_kind sip_answer(const char *bytes, size_t len, const struct sip_ids *ids, int *status)
{
    struct span rest = {bytes, bytes + len}, line;
    struct ties ties = {.ours = true};

    if (!may_begin(rest) || (len > 0 && memchr(bytes, '\0', len) != NULL))
        return SIP_GARBAGE;
    if (!next_line(&rest, &line))
        return SIP_PARTIAL;
    if (!read_status(line, status))
        return SIP_GARBAGE;
    while (next_line(&rest, &line)) {
        const char *colon;

        if (line.at == line.end)
            return ties.vias == 0 || ties.calls != 1 || ties.sequences != 1 ? SIP_GARBAGE
                   : ties.vias == 1 && ties.ours                            ? SIP_ANSWER
                                                                            : SIP_OTHER;
        if (blank(*line.at))
            continue; /* goes on with a header; none of those that tie is ever so long */
        colon = memchr(line.at, ':', (size_t)(line.end - line.at));
        if (colon == NULL)
            return SIP_GARBAGE;
        read_header((struct span){line.at, colon}, (struct span){colon + 1, line.end}, ids, &ties);
    }
    return SIP_PARTIAL;
}
