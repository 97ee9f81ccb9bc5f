/* cmocka wants these in this order. */
#ifndef TESTS_WIRE_TESTING_H
#define TESTS_WIRE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#endif
