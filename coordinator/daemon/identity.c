/* Who this node is to Raft. The id is made at --init and kept beside the data. A node
 * that has lost its data must not vote under the old id again, because it may have voted in
 * this term: it takes a new one, and node/ asks the leader to put that in the place of the
 * old. */
#include "base/clock.h"
#include "daemon/daemon.h"
#include "replicate/disk_uv.h"
#include "store/file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static bool dir_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool empty = true;

    if (dir == NULL)
        return true;
    while (empty && (entry = readdir(dir)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

static int identity_write(struct daemon *daemon, struct err *err)
{
    char path[LIMIT_TEXT + 16], text[64];

    snprintf(path, sizeof path, "%s/identity", daemon->config.data_dir);
    snprintf(text, sizeof text, "raft_id %llu\n", (unsigned long long)daemon->raft_id);
    return file_write(path, text, strlen(text), 0600, err);
}

/* 0 read, 1 there is none. */
static int identity_read(struct daemon *daemon, struct err *err)
{
    char path[LIMIT_TEXT + 16];
    unsigned long long id;
    struct buf text = {0};
    int r;

    snprintf(path, sizeof path, "%s/identity", daemon->config.data_dir);
    r = file_read(path, 64, &text, err);
    if (r == 0 && sscanf(buf_cstr(&text), "raft_id %llu\n", &id) != 1)
        r = err_set(err, ERR_CORRUPT, "%s does not hold a Raft id", path);
    if (r == 0 && replicate_server_of(id) != daemon->self)
        r = err_set(err, ERR_INVALID, "%s belongs to another server, not to %s",
                    daemon->config.data_dir, daemon->config.name);
    if (r == 0)
        daemon->raft_id = id;
    buf_free(&text);
    return r;
}

int identity_load(struct daemon *daemon, struct err *err)
{
    int r = identity_read(daemon, err);

    if (r < 0)
        return r;
    if (r == 0 && !dir_is_empty(daemon->raft_dir))
        return 0;
    /* Seconds since 1970 as the incarnation: never used before, even if this is lost too. */
    daemon->raft_id = replicate_id(daemon->self, (uint64_t)(clock_utc_ms() / 1000));
    log_line(daemon->log, LOG_LEVEL_WARN, "lost-data",
             "%s holds no log: joining again under Raft id %llu (a new cluster is made with "
             "--init)",
             daemon->config.data_dir, (unsigned long long)daemon->raft_id);
    return identity_write(daemon, err);
}

int identity_init(struct daemon *daemon, struct err *err)
{
    struct node_options options;
    int r = identity_read(daemon, err);

    if (r < 0)
        return r;
    if (r == 0 || !dir_is_empty(daemon->raft_dir))
        return err_set(err, ERR_REFUSED, "%s holds a node's data already", daemon->config.data_dir);
    daemon->raft_id = replicate_id(daemon->self, 0);
    options = shell_options(daemon);
    options.disk = disk_uv_new(NULL, daemon->raft_dir);
    r = node_bootstrap(&options, err);
    return r < 0 ? r : identity_write(daemon, err);
}
