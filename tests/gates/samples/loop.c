/* Must be rejected: it knows the loop. */
#include <stdint.h>
#include <uv.h>

uint64_t what_time_has_the_loop(uv_loop_t *loop);

uint64_t what_time_has_the_loop(uv_loop_t *loop)
{
    return uv_now(loop);
}
