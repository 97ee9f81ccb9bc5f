/* Virtual time and what happens in it: a timing wheel (Varghese and Lauck 1987) of one slot
 * per ms with a heap behind it for what is far off. What is due in the same ms happens in
 * the order in which it was put there, so a run is the same everywhere. */
#ifndef SIMULATE_WHEEL_H
#define SIMULATE_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

struct wheel;
/* Nothing can be taken back: who changes its mind recognises `arg` as stale. */
typedef void wheel_fire(void *context, uint64_t arg);

struct wheel *wheel_new(void); /* at time 0 */
void wheel_free(struct wheel *wheel);
int64_t wheel_now(const struct wheel *wheel);
/* At `ms`, or now (after what is already due now) when that has passed. */
void wheel_at(struct wheel *wheel, int64_t ms, wheel_fire *fire, void *context, uint64_t arg);
/* Makes the next thing happen if it is due by `until_ms`; false: nothing, and it is
 * `until_ms` now. */
bool wheel_step(struct wheel *wheel, int64_t until_ms);
uint64_t wheel_fired(const struct wheel *wheel); /* counted */

#endif
