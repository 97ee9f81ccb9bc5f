#include "report/status.h"
