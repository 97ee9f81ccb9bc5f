#include "link/conn.h"
#include "base/check.h"
#include "base/mem.h"
#include "link/frame.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#define USER_TIMEOUT_MS 3000
#define OUT_KEEP 2048 /* an output buffer up to here keeps its memory */

enum phase { CONNECTING, HANDSHAKING, OPEN, OVER };

struct conn {
    struct conn_env *env;
    const struct conn_events *events;
    void *owner;
    struct tls_session session;
    SSL *ssl;
    enum phase phase;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    const uint8_t *input; /* from the network, not yet taken by OpenSSL; only in on_read() */
    size_t input_len;
    struct framer framer;
    struct buf out;      /* sealed, not yet given to libuv */
    struct buf inflight; /* given to libuv */
    bool writing;
    bool raw;           /* no frames */
    bool broken;        /* writing failed; conn_check() ends it outside of the sender's call */
    size_t stall_queue; /* as it was at stall_since_ms */
    uint64_t stall_since_ms;
    uint64_t active_ms;
    union address remote;
    char address[ADDRESS_TEXT];
};

/* --- OpenSSL's side: a BIO that reads conn->input and writes conn->out --- */

static int bio_read(BIO *bio, char *out, int len)
{
    struct conn *conn = BIO_get_data(bio);
    size_t count = (size_t)len < conn->input_len ? (size_t)len : conn->input_len;

    BIO_clear_retry_flags(bio);
    if (count == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, conn->input, count);
    conn->input += count;
    conn->input_len -= count;
    return (int)count;
}

static int bio_write(BIO *bio, const char *in, int len)
{
    struct conn *conn = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (!conn->broken)
        buf_append(&conn->out, in, (size_t)len);
    return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int bio_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

void conn_env_open(struct conn_env *env, uv_loop_t *loop, void (*over)(struct conn_env *env))
{
    *env = (struct conn_env){.loop = loop, .over = over};
    env->bio = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "kirikae");
    CHECK(env->bio != NULL);
    BIO_meth_set_read(env->bio, bio_read);
    BIO_meth_set_write(env->bio, bio_write);
    BIO_meth_set_ctrl(env->bio, bio_ctrl);
    BIO_meth_set_create(env->bio, bio_create);
    env->wire = mem_alloc(CONN_WIRE);
    env->plain = mem_alloc(CONN_PLAIN);
}

void conn_env_close(struct conn_env *env)
{
    BIO_meth_free(env->bio);
    mem_free(env->wire);
    mem_free(env->plain);
}

void conn_env_hold(struct conn_env *env)
{
    env->alive++;
}

void conn_env_release(struct conn_env *env)
{
    CHECK(env->alive > 0);
    if (--env->alive == 0)
        env->over(env);
}

/* --- writing --- */

size_t conn_queue(const struct conn *conn)
{
    return conn->out.len + conn->inflight.len;
}

static uv_stream_t *stream(struct conn *conn)
{
    return (uv_stream_t *)&conn->tcp;
}

static void flush(struct conn *conn);

static void on_written(uv_write_t *write, int status)
{
    struct conn *conn = write->data;

    conn->writing = false;
    buf_free(&conn->inflight);
    if (conn->phase == OVER)
        return;
    if (status < 0)
        conn->broken = true;
    else
        flush(conn);
    if (conn->raw && !conn->broken && conn_queue(conn) == 0)
        conn->events->drained(conn->owner);
}

/* As much as the socket takes now. */
static void write_now(struct conn *conn)
{
    uv_buf_t part = uv_buf_init((char *)conn->out.data, (unsigned int)conn->out.len);
    int count = uv_try_write(stream(conn), &part, 1);

    if (count > 0)
        buf_consume(&conn->out, (size_t)count);
    else if (count != UV_EAGAIN)
        conn->broken = true;
    if (conn->broken || (conn->out.len == 0 && conn->out.cap > OUT_KEEP))
        buf_free(&conn->out);
}

static void flush(struct conn *conn)
{
    uv_buf_t part;

    if (conn->writing || conn->broken || conn->out.len == 0)
        return;
    write_now(conn);
    if (conn->out.len == 0)
        return;
    conn->inflight = conn->out;
    conn->out = (struct buf){0};
    part = uv_buf_init((char *)conn->inflight.data, (unsigned int)conn->inflight.len);
    if (uv_write(&conn->write, stream(conn), &part, 1, on_written) == 0)
        conn->writing = true;
    else
        conn->broken = true;
}

static bool seal(struct conn *conn, const uint8_t *bytes, size_t len)
{
    size_t done;

    return SSL_write_ex(conn->ssl, bytes, len, &done) == 1;
}

int conn_send(struct conn *conn, const uint8_t *head, size_t head_len, const uint8_t *bytes,
              size_t len)
{
    uint8_t first[2048];
    size_t total = head_len + len, used = FRAME_HEAD + head_len, fit;

    CHECK(used <= sizeof first);
    if (conn->phase != OPEN || conn->broken)
        return ERR_UNAVAILABLE;
    if (total > LIMIT_FRAME || conn_queue(conn) + total > LIMIT_SEND_QUEUE)
        return ERR_LIMIT;
    /* One TLS record for a small frame, and no copy of the rest of a large one. */
    frame_head(first, total);
    if (head_len > 0)
        memcpy(first + FRAME_HEAD, head, head_len);
    fit = len < sizeof first - used ? len : sizeof first - used;
    if (fit > 0)
        memcpy(first + used, bytes, fit);
    ERR_clear_error();
    if (!seal(conn, first, used + fit) || (len > fit && !seal(conn, bytes + fit, len - fit))) {
        ERR_clear_error();
        conn->broken = true;
        return ERR_UNAVAILABLE;
    }
    conn->active_ms = uv_now(conn->env->loop);
    flush(conn);
    return 0;
}

void conn_raw(struct conn *conn)
{
    CHECK(conn->phase == OPEN && conn->events->bytes != NULL);
    conn->raw = true;
}

int conn_send_raw(struct conn *conn, const uint8_t *bytes, size_t len)
{
    if (conn->phase != OPEN || conn->broken)
        return ERR_UNAVAILABLE;
    if (conn_queue(conn) + len > LIMIT_SEND_QUEUE)
        return ERR_LIMIT;
    ERR_clear_error();
    if (!seal(conn, bytes, len)) {
        ERR_clear_error();
        conn->broken = true;
        return ERR_UNAVAILABLE;
    }
    conn->active_ms = uv_now(conn->env->loop);
    flush(conn);
    return 0;
}

/* --- ending --- */

static void on_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;
    struct conn_env *env = conn->env;

    SSL_free(conn->ssl);
    framer_free(&conn->framer);
    buf_free(&conn->out);
    buf_free(&conn->inflight);
    mem_free(conn);
    conn_env_release(env);
}

void conn_end(struct conn *conn, int code, const char *why)
{
    enum phase was = conn->phase;

    if (was == OVER)
        return;
    conn->phase = OVER;
    if (was == OPEN) {
        ERR_clear_error();
        SSL_shutdown(conn->ssl);
        ERR_clear_error();
    }
    /* The alert or the goodbye, if it goes out without waiting. */
    if (was != CONNECTING && !conn->writing && !conn->broken && conn->out.len > 0)
        write_now(conn);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
    conn->events->ended(conn->owner, code, why);
}

bool conn_check(struct conn *conn, uint64_t stall_ms)
{
    size_t queue = uv_stream_get_write_queue_size(stream(conn));
    uint64_t now = uv_now(conn->env->loop);

    if (conn->broken) {
        conn_end(conn, ERR_UNAVAILABLE, "connection lost while writing");
        return true;
    }
    if (queue == 0 || queue != conn->stall_queue) {
        conn->stall_queue = queue;
        conn->stall_since_ms = now;
    } else if (now - conn->stall_since_ms > stall_ms) {
        conn_end(conn, ERR_UNAVAILABLE, "the other side does not read");
        return true;
    }
    return false;
}

static void fail(struct conn *conn, int result)
{
    int code = SSL_get_error(conn->ssl, result);
    char why[LIMIT_TEXT + 64];

    tls_why(&conn->session, code, why, sizeof why);
    ERR_clear_error();
    if (code == SSL_ERROR_ZERO_RETURN)
        conn_end(conn, ERR_UNAVAILABLE, "closed by the other side");
    else
        conn_end(conn, ERR_DENIED, why);
}

/* --- reading --- */

static void take_plain(struct conn *conn, const uint8_t *bytes, size_t len)
{
    const uint8_t *frame;
    size_t frame_len;
    int rc = 0;

    if (conn->raw) {
        conn->active_ms = uv_now(conn->env->loop);
        conn->events->bytes(conn->owner, bytes, len);
        return;
    }
    while (conn->phase == OPEN &&
           (rc = framer_next(&conn->framer, &bytes, &len, &frame, &frame_len)) > 0) {
        conn->active_ms = uv_now(conn->env->loop);
        conn->events->frame(conn->owner, frame, frame_len);
    }
    if (conn->phase == OPEN && rc == ERR_LIMIT)
        conn_end(conn, ERR_LIMIT, "frame longer than the limit");
}

static void shake(struct conn *conn)
{
    int rc;

    ERR_clear_error();
    rc = SSL_do_handshake(conn->ssl);
    if (rc == 1) {
        conn->phase = OPEN;
        conn->active_ms = uv_now(conn->env->loop);
        flush(conn);
        conn->events->open(conn->owner);
    } else if (SSL_get_error(conn->ssl, rc) != SSL_ERROR_WANT_READ) {
        fail(conn, rc);
    } else {
        flush(conn);
    }
}

/* Until OpenSSL has taken all input: what is less than a record waits inside it. */
static void pump(struct conn *conn)
{
    size_t len;
    int rc;

    if (conn->phase == HANDSHAKING)
        shake(conn);
    while (conn->phase == OPEN) {
        ERR_clear_error();
        rc = SSL_read_ex(conn->ssl, conn->env->plain, CONN_PLAIN, &len);
        if (rc == 1) {
            take_plain(conn, conn->env->plain, len);
            continue;
        }
        if (SSL_get_error(conn->ssl, rc) != SSL_ERROR_WANT_READ)
            fail(conn, rc);
        else
            flush(conn);
        return;
    }
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *room)
{
    struct conn *conn = handle->data;

    (void)hint;
    *room = uv_buf_init((char *)conn->env->wire, CONN_WIRE);
}

static void on_read(uv_stream_t *from, ssize_t count, const uv_buf_t *bytes)
{
    struct conn *conn = from->data;

    if (conn->phase == OVER || count == 0)
        return;
    if (count < 0) {
        conn_end(conn, ERR_UNAVAILABLE,
                 count == UV_EOF ? "closed by the other side" : uv_strerror((int)count));
        return;
    }
    conn->input = (const uint8_t *)bytes->base;
    conn->input_len = (size_t)count;
    pump(conn);
    conn->input_len = 0;
}

void conn_hold(struct conn *conn, bool hold)
{
    if (conn->phase != OPEN)
        return;
    if (hold)
        uv_read_stop(stream(conn));
    else if (uv_read_start(stream(conn), on_alloc, on_read) != 0)
        conn->broken = true;
}

/* --- beginning --- */

struct conn *conn_new(struct conn_env *env, struct tls *tls, const struct tls_session *session,
                      const struct conn_events *events, void *owner)
{
    struct conn *conn = mem_zalloc(1, sizeof *conn);
    BIO *bio = BIO_new(env->bio);

    CHECK(bio != NULL);
    BIO_set_data(bio, conn);

    conn->env = env;
    conn->events = events;
    conn->owner = owner;
    conn->session = *session;
    conn->ssl = tls_session_new(tls, &conn->session);
    SSL_set_bio(conn->ssl, bio, bio);
    snprintf(conn->address, sizeof conn->address, "?");
    CHECK(uv_tcp_init(env->loop, &conn->tcp) == 0);
    conn->tcp.data = conn;
    conn->write.data = conn;
    conn->connect.data = conn;
    conn_env_hold(env);
    return conn;
}

/* Best effort: a kernel without one of these still carries frames. No SO_KEEPALIVE:
 * together with TCP_USER_TIMEOUT a single lost probe ends a connection, where lost
 * data is sent again; dial.c sends an empty frame instead. */
static void tune(struct conn *conn)
{
    unsigned int user_timeout_ms = USER_TIMEOUT_MS;
    int one = 1, fd = conn_fd(conn);

    uv_tcp_nodelay(&conn->tcp, 1);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
    /* Few packets under way: retransmit at a steady pace instead of ever slower, so that
     * Raft goes on under loss. */
    setsockopt(fd, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, &one, sizeof one);
}

int conn_accept(struct conn *conn, uv_stream_t *server, struct err *err)
{
    int len = sizeof conn->remote;
    int rc = uv_accept(server, stream(conn));

    if (rc == 0)
        rc = uv_tcp_getpeername(&conn->tcp, &conn->remote.any, &len);
    if (rc != 0)
        return err_set(err, ERR_IO, "accept: %s", uv_strerror(rc));
    address_text(&conn->remote, conn->address);
    tune(conn);
    return 0;
}

void conn_start(struct conn *conn)
{
    conn->phase = HANDSHAKING;
    if (uv_read_start(stream(conn), on_alloc, on_read) != 0)
        conn->broken = true;
    else
        shake(conn);
}

static void on_connect(uv_connect_t *connect, int status)
{
    struct conn *conn = connect->data;

    if (conn->phase == OVER)
        return;
    if (status != 0) {
        conn_end(conn, ERR_UNAVAILABLE, uv_strerror(status));
        return;
    }
    tune(conn);
    conn_start(conn);
}

int conn_connect(struct conn *conn, const union address *to, const union address *from,
                 struct err *err)
{
    int rc = 0;

    conn->remote = *to;
    address_text(to, conn->address);
    if (from != NULL)
        rc = uv_tcp_bind(&conn->tcp, &from->any, 0);
    if (rc == 0)
        rc = uv_tcp_connect(&conn->connect, &conn->tcp, &to->any, on_connect);
    return rc == 0 ? 0 : err_set(err, ERR_IO, "connect: %s", uv_strerror(rc));
}

/* --- looking --- */

bool conn_is_open(const struct conn *conn)
{
    return conn->phase == OPEN && !conn->broken;
}

bool conn_is_connecting(const struct conn *conn)
{
    return conn->phase == CONNECTING;
}

uint64_t conn_active_ms(const struct conn *conn)
{
    return conn->active_ms;
}

const union address *conn_remote(const struct conn *conn)
{
    return &conn->remote;
}

const char *conn_address(const struct conn *conn)
{
    return conn->address;
}

const struct tls_session *conn_session(const struct conn *conn)
{
    return &conn->session;
}

int conn_fd(const struct conn *conn)
{
    int fd;

    return uv_fileno((const uv_handle_t *)&conn->tcp, &fd) == 0 ? fd : -1;
}

void conn_export(struct conn *conn, const char *label, uint8_t *out, size_t len)
{
    CHECK(SSL_export_keying_material(conn->ssl, out, len, label, strlen(label), NULL, 0, 0) == 1);
}
