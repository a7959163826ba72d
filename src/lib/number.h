/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Decimal numbers.  All of popin reads and writes them here.
 */
#ifndef POPIN_NUMBER_H
#define POPIN_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NUMBER_DIGITS = 20 /* the most digits a uint64_t has */
};

/*
 * Reads LEN bytes at P as one decimal number of at most MAX.  Digits only:
 * no sign, no blank, no prefix, nothing behind; leading zeros are allowed.
 * Returns false, and leaves *VALUE alone, for anything else.
 */
bool number_parse(const char *p, size_t len, uint64_t max, uint64_t *value);

/*
 * Writes VALUE in decimal into BUF (NUMBER_DIGITS bytes, no NUL is added).
 * Returns how many bytes it took.
 */
size_t number_format(char *buf, uint64_t value);

#endif
