/* The ledger as an append-only Merkle tree, RFC 6962 section 2.1 with SHA-256:
 * leaf = H(0x00 || bytes), node = H(0x01 || left || right). Only the compact range
 * is kept (one hash per set bit of the size), so it costs the same for ten entries
 * as for ten million. The leaves themselves are files (store/). */
#ifndef CORE_ACCOUNT_TREE_H
#define CORE_ACCOUNT_TREE_H

#include <stddef.h>
#include <stdint.h>

#define TREE_HASH 32

struct tree {
    uint64_t size;
    uint8_t peaks[64][TREE_HASH]; /* peaks[k]: root of the perfect subtree of 2^k leaves,
                                   * meaningful when bit k of size is set */
};

void tree_leaf(const void *bytes, size_t len, uint8_t hash[TREE_HASH]);
void tree_append(struct tree *tree, const uint8_t leaf[TREE_HASH]);
/* Only what means something: a few hundred bytes. */
void tree_copy(struct tree *to, const struct tree *from);
/* Root over all leaves; of the empty tree: SHA-256 of nothing. */
void tree_root(const struct tree *tree, uint8_t root[TREE_HASH]);

#endif
