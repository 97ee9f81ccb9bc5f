/* A contract that is taken is read back the same from what is written of it. */
#include "base/buf.h"
#include "base/check.h"
#include "core/account/contract_json.h"
#include "wire/contract.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write(const struct contract *contract, struct buf *out)
{
    buf_str(out, "{\"contract\":");
    contract_json(contract, out);
    buf_str(out, "}");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf first = {0}, second = {0};
    struct contract contract, again;
    struct err err;

    if (contract_parse("fuzz", data, size, &contract, &err) != 0)
        return 0;
    write(&contract, &first);
    if (contract_parse("again", first.data, first.len, &again, &err) == 0) {
        write(&again, &second);
        contract_free(&again);
        CHECK(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    } else {
        CHECK(first.len > LIMIT_CONFIG);
    }
    contract_free(&contract);
    buf_free(&first);
    buf_free(&second);
    return 0;
}
