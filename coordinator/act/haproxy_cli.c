#include "act/haproxy_cli.h"
#include "act/address.h"
#include "base/check.h"
#include "base/mem.h"

#include <string.h>
#include <sys/un.h>

/* Ends every answer in interactive mode; no line of an answer begins with it. */
static const char prompt[] = "\n> ";
enum { PROMPT_LEN = sizeof prompt - 1, CHUNK = 16384 };

struct haproxy_cli {
    struct call *call;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    uv_connect_t connect;
    bool open, greeted;
    struct buf out; /* waits for the connection */
    struct buf in;
    size_t scanned; /* of `in`: no prompt ends before this */
    size_t starts[HAPROXY_ASK_MAX + 1];
    int n_got, n_asked;
    haproxy_answers *answers;
};

struct write {
    uv_write_t request;
    struct haproxy_cli *cli;
    struct buf bytes;
};

static void on_written(uv_write_t *request, int status)
{
    struct write *write = request->data;
    struct call *call = write->cli->call;

    buf_free(&write->bytes);
    mem_free(write);
    if (status < 0)
        call_fail(call, ERR_IO, "sending to HAProxy: %s", uv_strerror(status));
    call_release(call);
}

/* Sends what waits in cli->out. */
static void flush(struct haproxy_cli *cli)
{
    struct write *write = mem_zalloc(1, sizeof *write);
    uv_buf_t bytes;
    int rv;

    write->cli = cli;
    write->bytes = cli->out;
    write->request.data = write;
    memset(&cli->out, 0, sizeof cli->out);
    bytes = uv_buf_init((char *)write->bytes.data, (unsigned)write->bytes.len);
    rv = uv_write(&write->request, &cli->stream, &bytes, 1, on_written);
    if (rv == 0) {
        call_hold(cli->call);
        return;
    }
    buf_free(&write->bytes);
    mem_free(write);
    call_fail(cli->call, ERR_IO, "sending to HAProxy: %s", uv_strerror(rv));
}

static void deliver(struct haproxy_cli *cli)
{
    const char *answers[HAPROXY_ASK_MAX + 1];
    struct buf in = cli->in;
    int n = cli->n_asked, skip = cli->greeted ? 0 : 1; /* the answer to "prompt" */

    for (int i = 0; i < n; i++)
        answers[i] = (const char *)in.data + cli->starts[i];
    memset(&cli->in, 0, sizeof cli->in);
    cli->scanned = 0;
    cli->n_asked = cli->n_got = 0;
    cli->greeted = true;
    cli->answers(cli->call, answers + skip, n - skip);
    buf_free(&in);
}

/* Looks for ends of answers in what has come. */
static void scan(struct haproxy_cli *cli)
{
    while (cli->n_got < cli->n_asked) {
        uint8_t *from = cli->in.data + cli->scanned;
        size_t left = cli->in.len - cli->scanned;
        uint8_t *end = left == 0 ? NULL : memmem(from, left, prompt, PROMPT_LEN);
        size_t next;

        if (end == NULL)
            return;
        *end = '\0';
        next = (size_t)(end - cli->in.data) + PROMPT_LEN;
        cli->starts[cli->n_got++] = cli->scanned;
        cli->scanned = next;
    }
    if (cli->scanned != cli->in.len)
        call_fail(cli->call, ERR_INVALID, "it answers what was not asked: is this HAProxy?");
    else
        deliver(cli);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct haproxy_cli *cli = handle->data;

    (void)suggested;
    *out = uv_buf_init((char *)buf_reserve(&cli->in, CHUNK), CHUNK);
    cli->in.len -= CHUNK; /* until it is filled */
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    struct haproxy_cli *cli = stream->data;

    (void)bytes;
    if (cli->call->finished || n == 0)
        return;
    if (n == UV_EOF) {
        call_fail(cli->call, ERR_IO, "HAProxy closed the connection while %s", cli->call->doing);
        return;
    }
    if (n < 0) {
        call_fail(cli->call, ERR_IO, "reading from HAProxy: %s", uv_strerror((int)n));
        return;
    }
    cli->in.len += (size_t)n;
    if (cli->in.len > HAPROXY_ANSWER_MAX)
        call_fail(cli->call, ERR_LIMIT, "more than %d bytes of answers while %s",
                  HAPROXY_ANSWER_MAX, cli->call->doing);
    else if (cli->n_asked == 0)
        call_fail(cli->call, ERR_INVALID, "it answers what was not asked: is this HAProxy?");
    else
        scan(cli);
}

static void on_connect(uv_connect_t *request, int status)
{
    struct haproxy_cli *cli = request->data;
    struct call *call = cli->call;

    if (!call->finished && status < 0)
        call_fail(call, ERR_IO, "connecting to HAProxy: %s", uv_strerror(status));
    if (!call->finished) {
        cli->open = true;
        call->doing = "reading";
        status = uv_read_start(&cli->stream, on_alloc, on_read);
        if (status < 0)
            call_fail(call, ERR_IO, "reading from HAProxy: %s", uv_strerror(status));
        else if (cli->out.len > 0)
            flush(cli);
    }
    call_release(call);
}

static int start_unix(struct haproxy_cli *cli, const char *path, struct err *err)
{
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return err_set(err, ERR_INVALID, "the socket's path is too long");
    CHECK(uv_pipe_init(cli->call->loop, &cli->pipe, 0) == 0);
    cli->handle.data = cli;
    call_hold(cli->call);
    call_hold(cli->call); /* the handle and the request */
    uv_pipe_connect(&cli->connect, &cli->pipe, path, on_connect);
    return 0;
}

static int start_tcp(struct haproxy_cli *cli, const char *text, struct err *err)
{
    struct sockaddr_storage address;
    int rv = act_address_parse(text, &address, err);

    if (rv != 0)
        return rv;
    CHECK(uv_tcp_init(cli->call->loop, &cli->tcp) == 0);
    cli->handle.data = cli;
    call_hold(cli->call);
    rv = uv_tcp_connect(&cli->connect, &cli->tcp, (struct sockaddr *)&address, on_connect);
    if (rv < 0)
        return err_set(err, ERR_IO, "connecting to HAProxy: %s", uv_strerror(rv));
    uv_tcp_nodelay(&cli->tcp, 1);
    call_hold(cli->call);
    return 0;
}

struct haproxy_cli *haproxy_cli_open(struct call *call)
{
    struct haproxy_cli *cli = mem_zalloc(1, sizeof *cli);
    const char *address = call->actuator->address;
    struct err err;
    int rv;

    cli->call = call;
    cli->connect.data = cli;
    /* Until a handle is initialised there is nothing to close. */
    rv = strncmp(address, "unix:", 5) == 0 ? start_unix(cli, address + 5, &err)
                                           : start_tcp(cli, address, &err);
    if (rv == 0)
        return cli;
    haproxy_cli_close(cli);
    call_fail(call, rv, "%s", err.text);
    return cli;
}

void haproxy_cli_ask(struct haproxy_cli *cli, const struct buf *commands, int n,
                     haproxy_answers *answers)
{
    CHECK(cli->n_asked == 0 && n > 0 && n <= HAPROXY_ASK_MAX);
    if (!cli->greeted)
        buf_str(&cli->out, "prompt\n");
    cli->n_asked = cli->greeted ? n : n + 1;
    cli->answers = answers;
    buf_append(&cli->out, commands->data, commands->len);
    if (cli->open)
        flush(cli);
}

static void on_closed(uv_handle_t *handle)
{
    struct haproxy_cli *cli = handle->data;

    call_release(cli->call);
}

void haproxy_cli_close(struct haproxy_cli *cli)
{
    if (cli != NULL && cli->handle.data != NULL && !uv_is_closing(&cli->handle))
        uv_close(&cli->handle, on_closed);
}

void haproxy_cli_free(struct haproxy_cli *cli)
{
    if (cli == NULL)
        return;
    buf_free(&cli->out);
    buf_free(&cli->in);
    mem_free(cli);
}
