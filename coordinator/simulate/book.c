/* The ledger. The first node that puts a line decides what it is; every other must put the
 * same bytes there. So one copy is enough for all, and each machine only has a length. */
#include "base/check.h"
#include "base/mem.h"
#include "simulate/inside.h"

#include <string.h>

static uint64_t hash(const char *line, size_t len)
{
    uint64_t value = 14695981039346656037ull; /* FNV-1a */
    size_t i;

    for (i = 0; i < len; i++)
        value = (value ^ (uint8_t)line[i]) * 1099511628211ull;
    return prng_mix(value);
}

static void add(struct sim *sim, int server, const char *line, size_t len)
{
    struct book *book = &sim->book;
    uint8_t leaf[TREE_HASH];

    if (book->n == book->cap) {
        book->cap = book->cap > 0 ? book->cap * 2 : 256;
        book->lines = mem_realloc(book->lines, book->cap, sizeof book->lines[0]);
        book->hashes = mem_realloc(book->hashes, book->cap, sizeof book->hashes[0]);
    }
    book->hashes[book->n] = hash(line, len);
    book->lines[book->n] = mem_alloc(len + 1);
    memcpy(book->lines[book->n], line, len);
    book->lines[book->n][len] = '\0';
    book->n++;
    tree_leaf(line, len, leaf);
    tree_append(&book->tree, leaf);
    sim_mix(sim, book->hashes[book->n - 1]);
    evidence_line(sim, server, line, len);
}

int book_put(struct machine *machine, uint64_t seq, const char *line, size_t len, struct err *err)
{
    struct sim *sim = machine->sim;
    struct book *book = &sim->book;

    if (seq > machine->lines)
        return 1;
    CHECK(seq <= book->n);
    if (seq == book->n)
        add(sim, machine->server, line, len);
    else if (book->hashes[seq] != hash(line, len)) {
        sim_break(sim, "ledgers-equal", "%s puts another line %llu: %.*s",
                  sim->model->servers[machine->server].name, (unsigned long long)seq,
                  (int)(len < 300 ? len : 300), line);
        return err_set(err, ERR_CORRUPT, "line %llu is another one", (unsigned long long)seq);
    }
    if (seq == machine->lines)
        machine->lines++;
    return 0;
}

void book_root(struct sim *sim, uint64_t lines, uint8_t root[TREE_HASH])
{
    struct tree tree = {0};
    uint8_t leaf[TREE_HASH];
    uint64_t i;

    for (i = 0; i < lines; i++) {
        tree_leaf(sim->book.lines[i], strlen(sim->book.lines[i]), leaf);
        tree_append(&tree, leaf);
    }
    tree_root(&tree, root);
}

/* What was not synced is there up to anywhere. */
void book_power_loss(struct machine *machine)
{
    uint64_t open = machine->lines - machine->synced;

    machine->lines = machine->synced + prng_below(&machine->sim->prng, (uint32_t)open + 1);
    machine->synced = machine->lines;
}

void book_free(struct book *book)
{
    uint64_t i;

    for (i = 0; i < book->n; i++)
        mem_free(book->lines[i]);
    mem_free(book->lines);
    mem_free(book->hashes);
}
