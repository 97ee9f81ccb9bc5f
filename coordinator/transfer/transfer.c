#include "base/check.h"
#include "base/mem.h"
#include "transfer/inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define POOL_MAX 64       /* ended easy handles kept for use */
#define READ_BUFFER 4096L /* answers are small */
#define CA_CACHE_S 60L    /* a replaced CA file is noticed after this */

/* A socket that libcurl wants watched. */
struct sock {
    uv_poll_t poll;
    struct transfers *transfers;
    curl_socket_t fd;
};

void transfers_release(struct transfers *transfers)
{
    if (--transfers->handles > 0)
        return;
    if (transfers->closed != NULL)
        transfers->closed(transfers->context);
    mem_free(transfers);
}

static void forget(struct transfer *transfer)
{
    buf_free(&transfer->kept);
    if (transfer->send.len > 0)
        explicit_bzero(transfer->send.data, transfer->send.len);
    buf_free(&transfer->send);
    for (int i = 0; i < transfer->n_lists; i++)
        curl_slist_free_all(transfer->lists[i]);
    transfer->n_lists = 0;
}

/* libcurl keeps an old errno in the handle: one that met an error is not used again. */
static void pool_put(struct transfer *transfer)
{
    struct transfers *transfers = transfer->transfers;
    long os_error = 0;

    transfers->active--;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    if (os_error != 0 || transfers->pooled >= POOL_MAX || transfer->apart) {
        curl_easy_cleanup(transfer->easy);
        forget(transfer);
        mem_free(transfer);
        return;
    }
    forget(transfer);
    transfer->next = transfers->pool;
    transfers->pool = transfer;
    transfers->pooled++;
}

void transfer_ended(struct transfer *transfer, CURLcode code)
{
    char text[CURL_ERROR_SIZE];
    struct buf kept = transfer->kept;
    struct transfer_end how = {.code = code, .text = text, .sent = transfer->sent};
    transfer_done *done = transfer->done;
    void *context = transfer->context;
    long os_error = 0, status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    how.os_error = transfer->local_error != 0 ? transfer->local_error : (int)os_error;
    how.status = (int)status;
    if (code == CURLE_WRITE_ERROR && transfer->body > TRANSFER_BODY_MAX)
        how.code = CURLE_OK;
    snprintf(text, sizeof text, "%s",
             transfer->text[0] != '\0' ? transfer->text : curl_easy_strerror(code));
    how.kept_len = kept.len;
    how.kept = buf_cstr(&kept);
    transfer->kept = (struct buf){0};
    if (!transfer->apart)
        CHECK(curl_multi_remove_handle(transfer->transfers->multi, transfer->easy) == CURLM_OK);
    pool_put(transfer);
    done(context, &how);
    buf_free(&kept);
}

/* `done` may start, stop and close: nothing but the multi handle is held across it. */
static void collect(struct transfers *transfers)
{
    struct transfer *transfer;
    CURLMsg *message;
    int left;

    while (transfers->multi != NULL &&
           (message = curl_multi_info_read(transfers->multi, &left)) != NULL) {
        CHECK(message->msg == CURLMSG_DONE);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        transfer_ended(transfer, message->data.result);
    }
}

static void act_on(struct transfers *transfers, curl_socket_t fd, int ready)
{
    int running;

    CHECK(curl_multi_socket_action(transfers->multi, fd, ready, &running) == CURLM_OK);
    collect(transfers);
}

/* On an error libuv stops the poll; libcurl finds the errno by reading and writing. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct sock *sock = poll->data;
    int ready = 0;

    if (status < 0 || (events & UV_READABLE) != 0)
        ready |= CURL_CSELECT_IN;
    if (status < 0 || (events & UV_WRITABLE) != 0)
        ready |= CURL_CSELECT_OUT;
    act_on(sock->transfers, sock->fd, ready);
}

static void on_timer(uv_timer_t *timer)
{
    act_on(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long wait_ms, void *context)
{
    struct transfers *transfers = context;

    if (uv_is_closing((uv_handle_t *)&transfers->timer))
        return 0;
    if (wait_ms < 0)
        uv_timer_stop(&transfers->timer);
    else
        uv_timer_start(&transfers->timer, on_timer, (uint64_t)wait_ms, 0);
    return 0;
}

static void on_sock_closed(uv_handle_t *handle)
{
    struct sock *sock = handle->data;
    struct transfers *transfers = sock->transfers;

    mem_free(sock);
    transfers_release(transfers);
}

static int watch(struct transfers *transfers, curl_socket_t fd, struct sock *sock, int what)
{
    int events = 0, rc;

    if (sock == NULL) {
        sock = mem_zalloc(1, sizeof *sock);
        rc = uv_poll_init_socket(transfers->loop, &sock->poll, fd);
        if (rc != 0) {
            mem_free(sock);
            return rc;
        }
        sock->poll.data = sock;
        sock->transfers = transfers;
        sock->fd = fd;
        transfers->handles++;
        curl_multi_assign(transfers->multi, fd, sock);
    }
    if (what != CURL_POLL_OUT)
        events |= UV_READABLE;
    if (what != CURL_POLL_IN)
        events |= UV_WRITABLE;
    return uv_poll_start(&sock->poll, events, on_poll);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
    struct transfers *transfers = context;
    struct transfer *transfer = NULL;
    struct sock *sock = assigned;
    int rc;

    if (what == CURL_POLL_REMOVE) {
        if (sock != NULL)
            uv_close((uv_handle_t *)&sock->poll, on_sock_closed);
        return 0;
    }
    rc = watch(transfers, fd, sock, what);
    if (rc == 0)
        return 0;
    /* Not watched, it will time out: then this says that the fault is ours. */
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    if (transfer != NULL)
        transfer->local_error = -rc;
    return 0;
}

/* libcurl forgets why socket() failed, and leaves the socket open across exec(). */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    if (fd < 0) {
        /* A family the machine lacks is no reason to doubt the other one. */
        if (errno != EAFNOSUPPORT)
            transfer->local_error = errno;
        return CURL_SOCKET_BAD;
    }
    return fd;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count, room = transfer->keep - transfer->kept.len;

    if (room > 0)
        buf_append(&transfer->kept, bytes, len < room ? len : room);
    transfer->body += len;
    return transfer->body > TRANSFER_BODY_MAX ? 0 : len;
}

struct transfers *transfers_open(uv_loop_t *loop, int kept)
{
    struct transfers *transfers = mem_zalloc(1, sizeof *transfers);

    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    transfers->loop = loop;
    transfers->multi = curl_multi_init();
    CHECK(transfers->multi != NULL);
    curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers);
    curl_multi_setopt(transfers->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers);
    /* A transfer must not wait behind another one that may be stuck. */
    curl_multi_setopt(transfers->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(transfers->multi, CURLMOPT_MAXCONNECTS, (long)kept);
    CHECK(uv_timer_init(loop, &transfers->timer) == 0);
    transfers->timer.data = transfers;
    transfers->handles = 1;
    transfers_open_apart(transfers);
    return transfers;
}

static void on_timer_closed(uv_handle_t *handle)
{
    transfers_release(handle->data);
}

void transfers_close(struct transfers *transfers, void (*closed)(void *context), void *context)
{
    CURLM *multi = transfers->multi;
    struct transfer *transfer;

    CHECK(transfers->active == 0);
    transfers->closed = closed;
    transfers->context = context;
    uv_close((uv_handle_t *)&transfers->timer, on_timer_closed);
    transfers_close_apart(transfers);
    while ((transfer = transfers->pool) != NULL) {
        transfers->pool = transfer->next;
        curl_easy_cleanup(transfer->easy);
        mem_free(transfer);
    }
    CHECK(curl_multi_cleanup(multi) == CURLM_OK);
    transfers->multi = NULL;
    curl_global_cleanup();
}

static void set_defaults(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->text);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Stopping must not wait for a name look-up: its thread ends by itself. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, READ_BUFFER);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "kirikae");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

struct transfer *transfer_new(struct transfers *transfers, transfer_done *done, void *context)
{
    struct transfer *transfer = transfers->pool;

    if (transfer != NULL) {
        transfers->pool = transfer->next;
        transfers->pooled--;
        curl_easy_reset(transfer->easy);
    } else {
        transfer = mem_zalloc(1, sizeof *transfer);
        transfer->transfers = transfers;
        transfer->easy = curl_easy_init();
        CHECK(transfer->easy != NULL);
    }
    transfers->active++;
    transfer->done = done;
    transfer->context = context;
    transfer->body = transfer->keep = 0;
    transfer->sent = transfer->answered = transfer->apart = false;
    transfer->given = 0;
    transfer->started = false;
    transfer->local_error = 0;
    transfer->text[0] = '\0';
    set_defaults(transfer);
    return transfer;
}

CURL *transfer_easy(struct transfer *transfer)
{
    return transfer->easy;
}

void transfer_keep(struct transfer *transfer, size_t max)
{
    transfer->keep = max;
}

static size_t on_line(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t len = size * count;

    if (transfer->answered)
        return len;
    transfer->answered = transfer->sent;
    buf_clear(&transfer->kept);
    buf_append(&transfer->kept, bytes, len < transfer->keep ? len : transfer->keep);
    return len;
}

void transfer_keep_line(struct transfer *transfer, size_t max)
{
    transfer->keep = max;
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
}

static size_t on_send(char *room, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t left = transfer->send.len - transfer->given;
    size_t len = left < size * count ? left : size * count;

    if (len > 0)
        memcpy(room, transfer->send.data + transfer->given, len);
    transfer->given += len;
    transfer->sent = transfer->sent || transfer->given == transfer->send.len;
    return len;
}

/* For a second attempt of libcurl's own, over another connection. */
static int on_rewind(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > transfer->send.len)
        return CURL_SEEKFUNC_CANTSEEK;
    transfer->given = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

void transfer_send(struct transfer *transfer, const void *bytes, size_t len)
{
    buf_append(&transfer->send, bytes, len);
    curl_easy_setopt(transfer->easy, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(transfer->easy, CURLOPT_READDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_SEEKFUNCTION, on_rewind);
    curl_easy_setopt(transfer->easy, CURLOPT_SEEKDATA, transfer);
}

void transfer_list(struct transfer *transfer, CURLoption option, struct curl_slist *list)
{
    CHECK(transfer->n_lists < (int)ARRAY_LEN(transfer->lists));
    transfer->lists[transfer->n_lists++] = list;
    curl_easy_setopt(transfer->easy, option, list);
}

void transfer_start(struct transfer *transfer)
{
    transfer->started = true;
    CHECK(curl_multi_add_handle(transfer->transfers->multi, transfer->easy) == CURLM_OK);
}

void transfer_stop(struct transfer *transfer)
{
    CHECK(!transfer->apart);
    if (transfer->started)
        CHECK(curl_multi_remove_handle(transfer->transfers->multi, transfer->easy) == CURLM_OK);
    pool_put(transfer);
}
