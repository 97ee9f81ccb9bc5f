#include "link/beat.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define NONCE 12
#define AAD (BEAT_HEAD + 2)

struct beat_key {
    EVP_CIPHER_CTX *cipher;
    uint8_t salt[4];
    uint8_t id[4];
    uint8_t ends[2]; /* from, to */
    uint64_t newest; /* counter sent last, or the highest accepted */
};

static void put_u64(uint8_t *out, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

static uint64_t get_u64(const uint8_t *in)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

struct beat_key *beat_key_new(const uint8_t material[BEAT_MATERIAL], bool seal, int from, int to)
{
    struct beat_key *key = mem_zalloc(1, sizeof *key);

    CHECK(from >= 0 && from < LIMIT_SERVERS && to >= 0 && to < LIMIT_SERVERS);
    key->cipher = EVP_CIPHER_CTX_new();
    CHECK(key->cipher != NULL);
    CHECK(EVP_CipherInit_ex(key->cipher, EVP_aes_128_gcm(), NULL, material, NULL, seal) == 1);
    memcpy(key->salt, material + 16, sizeof key->salt);
    memcpy(key->id, material + 20, sizeof key->id);
    key->ends[0] = (uint8_t)from;
    key->ends[1] = (uint8_t)to;
    return key;
}

void beat_key_free(struct beat_key *key)
{
    if (key == NULL)
        return;
    EVP_CIPHER_CTX_free(key->cipher);
    OPENSSL_cleanse(key, sizeof *key);
    mem_free(key);
}

/* Sets the nonce for the counter in `head` and feeds what is only authenticated. */
static void begin(struct beat_key *key, const uint8_t head[BEAT_HEAD])
{
    uint8_t nonce[NONCE], aad[AAD];
    int len;

    memcpy(nonce, key->salt, sizeof key->salt);
    memcpy(nonce + sizeof key->salt, head + 5, 8);
    memcpy(aad, head, BEAT_HEAD);
    memcpy(aad + BEAT_HEAD, key->ends, sizeof key->ends);
    CHECK(EVP_CipherInit_ex(key->cipher, NULL, NULL, NULL, nonce, -1) == 1);
    CHECK(EVP_CipherUpdate(key->cipher, NULL, &len, aad, AAD) == 1);
}

size_t beat_seal(struct beat_key *key, const uint8_t *bytes, size_t len,
                 uint8_t datagram[BEAT_DATAGRAM])
{
    uint8_t *body = datagram + BEAT_HEAD;
    int done;

    CHECK(len <= LIMIT_BEAT && key->newest < UINT64_MAX);
    datagram[0] = BEAT_VERSION;
    memcpy(datagram + 1, key->id, sizeof key->id);
    put_u64(datagram + 5, ++key->newest);
    begin(key, datagram);
    CHECK(EVP_EncryptUpdate(key->cipher, body, &done, bytes, (int)len) == 1);
    CHECK(EVP_EncryptFinal_ex(key->cipher, body + len, &done) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(key->cipher, EVP_CTRL_AEAD_GET_TAG, BEAT_TAG, body + len) == 1);
    return BEAT_HEAD + len + BEAT_TAG;
}

/* 0, ERR_STALE, or ERR_INVALID. */
static int open_under(struct beat_key *key, const uint8_t *datagram, size_t datagram_len,
                      uint8_t bytes[LIMIT_BEAT], size_t *len)
{
    size_t body_len = datagram_len - BEAT_OVERHEAD;
    const uint8_t *body = datagram + BEAT_HEAD;
    uint64_t counter = get_u64(datagram + 5);
    uint8_t tag[BEAT_TAG];
    int done;

    if (counter <= key->newest)
        return ERR_STALE;
    memcpy(tag, body + body_len, BEAT_TAG);
    begin(key, datagram);
    CHECK(EVP_DecryptUpdate(key->cipher, bytes, &done, body, (int)body_len) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(key->cipher, EVP_CTRL_AEAD_SET_TAG, BEAT_TAG, tag) == 1);
    if (EVP_DecryptFinal_ex(key->cipher, bytes + body_len, &done) != 1)
        return ERR_INVALID;
    key->newest = counter;
    *len = body_len;
    return 0;
}

static void drop_keys(struct beat_ring *ring, int from, int count)
{
    for (int i = from; i < from + count; i++)
        beat_key_free(ring->keys[i]);
    ring->n -= count;
    memmove(ring->keys + from, ring->keys + from + count,
            (size_t)(ring->n - from) * sizeof ring->keys[0]);
}

void beat_ring_add(struct beat_ring *ring, struct beat_key *key)
{
    if (ring->n == BEAT_KEYS) /* the first may be in use: the oldest unused one goes */
        drop_keys(ring, ring->keys[0]->newest > 0 ? 1 : 0, 1);
    ring->keys[ring->n++] = key;
}

void beat_ring_free(struct beat_ring *ring)
{
    drop_keys(ring, 0, ring->n);
}

int beat_ring_open(struct beat_ring *ring, const uint8_t *datagram, size_t datagram_len,
                   uint8_t bytes[LIMIT_BEAT], size_t *len)
{
    int rc = 1;

    if (datagram_len < BEAT_OVERHEAD || datagram_len > BEAT_DATAGRAM || datagram[0] != BEAT_VERSION)
        return ERR_INVALID;
    for (int i = 0; i < ring->n; i++) {
        if (memcmp(ring->keys[i]->id, datagram + 1, sizeof ring->keys[i]->id) != 0)
            continue;
        rc = open_under(ring->keys[i], datagram, datagram_len, bytes, len);
        if (rc == 0) {
            drop_keys(ring, 0, i);
            return 0;
        }
    }
    return rc;
}
