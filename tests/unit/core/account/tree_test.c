#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/account/tree.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define LEAVES 300

static void expect_hex(const uint8_t hash[TREE_HASH], const char *hex)
{
    char text[2 * TREE_HASH + 1];
    int i;

    for (i = 0; i < TREE_HASH; i++)
        sprintf(text + 2 * i, "%02x", hash[i]);
    assert_string_equal(text, hex);
}

/* The reference vectors of certificate-transparency's merkle tree tests. */
static void reference_vectors(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } leaves[] = {
        {"", 0},
        {"\x00", 1},
        {"\x10", 1},
        {"\x20\x21", 2},
        {"\x30\x31", 2},
        {"\x40\x41\x42\x43", 4},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
    };
    static const char *const roots[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct tree tree = {0};
    uint8_t hash[TREE_HASH];
    size_t i;

    tree_root(&tree, hash);
    expect_hex(hash, roots[0]);
    for (i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        tree_leaf(leaves[i].bytes, leaves[i].len, hash);
        tree_append(&tree, hash);
        assert_int_equal(tree.size, i + 1);
        tree_root(&tree, hash);
        expect_hex(hash, roots[i + 1]);
    }
}

/* RFC 6962 section 2.1, word for word, with another SHA-256 interface. */
static void mth(const char (*leaves)[8], size_t n, uint8_t out[TREE_HASH])
{
    uint8_t bytes[1 + 2 * TREE_HASH] = {0};
    size_t k, len = 0;

    if (n == 1) {
        memcpy(bytes + 1, leaves[0], strlen(leaves[0]));
        len = 1 + strlen(leaves[0]);
    } else if (n > 1) {
        for (k = 1; k * 2 < n; k *= 2)
            ;
        bytes[0] = 1;
        mth(leaves, k, bytes + 1);
        mth(leaves + k, n - k, bytes + 1 + TREE_HASH);
        len = sizeof bytes;
    }
    assert_int_equal(EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL), 1);
}

static void every_size_is_as_the_definition_says(void **state)
{
    static char leaves[LEAVES][8];
    struct tree tree = {0};
    size_t i;

    for (i = 0; i < LEAVES; i++) {
        uint8_t leaf[TREE_HASH], ours[TREE_HASH], theirs[TREE_HASH];

        snprintf(leaves[i], sizeof leaves[i], "%zu", i * 31);
        tree_leaf(leaves[i], strlen(leaves[i]), leaf);
        tree_append(&tree, leaf);
        tree_root(&tree, ours);
        mth(leaves, i + 1, theirs);
        assert_memory_equal(ours, theirs, TREE_HASH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_vectors),
        cmocka_unit_test(every_size_is_as_the_definition_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
