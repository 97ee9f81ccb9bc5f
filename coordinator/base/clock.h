/* The two clocks. Not for the pure folders: time reaches them in events. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_boot_ms(void); /* CLOCK_BOOTTIME: never steps, counts suspension */
int64_t clock_boot_us(void);
int64_t clock_utc_ms(void); /* CLOCK_REALTIME */

#endif
