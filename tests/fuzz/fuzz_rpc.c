#include "wire/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rpc_request request;
    struct rpc_response response;
    struct err err;

    rpc_request_decode(data, size, &request, &err);
    rpc_request_free(&request);
    rpc_response_decode(data, size, &response, &err);
    rpc_response_free(&response);
    return 0;
}
