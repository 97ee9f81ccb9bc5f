/* Sealed beats: one AES-128-GCM key per Raft session and direction. Pure, apart from
 * OpenSSL's contexts, which a key makes once and uses again for every datagram.
 *
 *   1  version, BEAT_VERSION
 *   4  key id
 *   8  counter, from 1 (big-endian); the nonce is salt (4 bytes) and counter
 *   n  ciphertext
 *  16  tag
 *
 * The tag also covers the first 13 bytes and the table indices of sender and
 * receiver. A counter is good once, and only when it is above all seen before: a
 * late beat is of no use to anyone. */
#ifndef LINK_BEAT_H
#define LINK_BEAT_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEAT_VERSION 1
#define BEAT_HEAD 13
#define BEAT_TAG 16
#define BEAT_OVERHEAD (BEAT_HEAD + BEAT_TAG)
#define BEAT_DATAGRAM (LIMIT_BEAT + BEAT_OVERHEAD)
#define BEAT_MATERIAL 24 /* exported bytes: key 16, salt 4, id 4 */

struct beat_key;

/* `seal`: for sending, else for opening. `from` and `to` are table indices. */
struct beat_key *beat_key_new(const uint8_t material[BEAT_MATERIAL], bool seal, int from, int to);
void beat_key_free(struct beat_key *key); /* wipes it; NULL is fine */

/* Fills `datagram` and returns its length. len <= LIMIT_BEAT. */
size_t beat_seal(struct beat_key *key, const uint8_t *bytes, size_t len,
                 uint8_t datagram[BEAT_DATAGRAM]);

/* The keys under which a peer may send: the one it uses and the newest ones it may
 * be about to use. A peer changes to the key of its newest session when it learns
 * that the session stands, and never back; so a beat under a key ends all older
 * keys, and handshakes that come to nothing cannot push out the key in use. */
#define BEAT_KEYS 4

struct beat_ring {
    struct beat_key *keys[BEAT_KEYS]; /* oldest first; owned */
    int n;
};

void beat_ring_add(struct beat_ring *ring, struct beat_key *key); /* takes the key */
void beat_ring_free(struct beat_ring *ring);

/* 0 and the beat in `bytes`, *len; 1: no key of this ring has that id;
 * ERR_INVALID: no beat at all, or not sealed by this key; ERR_STALE: seen, or late. */
int beat_ring_open(struct beat_ring *ring, const uint8_t *datagram, size_t datagram_len,
                   uint8_t bytes[LIMIT_BEAT], size_t *len);

#endif
