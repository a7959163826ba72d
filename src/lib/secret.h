/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Comparing secrets.
 */
#ifndef POPIN_SECRET_H
#define POPIN_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Are LEN bytes at A and B the same?  Neither what they are nor where they
 * begin to differ decides how long it takes.
 */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
