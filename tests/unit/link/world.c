#include "world.h"
#include "base/check.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- handlers --- */

static void on_raft(void *context, int peer, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    buf_append(&node->frames, bytes, len);
    node->n_frames++;
    node->frame_from = peer;
}

static void on_beat(void *context, int peer, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    buf_clear(&node->beat);
    buf_append(&node->beat, bytes, len);
    node->n_beats++;
    node->beat_from = peer;
}

static void on_request(void *context, struct link_call *call, enum link_role role, const char *name,
                       int peer, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    node->role = role;
    node->asked_by = peer;
    snprintf(node->name, sizeof node->name, "%s", name);
    buf_clear(&node->asked);
    buf_append(&node->asked, bytes, len);
    if (node->echo) {
        node->n_calls++;
        link_reply(call, bytes, len);
        return;
    }
    assert_true(node->n_calls < 512);
    node->calls[node->n_calls++] = call;
}

static void on_http(void *context, int fd)
{
    struct node *node = context;

    node->http = fd;
    node->n_http++;
}

static void on_refused(void *context, const char *address, const char *why)
{
    struct node *node = context;

    assert_non_null(address);
    node->n_refused++;
    snprintf(node->why, sizeof node->why, "%s", why);
}

static void on_state(void *context, int peer, bool up)
{
    struct node *node = context;

    assert_true(peer >= 0 && peer < NODES);
    if (up)
        node->ups++;
    else
        node->downs++;
}

static void on_closed(void *context)
{
    struct node *node = context;

    node->closed = true;
}

/* --- the world --- */

void world_path(const struct world *world, const char *name, char path[PATH_ROOM])
{
    CHECK(snprintf(path, PATH_ROOM, "%.90s/%s", world->dir, name) < PATH_ROOM);
}

void world_issue(struct world *world, const char *file, const char *cn, const char *ou)
{
    char cert[PATH_ROOM], key[PATH_ROOM], name[64];

    snprintf(name, sizeof name, "%s.pem", file);
    world_path(world, name, cert);
    snprintf(name, sizeof name, "%s.key", file);
    world_path(world, name, key);
    authority_issue(world->authority, cn, ou, -3600, 3600, cert, key);
}

static bool is_free(int type, int port)
{
    union address address;
    int fd = socket(AF_INET, type, 0);
    bool bound;

    CHECK(fd >= 0 && address_parse("0.0.0.0", port, &address) == 0);
    bound = bind(fd, &address.any, sizeof address.v4) == 0;
    close(fd);
    return bound;
}

/* Below the kernel's own choice: somebody's connection would take such a port between here and
 * the listening. Other processes of the tests begin their search elsewhere. */
int world_free_port(void)
{
    static int next;
    int port;

    for (int i = 0; i < 1000; i++) {
        port = 12000 + (getpid() * 61 + next++) % 20000;
        if (is_free(SOCK_STREAM, port) && is_free(SOCK_DGRAM, port))
            return port;
    }
    fail_msg("no free port");
    return 0;
}

struct world *world_new(int n)
{
    struct world *world = mem_zalloc(1, sizeof *world);
    char name[32];

    signal(SIGPIPE, SIG_IGN);
    world->n = n;
    CHECK(uv_loop_init(&world->loop) == 0);
    snprintf(world->dir, sizeof world->dir, "/tmp/kirikae-link-XXXXXX");
    CHECK(mkdtemp(world->dir) != NULL);
    world_path(world, "ca.pem", world->ca);
    world->authority = authority_new(world->ca);
    world->options = (struct link_options){.loop = &world->loop, .n_peers = n};
    for (int i = 0; i < n; i++) {
        struct link_peer *peer = &world->options.peers[i];

        snprintf(name, sizeof name, "n%d", i);
        world_issue(world, name, name, "node");
        snprintf(peer->name, sizeof peer->name, "%s", name);
        snprintf(peer->host, sizeof peer->host, "127.%d.%d.%d", 1 + getpid() % 250,
                 getpid() / 250 % 250, 1 + i);
        peer->port = world_free_port();
        snprintf(name, sizeof name, "n%d.pem", i);
        world_path(world, name, world->cert[i]);
        snprintf(name, sizeof name, "n%d.key", i);
        world_path(world, name, world->key[i]);
    }
    return world;
}

int world_open_err(struct world *world, int at, struct err *err)
{
    struct link_options options = world->options;
    struct node *node = &world->nodes[at];

    options.self = at;
    options.ca_file = world->ca;
    options.cert_file = world->cert[at];
    options.key_file = world->key[at];
    options.handlers = (struct link_handlers){.context = node,
                                              .raft = on_raft,
                                              .beat = on_beat,
                                              .request = on_request,
                                              .http = world->no_http ? NULL : on_http,
                                              .refused = on_refused,
                                              .state = on_state};
    node->closed = false;
    node->http = -1;
    return link_open(&options, &node->link, err);
}

void world_open(struct world *world, int node)
{
    struct err err;

    if (world_open_err(world, node, &err) != 0)
        fail_msg("%s", err.text);
}

void world_close(struct world *world, int at)
{
    struct node *node = &world->nodes[at];

    link_close(node->link, on_closed, node);
    node->link = NULL;
    UNTIL(world, node->closed);
}

bool raft_up(const struct link *link, int peer)
{
    return link->peers[peer].raft.up;
}

static bool all_up(const struct world *world)
{
    for (int i = 0; i < world->n; i++)
        for (int k = 0; k < world->n; k++)
            if (i != k && !raft_up(world->nodes[i].link, k))
                return false;
    return true;
}

void world_open_all(struct world *world)
{
    for (int i = 0; i < world->n; i++)
        world_open(world, i);
    UNTIL(world, all_up(world));
}

void world_step(struct world *world)
{
    uv_run(&world->loop, UV_RUN_ONCE);
}

static void remove_dir(const char *dir)
{
    DIR *list = opendir(dir);
    struct dirent *entry;

    while ((entry = readdir(list)) != NULL)
        unlinkat(dirfd(list), entry->d_name, 0);
    closedir(list);
    rmdir(dir);
}

void world_free(struct world *world)
{
    for (int i = 0; i < world->n; i++) {
        if (world->nodes[i].link != NULL)
            world_close(world, i);
        buf_free(&world->nodes[i].frames);
        buf_free(&world->nodes[i].beat);
        buf_free(&world->nodes[i].asked);
    }
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    authority_free(world->authority);
    remove_dir(world->dir);
    mem_free(world);
}

/* --- the rude client --- */

struct rude *rude_new(struct world *world, int node)
{
    return rude_new_at(world, node, "127.0.0.1");
}

struct rude *rude_new_at(struct world *world, int node, const char *from)
{
    const struct link_peer *peer = &world->options.peers[node];
    struct rude *rude = mem_zalloc(1, sizeof *rude);
    union address to, own;

    rude->world = world;
    CHECK(address_parse(from, 0, &own) == 0);
    CHECK(address_parse(peer->host, peer->port, &to) == 0);
    rude->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(rude->fd, &own.any, sizeof own.v4) == 0);
    CHECK(connect(rude->fd, &to.any, sizeof to.v4) == 0);
    CHECK(fcntl(rude->fd, F_SETFL, O_NONBLOCK) == 0);
    return rude;
}

/* After a call that gave `result`: true to try again. */
static bool again(struct rude *rude, int result)
{
    int code = SSL_get_error(rude->ssl, result);

    ERR_clear_error();
    if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE) {
        rude->over = true;
        return false;
    }
    world_step(rude->world);
    return true;
}

bool rude_tls(struct rude *rude, const char *name, const char *alpn)
{
    char file[64], path[PATH_ROOM];
    int rc;

    rude->ctx = SSL_CTX_new(TLS_client_method());
    if (name != NULL) {
        snprintf(file, sizeof file, "%s.pem", name);
        world_path(rude->world, file, path);
        CHECK(SSL_CTX_use_certificate_chain_file(rude->ctx, path) == 1);
        snprintf(file, sizeof file, "%s.key", name);
        world_path(rude->world, file, path);
        CHECK(SSL_CTX_use_PrivateKey_file(rude->ctx, path, SSL_FILETYPE_PEM) == 1);
    }
    rude->ssl = SSL_new(rude->ctx);
    SSL_set_fd(rude->ssl, rude->fd);
    if (alpn != NULL)
        SSL_set_alpn_protos(rude->ssl, (const unsigned char *)alpn, (unsigned int)strlen(alpn));
    do {
        ERR_clear_error();
        rc = SSL_connect(rude->ssl);
    } while (rc != 1 && again(rude, rc));
    return rc == 1;
}

void rude_raw(struct rude *rude, const void *bytes, size_t len)
{
    assert_int_equal(send(rude->fd, bytes, len, MSG_NOSIGNAL), len);
}

bool rude_frame(struct rude *rude, uint32_t claimed, const void *bytes, size_t len)
{
    struct buf frame = {0};
    uint8_t head[FRAME_HEAD] = {(uint8_t)(claimed >> 24), (uint8_t)(claimed >> 16),
                                (uint8_t)(claimed >> 8), (uint8_t)claimed};
    int rc;

    buf_append(&frame, head, sizeof head);
    buf_append(&frame, bytes, len);
    do {
        ERR_clear_error();
        rc = SSL_write(rude->ssl, frame.data, (int)frame.len);
    } while (rc <= 0 && again(rude, rc));
    buf_free(&frame);
    return rc > 0;
}

static size_t or_none(struct rude *rude, int rc)
{
    int code = rc > 0 ? SSL_ERROR_NONE : SSL_get_error(rude->ssl, rc);

    ERR_clear_error();
    if (code != SSL_ERROR_NONE && code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE)
        rude->over = true;
    return rc > 0 ? (size_t)rc : 0;
}

size_t rude_put(struct rude *rude, const void *bytes, size_t len)
{
    ERR_clear_error();
    return or_none(rude, SSL_write(rude->ssl, bytes, (int)len));
}

size_t rude_take(struct rude *rude, void *bytes, size_t room)
{
    ERR_clear_error();
    return or_none(rude, SSL_read(rude->ssl, bytes, (int)room));
}

static bool read_all(struct rude *rude, uint8_t *bytes, size_t len)
{
    size_t have = 0;
    int rc;

    while (have < len) {
        ERR_clear_error();
        rc = SSL_read(rude->ssl, bytes + have, (int)(len - have));
        if (rc > 0)
            have += (size_t)rc;
        else if (!again(rude, rc))
            return false;
    }
    return true;
}

size_t rude_read(struct rude *rude, uint8_t *bytes, size_t room)
{
    uint8_t head[FRAME_HEAD];
    size_t len;

    if (!read_all(rude, head, sizeof head))
        return 0;
    len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    assert_true(len <= room);
    return read_all(rude, bytes, len) ? len : 0;
}

void rude_until_over(struct rude *rude)
{
    char byte[256];
    ssize_t count;

    UNTIL(rude->world,
          (count = recv(rude->fd, byte, sizeof byte, 0)) == 0 || (count < 0 && errno != EAGAIN));
    rude->over = true;
}

void rude_free(struct rude *rude)
{
    SSL_free(rude->ssl);
    SSL_CTX_free(rude->ctx);
    close(rude->fd);
    mem_free(rude);
}
