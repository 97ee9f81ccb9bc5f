/* The streaming SHA-256 of libcrypto lives on the stack, cannot fail and needs no
 * look-up of a provider per call, which costs more than hashing a ledger line. It is
 * "deprecated" only in favour of that look-up. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "core/account/tree.h"
#include "base/check.h"

#include <openssl/sha.h>
#include <string.h>

void tree_leaf(const void *bytes, size_t len, uint8_t hash[TREE_HASH])
{
    static const uint8_t prefix = 0x00;
    SHA256_CTX sha;

    CHECK(SHA256_Init(&sha) == 1);
    CHECK(SHA256_Update(&sha, &prefix, 1) == 1);
    CHECK(SHA256_Update(&sha, bytes, len) == 1);
    CHECK(SHA256_Final(hash, &sha) == 1);
}

static void node(const uint8_t *left, const uint8_t *right, uint8_t hash[TREE_HASH])
{
    uint8_t bytes[1 + 2 * TREE_HASH];
    SHA256_CTX sha;

    bytes[0] = 0x01;
    memcpy(bytes + 1, left, TREE_HASH);
    memcpy(bytes + 1 + TREE_HASH, right, TREE_HASH);
    CHECK(SHA256_Init(&sha) == 1);
    CHECK(SHA256_Update(&sha, bytes, sizeof bytes) == 1);
    CHECK(SHA256_Final(hash, &sha) == 1);
}

/* Counting up in binary: each carry joins two perfect subtrees of equal size. */
void tree_append(struct tree *tree, const uint8_t leaf[TREE_HASH])
{
    uint8_t carry[TREE_HASH];
    unsigned k;

    CHECK(tree->size < UINT64_MAX);
    memcpy(carry, leaf, TREE_HASH);
    for (k = 0; (tree->size >> k & 1) != 0; k++)
        node(tree->peaks[k], carry, carry);
    memcpy(tree->peaks[k], carry, TREE_HASH);
    tree->size++;
}

void tree_copy(struct tree *to, const struct tree *from)
{
    uint64_t left;

    to->size = from->size;
    for (left = from->size; left != 0; left &= left - 1) {
        unsigned k = (unsigned)__builtin_ctzll(left);

        memcpy(to->peaks[k], from->peaks[k], TREE_HASH);
    }
}

/* RFC 6962 splits at the largest power of two below the size, so the peaks join from
 * the smallest (rightmost) to the largest. */
void tree_root(const struct tree *tree, uint8_t root[TREE_HASH])
{
    uint64_t left = tree->size;
    unsigned k;

    if (left == 0) {
        SHA256_CTX sha;

        CHECK(SHA256_Init(&sha) == 1);
        CHECK(SHA256_Final(root, &sha) == 1);
        return;
    }
    k = (unsigned)__builtin_ctzll(left);
    memcpy(root, tree->peaks[k], TREE_HASH);
    for (left &= left - 1; left != 0; left &= left - 1)
        node(tree->peaks[__builtin_ctzll(left)], root, root);
}
