/* Hot: a node encodes ten beats a second and decodes a hundred. The message is that of
 * proto/beat.proto; its bytes are written and read here, and the tests compare them with what
 * the generated code makes of them. */
#include "base/check.h"
#include "base/plain.h"
#include "base/utc.h"
#include "core/feature.h"
#include "wire/codec.h"
#include "wire/packed.h"
#include "wire/pb.h"

#define MOST 4864 /* of a beat before votes are left out: the sum of the largest of all */

/* proto/beat.proto */
enum field {
    BOOT = 1,
    NUMBER = 2,
    TERM = 3,
    APPLIED = 4,
    CONFIG_VERSION = 5,
    LEADER = 6,
    ABSTAIN = 7,
    HEARD = 8,
    ECHOES = 9,
    ECHOED = 10,
    ECHO_BOOT = 11,
    ECHO_NUMBER = 12,
    ECHO_AGE = 13,
    VOTE_CHECK = 14,
    VOTE_WORD = 15,
    VOTE_AGE = 16,
    VOTE_FAIL_AGE = 17,
    VOTE_GOOD_AGE = 18,
    CLEAR_ROUTE = 19,
    CLEAR_EPOCH = 20,
    CLEAR_AHEAD = 21,
    REFUSED = 22,
    ASKS = 23,
    REPORT_CHECK = 24,
    REPORT_WORD = 25,
    REPORT_AGE = 26,
    HINT_CHECK = 27,
    HOLDING = 28,
    UNABLE = 29,
    LEAVING = 30,
    LEVEL = 31,
    LEVEL_NEEDED = 32,
    UTC_TIME = 33,
    STEPS = 34,
    STEPPED = 35,
    GAP = 36,
    TELLS = 37,
    KNEW_AGE = 38,
    JOURNAL_AGE = 39,
    FIRST_RUN = 40,
    NEWEST_RUN = 41,
    RUN_ID = 42,
    RUN_SUBJECT = 43,
    RUN_AGE = 44,
    RUN_GOOD = 45,
    RUN_LENGTH = 46,
    RUN_FAIL = 47,
    RECEIPT = 48,
    CERTIFICATE_TIME = 49,
    RECEIPT_TEXT = 50,
    FIELDS
};

/* ---- writing ---- */

/* Writes a list of `put(…)` for every `row` in [0, n) where `when`. */
#define PUT_LIST(field, row, n, when, put, ...)                                                    \
    do {                                                                                           \
        uint8_t *began = at, *values = at = list_begin(at, field);                                 \
                                                                                                   \
        for (int row = 0; row < (n); row++)                                                        \
            if (when)                                                                              \
                at = put(at, __VA_ARGS__);                                                         \
        at = list_end(began, field, values, at);                                                   \
    } while (0)

static uint8_t *put_byte(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

static uint64_t zigzag(uint32_t value)
{
    return (uint32_t)(value << 1 ^ (value >> 31 ? UINT32_MAX : 0));
}

static uint8_t *put_echoes(uint8_t *at, const struct echo *echoes, int n)
{
    server_set echoed = 0;
    int i;

    for (i = 0; i < n; i++)
        if (echoes[i].known)
            echoed |= server_bit(i);
    at = put_scalar(at, ECHOES, WIRE_VARINT, (uint64_t)n);
    at = put_scalar(at, ECHOED, WIRE_FIXED64, echoed);
    PUT_LIST(ECHO_BOOT, e, n, echoes[e].known, put_fixed64, echoes[e].boot);
    PUT_LIST(ECHO_NUMBER, e, n, echoes[e].known, put_varint, echoes[e].number);
    PUT_LIST(ECHO_AGE, e, n, echoes[e].known, put_varint, echoes[e].age_ms);
    return at;
}

static uint8_t *put_votes(uint8_t *at, const struct vote *votes, int n)
{
    PUT_LIST(VOTE_CHECK, v, n, true, put_varint, votes[v].check);
    PUT_LIST(VOTE_WORD, v, n, true, put_byte, (uint8_t)(votes[v].opinion | votes[v].reason << 2));
    PUT_LIST(VOTE_AGE, v, n, true, put_varint, pb_age(votes[v].age_ms));
    PUT_LIST(VOTE_FAIL_AGE, v, n, true, put_varint, pb_age(votes[v].fail_age_ms));
    PUT_LIST(VOTE_GOOD_AGE, v, n, true, put_varint, pb_age(votes[v].good_age_ms));
    return at;
}

static uint8_t *put_clears(uint8_t *at, const struct clear *clears, int n)
{
    PUT_LIST(CLEAR_ROUTE, c, n, true, put_varint, (uint64_t)clears[c].route << 1 | clears[c].clear);
    PUT_LIST(CLEAR_EPOCH, c, n, true, put_varint, clears[c].epoch);
    PUT_LIST(CLEAR_AHEAD, c, n, true, put_varint, zigzag(clears[c].intent - clears[c].epoch));
    return at;
}

static uint8_t *put_reports(uint8_t *at, const struct report_word *reports, int n)
{
    PUT_LIST(REPORT_CHECK, r, n, true, put_varint, reports[r].check);
    PUT_LIST(REPORT_WORD, r, n, true, put_byte, reports[r].state);
    PUT_LIST(REPORT_AGE, r, n, true, put_varint, pb_age(reports[r].age_ms));
    return at;
}

/* The first so many runs. */
static uint8_t *put_journal(uint8_t *at, const struct beat *beat, int n)
{
    const struct run_word *runs = beat->runs;

    at = put_scalar(at, TELLS, WIRE_VARINT, beat->tells);
    at = put_scalar(at, KNEW_AGE, WIRE_VARINT, pb_age(beat->knew_age_ms));
    at = put_scalar(at, JOURNAL_AGE, WIRE_VARINT, pb_age(beat->journal_age_ms));
    at = put_scalar(at, FIRST_RUN, WIRE_VARINT, beat->first_run);
    at = put_scalar(at, NEWEST_RUN, WIRE_VARINT, beat->newest_run);
    PUT_LIST(RUN_ID, r, n, true, put_varint, runs[r].id);
    PUT_LIST(RUN_SUBJECT, r, n, true, put_varint, (uint64_t)runs[r].subject << 2 | runs[r].kind);
    PUT_LIST(RUN_AGE, r, n, true, put_varint, pb_age(runs[r].age_ms));
    PUT_LIST(RUN_GOOD, r, n, true, put_varint, pb_age(runs[r].good_ms));
    PUT_LIST(RUN_LENGTH, r, n, true, put_varint, pb_age(runs[r].length_ms));
    PUT_LIST(RUN_FAIL, r, n, true, put_varint, pb_age(runs[r].fail_ms));
    return at;
}

/* What came of an attempt to tell of a notice. */
static uint8_t *put_receipt(uint8_t *at, const struct receipt_word *receipt)
{
    uint64_t words[] = {receipt->notice, receipt->receiver, receipt->attempt,
                        receipt->accepted | (unsigned)receipt->unsure << 1, receipt->age_ms};

    PUT_LIST(RECEIPT, v, (int)ARRAY_LEN(words), true, put_varint, words[v]);
    return at;
}

/* By their place in the list. */
static uint64_t held(const struct clear *clears, int n)
{
    uint64_t set = 0;

    for (int c = 0; c < n; c++)
        set |= (uint64_t)clears[c].holding << c;
    return set;
}

static uint64_t unable(const struct clear *clears, int n)
{
    uint64_t set = 0;

    for (int c = 0; c < n; c++)
        set |= (uint64_t)clears[c].unable << c;
    return set;
}

/* How much of a beat goes out: the first so many of each list. */
struct extent {
    int echoes, votes, clears;
    int runs; /* -1: not a word of the journal */
    int text; /* bytes of the receipt's */
};

/* Returns the length. */
static size_t put_beat(const struct beat *beat, const struct extent *extent, uint8_t *bytes)
{
    uint8_t *at = bytes;

    at = put_scalar(at, BOOT, WIRE_FIXED64, beat->boot);
    at = put_scalar(at, NUMBER, WIRE_VARINT, beat->number);
    at = put_scalar(at, TERM, WIRE_VARINT, beat->term);
    at = put_scalar(at, APPLIED, WIRE_VARINT, beat->applied);
    at = put_scalar(at, CONFIG_VERSION, WIRE_VARINT, beat->config_version);
    at = put_scalar(at, LEADER, WIRE_VARINT, beat->leader);
    at = put_scalar(at, ABSTAIN, WIRE_VARINT, beat->abstain);
    at = put_scalar(at, HEARD, WIRE_FIXED64, beat->heard);
    at = put_echoes(at, beat->echoes, extent->echoes);
    at = put_votes(at, beat->votes, extent->votes);
    at = put_clears(at, beat->clears, extent->clears);
    at = put_scalar(at, REFUSED, WIRE_VARINT, beat->refused);
    at = put_scalar(at, ASKS, WIRE_VARINT, beat->asks);
    at = put_reports(at, beat->reports, beat->n_reports);
    PUT_LIST(HINT_CHECK, h, beat->n_hints, true, put_varint, beat->hints[h]);
    at = put_scalar(at, HOLDING, WIRE_VARINT, held(beat->clears, extent->clears));
    at = put_scalar(at, UNABLE, WIRE_VARINT, unable(beat->clears, extent->clears));
    at = put_scalar(at, LEAVING, WIRE_VARINT, beat->leaving);
    at = put_scalar(at, LEVEL, WIRE_VARINT, beat->level);
    at = put_scalar(at, LEVEL_NEEDED, WIRE_VARINT, beat->level_needed);
    at = put_scalar(at, UTC_TIME, WIRE_VARINT, pb_time(beat->utc_ms));
    at = put_scalar(at, STEPS, WIRE_VARINT, beat->steps);
    at = put_scalar(at, STEPPED, WIRE_FIXED64, (uint64_t)beat->stepped_ms);
    at = put_scalar(at, GAP, WIRE_VARINT, beat->gap);
    if (extent->runs >= 0)
        at = put_journal(at, beat, extent->runs);
    if (beat->receipt.notice != 0)
        at = put_receipt(at, &beat->receipt);
    at = put_scalar(at, CERTIFICATE_TIME, WIRE_VARINT, pb_time(beat->certificate_ms));
    if (extent->text > 0)
        PUT_LIST(RECEIPT_TEXT, t, extent->text, true, put_byte, (uint8_t)beat->receipt.text[t]);
    return (size_t)(at - bytes);
}

void beat_encode(const struct beat *beat, struct buf *out)
{
    struct extent extent = {.echoes = beat->n_echoes,
                            .votes = beat->n_votes,
                            .clears = beat->n_clears,
                            .runs = beat->tells ? beat->n_runs : -1};
    uint8_t bytes[MOST];
    size_t len;

    CHECK(extent.echoes >= 0 && extent.echoes <= LIMIT_SERVERS);
    CHECK(extent.votes >= 0 && extent.votes <= LIMIT_BEAT_VOTES);
    CHECK(extent.clears >= 0 && extent.clears <= LIMIT_ROUTES);
    CHECK(beat->n_reports >= 0 && beat->n_reports <= LIMIT_REPORTS);
    CHECK(beat->n_hints >= 0 && beat->n_hints <= LIMIT_HINTS);
    CHECK(extent.runs >= -1 && extent.runs <= LIMIT_BEAT_RUNS);
    if (beat->receipt.notice != 0)
        extent.text = (int)strnlen(beat->receipt.text, sizeof beat->receipt.text - 1);
    /* Each vote frees BEAT_VOTE bytes at most, so no vote goes that could have stayed. Beyond
     * votes only figures of no real cluster come: what its configuration makes necessary fits
     * (model_validate). What is not said grants nothing and makes nobody heard, which is the
     * safe side. The journal waits for room, and what a receiver said is not that important. */
    while ((len = put_beat(beat, &extent, bytes)) > BEAT_ROOM) {
        int drop = (int)(len - BEAT_ROOM + BEAT_VOTE - 1) / BEAT_VOTE;

        if (extent.runs >= 0)
            extent.runs--;
        else if (extent.text > 0)
            extent.text = 0;
        else if (extent.votes > 0)
            extent.votes = extent.votes > drop ? extent.votes - drop : 0;
        else if (extent.clears > 0)
            extent.clears--;
        else
            extent.echoes--;
    }
    buf_append(out, bytes, len);
}

/* ---- reading ---- */

static const uint8_t types[FIELDS] = {
    [BOOT] = WIRE_FIXED64,
    [NUMBER] = WIRE_VARINT,
    [TERM] = WIRE_VARINT,
    [APPLIED] = WIRE_VARINT,
    [CONFIG_VERSION] = WIRE_VARINT,
    [LEADER] = WIRE_VARINT,
    [ABSTAIN] = WIRE_VARINT,
    [HEARD] = WIRE_FIXED64,
    [ECHOES] = WIRE_VARINT,
    [ECHOED] = WIRE_FIXED64,
    [ECHO_BOOT] = WIRE_BYTES,
    [ECHO_NUMBER] = WIRE_BYTES,
    [ECHO_AGE] = WIRE_BYTES,
    [VOTE_CHECK] = WIRE_BYTES,
    [VOTE_WORD] = WIRE_BYTES,
    [VOTE_AGE] = WIRE_BYTES,
    [VOTE_FAIL_AGE] = WIRE_BYTES,
    [VOTE_GOOD_AGE] = WIRE_BYTES,
    [CLEAR_ROUTE] = WIRE_BYTES,
    [CLEAR_EPOCH] = WIRE_BYTES,
    [CLEAR_AHEAD] = WIRE_BYTES,
    [REFUSED] = WIRE_VARINT,
    [ASKS] = WIRE_VARINT,
    [REPORT_CHECK] = WIRE_BYTES,
    [REPORT_WORD] = WIRE_BYTES,
    [REPORT_AGE] = WIRE_BYTES,
    [HINT_CHECK] = WIRE_BYTES,
    [HOLDING] = WIRE_VARINT,
    [UNABLE] = WIRE_VARINT,
    [LEAVING] = WIRE_VARINT,
    [LEVEL] = WIRE_VARINT,
    [LEVEL_NEEDED] = WIRE_VARINT,
    [UTC_TIME] = WIRE_VARINT,
    [STEPS] = WIRE_VARINT,
    [STEPPED] = WIRE_FIXED64,
    [GAP] = WIRE_VARINT,
    [TELLS] = WIRE_VARINT,
    [KNEW_AGE] = WIRE_VARINT,
    [JOURNAL_AGE] = WIRE_VARINT,
    [FIRST_RUN] = WIRE_VARINT,
    [NEWEST_RUN] = WIRE_VARINT,
    [RUN_ID] = WIRE_BYTES,
    [RUN_SUBJECT] = WIRE_BYTES,
    [RUN_AGE] = WIRE_BYTES,
    [RUN_GOOD] = WIRE_BYTES,
    [RUN_LENGTH] = WIRE_BYTES,
    [RUN_FAIL] = WIRE_BYTES,
    [RECEIPT] = WIRE_BYTES,
    [CERTIFICATE_TIME] = WIRE_VARINT,
    [RECEIPT_TEXT] = WIRE_BYTES,
};

/* By field: the numbers, and where the values of the lists are. */
struct message {
    uint64_t scalars[FIELDS];
    struct in lists[FIELDS];
};

static bool get_field(struct in *in, struct message *message)
{
    uint64_t key = get_varint(in), field = key >> 3, value = 0;
    struct in list = {0};

    switch (key & 7) {
    case WIRE_VARINT:
        value = get_varint(in);
        break;
    case WIRE_FIXED64:
        value = get_fixed64(in);
        break;
    case WIRE_BYTES:
        list = get_bytes(in, get_varint(in));
        break;
    case WIRE_FIXED32:
        get_bytes(in, 4);
        break;
    default:
        return false;
    }
    if (in->bad || field == 0 || key > UINT32_MAX)
        return false;
    if (field >= FIELDS)
        return true; /* a newer version's */
    if (types[field] != (key & 7) || message->lists[field].at != NULL)
        return false;
    message->scalars[field] = value;
    message->lists[field] = list;
    return true;
}

static bool used_up(const struct in *lists, enum field first, enum field last)
{
    for (unsigned f = first; f <= last; f++)
        if (lists[f].bad || lists[f].at != lists[f].end)
            return false;
    return true;
}

static bool get_echoes(struct message *message, struct beat *beat)
{
    uint32_t n = (uint32_t)message->scalars[ECHOES];
    server_set echoed = message->scalars[ECHOED];
    struct in *lists = message->lists;

    if (n > LIMIT_SERVERS || (n < LIMIT_SERVERS && echoed >> n != 0))
        return false;
    beat->n_echoes = (int)n;
    for (int i = 0; i < beat->n_echoes; i++)
        if (echoed & server_bit(i))
            beat->echoes[i] = (struct echo){.known = true,
                                            .boot = get_fixed64(&lists[ECHO_BOOT]),
                                            .number = get_varint(&lists[ECHO_NUMBER]),
                                            .age_ms = (uint32_t)get_varint(&lists[ECHO_AGE])};
        else
            beat->echoes[i] = (struct echo){0};
    return used_up(lists, ECHO_BOOT, ECHO_AGE);
}

static bool get_votes(struct message *message, struct beat *beat)
{
    struct in *lists = message->lists;
    const uint8_t *words = lists[VOTE_WORD].at;
    ptrdiff_t n = lists[VOTE_WORD].end - words;

    if (n > LIMIT_BEAT_VOTES)
        return false;
    lists[VOTE_WORD].at += n;
    beat->n_votes = (int)n;
    for (int i = 0; i < beat->n_votes; i++) {
        uint32_t check = (uint32_t)get_varint(&lists[VOTE_CHECK]);
        uint8_t opinion = words[i] & 3, reason = words[i] >> 2;

        if (check >= LIMIT_CHECKS || opinion > OPINION_DOWN)
            return false;
        beat->votes[i] =
            (struct vote){.check = (uint16_t)check,
                          .opinion = opinion,
                          /* A newer version's reason must not silence its whole beat. */
                          .reason = reason < REASON_COUNT ? reason : REASON_NONE,
                          .age_ms = pb_age_back((uint32_t)get_varint(&lists[VOTE_AGE])),
                          .fail_age_ms = pb_age_back((uint32_t)get_varint(&lists[VOTE_FAIL_AGE])),
                          .good_age_ms = pb_age_back((uint32_t)get_varint(&lists[VOTE_GOOD_AGE]))};
    }
    return used_up(lists, VOTE_CHECK, VOTE_GOOD_AGE);
}

static uint32_t zigzag_back(uint32_t value)
{
    return value >> 1 ^ (value & 1 ? UINT32_MAX : 0);
}

static bool get_clears(struct message *message, struct beat *beat)
{
    struct in *lists = message->lists;
    uint64_t holding = message->scalars[HOLDING], unable = message->scalars[UNABLE];

    beat->n_clears = 0;
    while (lists[CLEAR_ROUTE].at < lists[CLEAR_ROUTE].end) {
        uint32_t route = (uint32_t)get_varint(&lists[CLEAR_ROUTE]);
        uint32_t epoch = (uint32_t)get_varint(&lists[CLEAR_EPOCH]);

        if (beat->n_clears == LIMIT_ROUTES || route >> 1 >= LIMIT_ROUTES)
            return false;
        beat->clears[beat->n_clears] = (struct clear){
            .route = (uint8_t)(route >> 1),
            .clear = route & 1,
            .holding = holding >> beat->n_clears & 1,
            .unable = unable >> beat->n_clears & 1,
            .epoch = epoch,
            .intent = epoch + zigzag_back((uint32_t)get_varint(&lists[CLEAR_AHEAD]))};
        beat->n_clears++;
    }
    return used_up(lists, CLEAR_ROUTE, CLEAR_AHEAD);
}

static bool get_reports(struct message *message, struct beat *beat)
{
    struct in *lists = message->lists;
    const uint8_t *words = lists[REPORT_WORD].at;
    ptrdiff_t n = lists[REPORT_WORD].end - words;

    if (n > LIMIT_REPORTS)
        return false;
    lists[REPORT_WORD].at += n;
    beat->n_reports = (int)n;
    for (int i = 0; i < beat->n_reports; i++) {
        uint32_t check = (uint32_t)get_varint(&lists[REPORT_CHECK]);

        if (check >= LIMIT_CHECKS)
            return false;
        beat->reports[i] =
            (struct report_word){.check = (uint16_t)check,
                                 .state = words[i] <= REPORT_FAILING ? words[i] : REPORT_NONE,
                                 .age_ms = pb_age_back((uint32_t)get_varint(&lists[REPORT_AGE]))};
    }
    return used_up(lists, REPORT_CHECK, REPORT_AGE);
}

static bool get_hints(struct message *message, struct beat *beat)
{
    struct in *list = &message->lists[HINT_CHECK];

    beat->n_hints = 0;
    while (list->at < list->end) {
        uint32_t check = (uint32_t)get_varint(list);

        if (beat->n_hints == LIMIT_HINTS || check >= LIMIT_CHECKS)
            return false;
        beat->hints[beat->n_hints++] = (uint16_t)check;
    }
    return used_up(message->lists, HINT_CHECK, HINT_CHECK);
}

static uint32_t age_back(struct in *list)
{
    return pb_age_back((uint32_t)get_varint(list));
}

static bool get_journal(struct message *message, struct beat *beat)
{
    const uint64_t *scalars = message->scalars;
    struct in *lists = message->lists;

    beat->gap = scalars[GAP] != 0;
    beat->tells = scalars[TELLS] != 0;
    beat->knew_age_ms = pb_age_back((uint32_t)scalars[KNEW_AGE]);
    beat->journal_age_ms = pb_age_back((uint32_t)scalars[JOURNAL_AGE]);
    beat->first_run = (uint32_t)scalars[FIRST_RUN];
    beat->newest_run = (uint32_t)scalars[NEWEST_RUN];
    beat->n_runs = 0;
    while (lists[RUN_ID].at < lists[RUN_ID].end) {
        uint32_t id = (uint32_t)get_varint(&lists[RUN_ID]);
        uint32_t subject = (uint32_t)get_varint(&lists[RUN_SUBJECT]);

        if (beat->n_runs == LIMIT_BEAT_RUNS || id == 0 || subject >> 2 > RUN_ALL ||
            (subject & 3) > RUN_IDLE)
            return false;
        beat->runs[beat->n_runs] = (struct run_word){.id = id,
                                                     .kind = subject & 3,
                                                     .subject = (uint16_t)(subject >> 2),
                                                     .age_ms = age_back(&lists[RUN_AGE])};
        beat->runs[beat->n_runs].good_ms = age_back(&lists[RUN_GOOD]);
        beat->runs[beat->n_runs].length_ms = age_back(&lists[RUN_LENGTH]);
        beat->runs[beat->n_runs++].fail_ms = age_back(&lists[RUN_FAIL]);
    }
    return used_up(lists, RUN_ID, RUN_FAIL);
}

static bool get_receipt(struct message *message, struct beat *beat)
{
    struct in *list = &message->lists[RECEIPT], *text = &message->lists[RECEIPT_TEXT];
    size_t len = (size_t)(text->end - text->at);
    uint64_t receiver, flags;

    beat->receipt.notice = 0;
    if (list->at == list->end)
        return true;
    beat->receipt = (struct receipt_word){.notice = get_varint(list)};
    receiver = get_varint(list);
    beat->receipt.attempt = (uint32_t)get_varint(list);
    flags = get_varint(list);
    beat->receipt.age_ms = (uint32_t)get_varint(list);
    if (receiver >= LIMIT_RECEIVERS || len >= sizeof beat->receipt.text)
        return false;
    beat->receipt.receiver = (uint8_t)receiver;
    beat->receipt.accepted = flags & 1;
    beat->receipt.unsure = flags >> 1 & 1;
    if (len > 0)
        memcpy(beat->receipt.text, text->at, len);
    plain_clean(beat->receipt.text); /* it goes into the ledger */
    return used_up(message->lists, RECEIPT, RECEIPT);
}

static int64_t time_back(uint64_t time)
{
    int64_t utc_ms = pb_time_back(time);

    /* One that no clock says is as good as none: there is arithmetic with it. */
    return utc_ms < -UTC_MOST_MS || utc_ms > UTC_MOST_MS ? UTC_NONE : utc_ms;
}

int beat_decode(const uint8_t *bytes, size_t len, struct beat *beat, struct err *err)
{
    struct in in = {.at = bytes, .end = bytes + len};
    struct message message = {0};

    if (len > LIMIT_BEAT)
        return err_set(err, ERR_LIMIT, "a beat of %zu bytes is longer than %d", len, LIMIT_BEAT);
    while (in.at < in.end)
        if (!get_field(&in, &message))
            return err_set(err, ERR_INVALID, "not a beat");
    beat->boot = message.scalars[BOOT];
    beat->number = message.scalars[NUMBER];
    beat->from = SERVER_NONE;
    beat->term = message.scalars[TERM];
    beat->applied = message.scalars[APPLIED];
    beat->config_version = (uint32_t)message.scalars[CONFIG_VERSION];
    beat->level = feature_said(message.scalars[LEVEL]);
    beat->level_needed = feature_said(message.scalars[LEVEL_NEEDED]);
    beat->utc_ms = time_back(message.scalars[UTC_TIME]);
    beat->certificate_ms = time_back(message.scalars[CERTIFICATE_TIME]);
    beat->steps = (uint32_t)message.scalars[STEPS];
    beat->stepped_ms = (int64_t)message.scalars[STEPPED];
    if (beat->stepped_ms < -UTC_MOST_MS || beat->stepped_ms > UTC_MOST_MS)
        beat->stepped_ms = 0;
    beat->leader = message.scalars[LEADER] != 0;
    beat->abstain = message.scalars[ABSTAIN] != 0;
    beat->asks = message.scalars[ASKS] != 0;
    beat->leaving = message.scalars[LEAVING] != 0;
    beat->refused = (uint32_t)message.scalars[REFUSED];
    beat->heard = message.scalars[HEARD];
    if (!get_echoes(&message, beat) || !get_votes(&message, beat) || !get_clears(&message, beat) ||
        !get_reports(&message, beat) || !get_hints(&message, beat) ||
        !get_journal(&message, beat) || !get_receipt(&message, beat))
        return err_set(err, ERR_INVALID, "a beat with wrong lists");
    return 0;
}
