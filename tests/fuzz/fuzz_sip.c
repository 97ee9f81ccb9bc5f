#include "base/check.h"
#include "observe/sip_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sip_ids ids = {.branch = "b", .call_id = "c", .tag = "t"};
    int status = 0;

    if (sip_answer((const char *)data, size, &ids, &status) == SIP_ANSWER)
        CHECK(status >= 100 && status < 700);
    return 0;
}
