/* Must be rejected: it reads the clock. */
#include <time.h>

long what_time_is_it(void);

long what_time_is_it(void)
{
    return (long)time(NULL);
}
