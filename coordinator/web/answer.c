/* What each request gets. */
#include "base/check.h"
#include "base/clock.h"
#include "web/inside.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADERS_MAX (8 << 10) /* bytes of a request before its body */
#define PATH_MAX_ASKED (1 << 10)
#define PUBLIC_AGE_S 10 /* for how long others' caches may keep a published page */
#define LONGEST_HOST 64

#define POLICY_OF_ALL                                                                              \
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "       \
    "form-action 'none'; frame-ancestors 'none'"
#define NO_SNIFF "X-Content-Type-Options"
#define NO_FRAMES "X-Frame-Options"
#define NO_REFERRER "Referrer-Policy"

static const char *const policies[WEB_AUDIENCES] = {
    [WEB_PUBLIC] = POLICY_OF_ALL,
    [WEB_METRICS] = POLICY_OF_ALL,
    [WEB_OPERATORS] = POLICY_OF_ALL "; script-src 'self'; connect-src 'self'",
};

const char answer_no_room[] = "HTTP/1.1 503 Service Unavailable\r\n"
                              "Content-Security-Policy: " POLICY_OF_ALL "\r\n" NO_SNIFF
                              ": nosniff\r\n" NO_FRAMES ": DENY\r\n" NO_REFERRER ": no-referrer\r\n"
                              "Cache-Control: no-store\r\n"
                              "Retry-After: 5\r\n"
                              "Content-Length: 0\r\n"
                              "Connection: close\r\n"
                              "\r\n";

static const struct failure {
    unsigned status;
    const char *text;
    const char *header, *value;
} failures[] = {
    {MHD_HTTP_NOT_FOUND, "Not found.\n"},
    {MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only.\n", MHD_HTTP_HEADER_ALLOW, "GET, HEAD"},
    {MHD_HTTP_CONTENT_TOO_LARGE, "Requests have no body here.\n"},
    {MHD_HTTP_URI_TOO_LONG, "The path is too long.\n"},
    {MHD_HTTP_MISDIRECTED_REQUEST, "This page is asked for as localhost only.\n"},
    {MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's headers are too large.\n"},
    {MHD_HTTP_SERVICE_UNAVAILABLE, "Not now. Please try again.\n", MHD_HTTP_HEADER_RETRY_AFTER,
     "5"},
};

static void put(struct MHD_Response *response, const char *name, const char *value)
{
    CHECK(MHD_add_response_header(response, name, value) == MHD_YES);
}

void answer_headers(struct MHD_Response *response, enum web_audience audience, const char *type,
                    const char *cache)
{
    put(response, "Content-Security-Policy", policies[audience]);
    put(response, NO_SNIFF, "nosniff");
    put(response, NO_FRAMES, "DENY");
    put(response, NO_REFERRER, "no-referrer");
    if (audience != WEB_PUBLIC)
        put(response, "Cross-Origin-Resource-Policy", "same-origin");
    put(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
    if (type != NULL)
        put(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
}

static const struct failure *failure_of(unsigned status)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(failures); i++)
        if (failures[i].status == status)
            return &failures[i];
    CHECK(!"a failure that is in the table");
}

enum MHD_Result answer_fail(struct guest *guest, unsigned status)
{
    const struct failure *failure = failure_of(status);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(failure->text), (void *)failure->text, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    CHECK(response != NULL);
    answer_headers(response, guest->audience, "text/plain", "no-store");
    if (failure->header != NULL)
        put(response, failure->header, failure->value);
    guest->server->failed++;
    result = MHD_queue_response(guest->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- pages ---- */

static void etag_of(const struct buf *bytes, char etag[ETAG_TEXT])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    int i, at = 0;

    CHECK(EVP_Digest(bytes->data, bytes->len, hash, NULL, EVP_sha256(), NULL) == 1);
    etag[at++] = '"';
    for (i = 0; i < (ETAG_TEXT - 3) / 2; i++)
        at += snprintf(etag + at, 3, "%02x", hash[i]);
    snprintf(etag + at, 2, "\"");
}

static struct MHD_Response *page_response(const struct page *page, struct buf *bytes)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        bytes->len, bytes->len > 0 ? (void *)bytes->data : (void *)"",
        bytes->len > 0 ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    char cache[64] = "private, no-cache";

    CHECK(response != NULL);
    if (page->audience == WEB_PUBLIC)
        snprintf(cache, sizeof cache, "public, max-age=%d",
                 page->kind == MESSAGE_DYNAMIC ? page->max_age_ms / 1000 : PUBLIC_AGE_S);
    answer_headers(response, page->audience, bytes->len > 0 ? page->type : NULL, cache);
    put(response, MHD_HTTP_HEADER_ETAG, page->etag);
    *bytes = (struct buf){0};
    return response;
}

void answer_clear(struct page *page)
{
    if (page->full != NULL)
        MHD_destroy_response(page->full);
    if (page->same != NULL)
        MHD_destroy_response(page->same);
    page->full = page->same = NULL;
}

void answer_set(struct page *page, struct buf *bytes)
{
    struct buf nothing = {0};

    answer_clear(page);
    if (bytes->len == 0) {
        buf_free(bytes);
        return;
    }
    etag_of(bytes, page->etag);
    page->full = page_response(page, bytes);
    page->same = page_response(page, &nothing);
}

static enum MHD_Result serve(struct guest *guest, const struct page *page)
{
    const char *known = MHD_lookup_connection_value(guest->connection, MHD_HEADER_KIND,
                                                    MHD_HTTP_HEADER_IF_NONE_MATCH);

    if (page->full == NULL)
        return answer_fail(guest, MHD_HTTP_SERVICE_UNAVAILABLE);
    if (known != NULL && (strcmp(known, "*") == 0 || strstr(known, page->etag) != NULL))
        return MHD_queue_response(guest->connection, MHD_HTTP_NOT_MODIFIED, page->same);
    return MHD_queue_response(guest->connection, MHD_HTTP_OK, page->full);
}

static enum MHD_Result too_late(struct guest *guest)
{
    guest->server->late++;
    return answer_fail(guest, MHD_HTTP_SERVICE_UNAVAILABLE);
}

/* Until the loop has made it, or took too long. */
static enum MHD_Result wait_for(struct guest *guest, struct page *page, int64_t now_ms)
{
    struct server *server = guest->server;

    if (!page->asked) {
        page->asked = true;
        page->asked_ms = now_ms;
        server_tell(server, MESSAGE_ASK, page->place, 0);
    }
    guest->state = GUEST_WAITING;
    guest->page = page;
    guest->deadline_ms = page->asked_ms + server->patience.loop_ms;
    guest_suspend(guest);
    return MHD_YES;
}

static enum MHD_Result answer(struct guest *guest, const char *path, bool head)
{
    struct page *page = server_page(guest->server, guest->audience, path);
    bool waited = guest->state == GUEST_WAITING;
    int64_t now_ms = clock_boot_ms();

    guest->state = GUEST_ANSWERED;
    guest->page = NULL;
    guest->deadline_ms = now_ms + guest->server->patience.send_ms;
    if (page == NULL)
        return answer_fail(guest, MHD_HTTP_NOT_FOUND);
    if (page->kind == MESSAGE_STREAM)
        return head ? answer_fail(guest, MHD_HTTP_METHOD_NOT_ALLOWED)
                    : stream_listen(guest, page, now_ms);
    if (page->kind == MESSAGE_PAGE)
        return serve(guest, page);
    if (waited)
        return page->asked ? too_late(guest) : serve(guest, page);
    if (page->full != NULL && now_ms - page->made_ms < page->max_age_ms)
        return serve(guest, page);
    return guest->server->stopping ? too_late(guest) : wait_for(guest, page, now_ms);
}

/* ---- requests ---- */

static const char *header(const struct guest *guest, const char *name)
{
    return MHD_lookup_connection_value(guest->connection, MHD_HEADER_KIND, name);
}

static bool names_loopback(const char *host)
{
    char name[LONGEST_HOST];
    struct in_addr v4;
    size_t len;

    if (host == NULL)
        return false;
    len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    if (len >= sizeof name || len > strlen(host) || (host[len] != '\0' && host[len] != ':'))
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0 ||
           (inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET);
}

/* 0: it may be answered. */
static unsigned objection(const struct guest *guest, const char *path, const char *method)
{
    const char *length = header(guest, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(guest->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (info == NULL || info->header_size > HEADERS_MAX)
        return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
    if (strlen(path) > PATH_MAX_ASKED)
        return MHD_HTTP_URI_TOO_LONG;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return MHD_HTTP_METHOD_NOT_ALLOWED;
    if ((length != NULL && strcmp(length, "0") != 0) ||
        header(guest, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    /* Another site's script may have had its own name lead here. */
    if (guest->audience == WEB_OPERATORS && !guest->adopted &&
        !names_loopback(header(guest, MHD_HTTP_HEADER_HOST)))
        return MHD_HTTP_MISDIRECTED_REQUEST;
    return 0;
}

static struct guest *guest_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* First with the headers, then with the whole request, and again when it was suspended. An
 * answer to the headers ends the connection; so does none at all. */
enum MHD_Result answer_request(void *context, struct MHD_Connection *connection, const char *path,
                               const char *method, const char *version, const char *body,
                               size_t *body_len, void **request)
{
    struct guest *guest = guest_of(connection);
    unsigned status;

    (void)context, (void)version, (void)body;
    if (guest->cut || *body_len > 0)
        return MHD_NO;
    if (*request != NULL)
        return answer(guest, path, strcmp(method, MHD_HTTP_METHOD_HEAD) == 0);
    *request = guest;
    guest->asked = true;
    guest->state = GUEST_ANSWERED;
    guest->deadline_ms = clock_boot_ms() + guest->server->patience.send_ms;
    guest->server->requests[guest->audience]++;
    status = objection(guest, path, method);
    return status == 0 ? MHD_YES : answer_fail(guest, status);
}

void answer_over(void *context, struct MHD_Connection *connection, void **request,
                 enum MHD_RequestTerminationCode code)
{
    struct guest *guest = guest_of(connection);

    (void)context, (void)request, (void)code;
    if (guest->state == GUEST_LISTENING)
        stream_over(guest);
    guest->page = NULL;
    guest->state = GUEST_IDLE;
    guest->deadline_ms = clock_boot_ms() + guest->server->patience.request_ms;
}
