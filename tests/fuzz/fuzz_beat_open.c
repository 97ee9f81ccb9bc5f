/* Datagrams from anyone. The first byte says what to do with the rest: as it is, with
 * a key id that exists, or sealed by ourselves and then changed in one place. */
#include "base/check.h"
#include "link/beat.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t material[BEAT_MATERIAL] = {[20] = 1, 2, 3, 4};
    struct beat_key *seal = beat_key_new(material, true, 0, 1);
    struct beat_ring ring = {0};
    uint8_t datagram[BEAT_DATAGRAM + 8] = {0}, bytes[LIMIT_BEAT];
    size_t len = size > 0 ? size - 1 : 0, out;
    int how = size > 0 ? data[0] % 3 : 0;

    if (len > sizeof datagram)
        len = sizeof datagram;
    if (len > 0)
        memcpy(datagram, data + 1, len);
    beat_ring_add(&ring, beat_key_new(material, false, 0, 1));
    if (how == 1 && len >= 5) {
        datagram[0] = BEAT_VERSION;
        memcpy(datagram + 1, material + 20, 4);
    }
    if (how == 2 && len > 3 && len - 3 <= LIMIT_BEAT) {
        size_t sealed = beat_seal(seal, data + 4, len - 3, datagram);
        size_t at = (size_t)(data[1] << 8 | data[2]) % sealed;
        uint8_t change = data[3];

        datagram[at] ^= change;
        len = sealed;
        CHECK((beat_ring_open(&ring, datagram, len, bytes, &out) == 0) == (change == 0));
    } else {
        CHECK(beat_ring_open(&ring, datagram, len, bytes, &out) != 0);
    }
    beat_key_free(seal);
    beat_ring_free(&ring);
    return 0;
}
