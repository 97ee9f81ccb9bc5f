#include "base/check.h"
#include "base/mem.h"
#include "simulate/parts/platter_private.h"

#include <endian.h>
#include <string.h>

/* A day's run hashes every entry on every node: eight bytes at a time. */
static uint64_t hash_of(enum raft_entry_type type, const uint8_t *data, size_t len)
{
    uint64_t hash = prng_mix((uint64_t)type + ((uint64_t)len << 8)), word;

    for (; len >= sizeof word; data += sizeof word, len -= sizeof word) {
        memcpy(&word, data, sizeof word);
        hash = prng_mix(hash ^ le64toh(word)) + 1;
    }
    for (; len > 0; len--)
        hash = prng_mix(hash ^ *data++) + 1;
    return hash;
}

void platter_keep_entry(struct platter *p, const struct raft_entry *entry)
{
    if (p->n == p->room) {
        p->room = p->room > 0 ? 2 * p->room : 64;
        p->entries = mem_realloc(p->entries, p->room, sizeof *p->entries);
    }
    p->entries[p->n++] = (struct stored){
        .term = entry->term,
        .type = entry->type,
        .data = mem_dup(entry->buf.base, entry->buf.len),
        .len = entry->buf.len,
        .hash = hash_of(entry->type, entry->buf.base, entry->buf.len),
    };
    p->bytes += entry->buf.len;
}

static void drop_entries(struct platter *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        p->bytes -= p->entries[i].len;
        mem_free(p->entries[i].data);
    }
}

static void drop_before(struct platter *p, raft_index index)
{
    size_t n;

    if (index <= p->first)
        return;
    n = (size_t)(index - p->first);
    CHECK(n <= p->n);
    drop_entries(p, 0, n);
    p->n -= n;
    p->first = index;
    memmove(p->entries, p->entries + n, p->n * sizeof *p->entries);
}

void platter_drop_from(struct platter *p, raft_index index)
{
    size_t keep;

    CHECK(index >= p->first);
    keep = (size_t)(index - p->first);
    if (keep >= p->n)
        return;
    drop_entries(p, keep, p->n);
    p->n = keep;
}

static void drop_image(struct platter *p)
{
    p->bytes -= p->image.len;
    raft_free(p->image.conf.base);
    mem_free(p->image.data);
    p->image = (struct image){0};
}

void platter_keep_image(struct platter *p, const struct raft_snapshot *snapshot, unsigned trailing)
{
    struct image *image = &p->image;
    size_t at = 0;

    drop_image(p);
    *image = (struct image){.index = snapshot->index,
                            .term = snapshot->term,
                            .conf_index = snapshot->configuration_index};
    CHECK(raft_configuration_encode(&snapshot->configuration, &image->conf) == 0);
    for (unsigned i = 0; i < snapshot->n_bufs; i++)
        image->len += snapshot->bufs[i].len;
    image->data = mem_alloc(image->len);
    for (unsigned i = 0; i < snapshot->n_bufs; i++) {
        memcpy((char *)image->data + at, snapshot->bufs[i].base, snapshot->bufs[i].len);
        at += snapshot->bufs[i].len;
    }
    p->bytes += image->len;

    if (trailing == 0) { /* a received one takes the place of the log */
        platter_drop_from(p, p->first);
        p->first = snapshot->index + 1;
    } else if (snapshot->index > trailing) {
        drop_before(p, snapshot->index - trailing + 1);
    }
}

/* ---- for libraft ---- */

struct raft_snapshot *platter_copy_image(const struct platter *p)
{
    struct raft_snapshot *snapshot = raft_calloc(1, sizeof *snapshot);

    CHECK(snapshot != NULL);
    if (p->image.index == 0)
        return snapshot;
    snapshot->index = p->image.index;
    snapshot->term = p->image.term;
    snapshot->configuration_index = p->image.conf_index;
    CHECK(raft_configuration_decode(&p->image.conf, &snapshot->configuration) == 0);
    snapshot->n_bufs = 1;
    snapshot->bufs = raft_malloc(sizeof *snapshot->bufs);
    CHECK(snapshot->bufs != NULL);
    snapshot->bufs[0] =
        (struct raft_buffer){.base = raft_malloc(p->image.len + 1), .len = p->image.len};
    CHECK(snapshot->bufs[0].base != NULL);
    memcpy(snapshot->bufs[0].base, p->image.data, p->image.len);
    return snapshot;
}

/* In one batch: libraft looks for other users of a batch whenever it lets go of an entry,
 * and finds them soon when they are many. */
struct raft_entry *platter_copy_entries(const struct platter *p)
{
    struct raft_entry *entries;
    size_t size = 1;
    char *batch;

    if (p->n == 0)
        return NULL;
    for (size_t i = 0; i < p->n; i++)
        size += p->entries[i].len;
    entries = raft_calloc(p->n, sizeof *entries);
    batch = raft_malloc(size);
    CHECK(entries != NULL && batch != NULL);
    for (size_t i = 0, at = 0; i < p->n; at += p->entries[i++].len) {
        const struct stored *stored = &p->entries[i];

        entries[i] = (struct raft_entry){.term = stored->term,
                                         .type = stored->type,
                                         .buf = {.base = batch + at, .len = stored->len},
                                         .batch = batch};
        memcpy(batch + at, stored->data, stored->len);
    }
    return entries;
}

/* ---- the whole ---- */

struct platter *platter_new(const struct platter_options *options)
{
    struct platter *p = mem_zalloc(1, sizeof *p);

    p->options = *options;
    p->options.name = mem_strdup(options->name);
    p->first = 1;
    prng_seed(&p->prng, options->seed);
    return p;
}

void platter_free(struct platter *platter)
{
    CHECK(platter->disks == NULL);
    platter_wipe(platter);
    mem_free(platter->entries);
    mem_free((char *)platter->options.name);
    mem_free(platter);
}

/* ---- faults and views ---- */

void platter_stall(struct platter *platter, bool on)
{
    platter->stalled = on;
    if (!on && platter->disk != NULL)
        disk_resume(platter->disk);
}

void platter_slow(struct platter *platter, int extra_ms)
{
    platter->extra_ms = extra_ms;
}

void platter_full(struct platter *platter, bool on)
{
    platter->full = on;
    if (platter->disk != NULL)
        disk_tell_capacity(platter->disk);
}

void platter_fail(struct platter *platter)
{
    platter->failing = true;
}

void platter_corrupt_tail(struct platter *platter)
{
    if (platter->n > 0)
        platter->entries[platter->n - 1].damaged = true;
}

void platter_wipe(struct platter *platter)
{
    CHECK(platter->disk == NULL);
    platter_drop_from(platter, platter->first);
    drop_image(platter);
    platter->first = 1;
    platter->term = 0;
    platter->vote = 0;
}

bool platter_is_empty(const struct platter *platter)
{
    return platter->term == 0 && platter->n == 0 && platter->image.index == 0;
}

struct platter_view platter_view(const struct platter *platter)
{
    return (struct platter_view){
        .term = platter->term,
        .vote = platter->vote,
        .first = platter->first,
        .last = platter->first + platter->n - 1,
        .snapshot = platter->image.index,
        .snapshot_term = platter->image.term,
        .bytes = platter->bytes,
    };
}

/* A process that was frozen finds its writes done and conflicting entries at once: those are
 * to go, and are looked past, while the write before has still to be told. A received snapshot
 * takes the place of all entries: its process has let go of them when it begins to store it, and
 * a heartbeat meanwhile may tell that all that it covers is committed. */
static bool is_to_go(const struct platter *platter, raft_index index)
{
    const struct op *op = platter->disk != NULL ? platter->disk->writes.first : NULL;

    for (; op != NULL; op = op->next)
        if ((op->kind == OP_TRUNCATE && op->index <= index) ||
            (op->kind == OP_PUT && op->put.trailing == 0))
            return true;
    return false;
}

bool platter_entry(const struct platter *platter, raft_index index, raft_term *term, uint64_t *hash)
{
    const struct stored *stored;

    if (is_to_go(platter, index))
        return false;
    if (index < platter->first || index - platter->first >= platter->n)
        return false;
    stored = &platter->entries[index - platter->first];
    *term = stored->term;
    *hash = stored->hash;
    return true;
}
