#include "beat.pb-c.h"
