#include "base/limits.h"
#include "rpc.pb-c.h"
#include "wire/codec.h"
#include "wire/pb.h"

#define ROLES 4 /* enum link_role */

/* Borrows the bytes of `buf`. */
static ProtobufCBinaryData bytes_of(const struct buf *buf)
{
    return (ProtobufCBinaryData){.len = buf->len, .data = buf->data};
}

void rpc_request_encode(const struct rpc_request *request, struct buf *out)
{
    Kirikae__V1__RpcRequest message = KIRIKAE__V1__RPC_REQUEST__INIT;

    message.verb = (char *)request->verb;
    message.args = bytes_of(&request->args);
    message.behalf = (char *)request->behalf;
    message.behalf_role = (uint32_t)request->behalf_role;
    pb_pack(&message, out);
}

static int too_long(const char *what, size_t len, struct err *err)
{
    return err_set(err, ERR_LIMIT, "a %s of %zu bytes is longer than %d", what, len, LIMIT_FRAME);
}

int rpc_request_decode(const uint8_t *bytes, size_t len, struct rpc_request *request,
                       struct err *err)
{
    Kirikae__V1__RpcRequest *message;
    int rc = 0;

    *request = (struct rpc_request){0};
    if (len > LIMIT_FRAME)
        return too_long("request", len, err);
    message = pb_unpack(&kirikae__v1__rpc_request__descriptor, bytes, len);
    if (message == NULL)
        return err_set(err, ERR_INVALID, "not a request");
    if (!pb_text(request->verb, sizeof request->verb, message->verb) || request->verb[0] == '\0' ||
        !pb_text(request->behalf, sizeof request->behalf, message->behalf) ||
        message->behalf_role >= ROLES)
        rc = err_set(err, ERR_INVALID, "a request with a wrong verb, name or role");
    if (rc == 0) {
        request->behalf_role = (int)message->behalf_role;
        buf_append(&request->args, message->args.data, message->args.len);
    }
    pb_free(message);
    return rc;
}

void rpc_request_free(struct rpc_request *request)
{
    buf_free(&request->args);
}

void rpc_response_encode(const struct rpc_response *response, struct buf *out)
{
    Kirikae__V1__RpcResponse message = KIRIKAE__V1__RPC_RESPONSE__INIT;

    message.code = response->code;
    message.text = (char *)response->text;
    message.leader = (char *)response->leader;
    message.result = bytes_of(&response->result);
    pb_pack(&message, out);
}

int rpc_response_decode(const uint8_t *bytes, size_t len, struct rpc_response *response,
                        struct err *err)
{
    Kirikae__V1__RpcResponse *message;
    int rc = 0;

    *response = (struct rpc_response){0};
    if (len > LIMIT_FRAME)
        return too_long("response", len, err);
    message = pb_unpack(&kirikae__v1__rpc_response__descriptor, bytes, len);
    if (message == NULL)
        return err_set(err, ERR_INVALID, "not a response");
    if (message->code > 0 || !pb_text(response->text, sizeof response->text, message->text) ||
        !pb_text(response->leader, sizeof response->leader, message->leader))
        rc = err_set(err, ERR_INVALID, "a response with a wrong code, text or name");
    if (rc == 0) {
        response->code = message->code;
        buf_append(&response->result, message->result.data, message->result.len);
    }
    pb_free(message);
    return rc;
}

void rpc_response_free(struct rpc_response *response)
{
    buf_free(&response->result);
}
