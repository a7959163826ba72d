/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Does a client know an account's secret?
 */
#ifndef POPIN_VERIFY_H
#define POPIN_VERIFY_H

#include "checkpassword/account.h"
#include "checkpassword/method.h"
#include "lib/scram.h"

/*
 * Compares what METHOD has in C with the secret of A.  It does not ask whether
 * A is usable.  An unknown account and a wrong password take as long as a right
 * one, see verify.c.  The result is VERIFY_FAILED if that could not be
 * computed, most likely for lack of memory: then no password is called wrong
 * and no name unknown.  SIGNATURE is set if a proof of SCRAM is right.
 */
enum verify_result verify(enum method method, const struct account *a,
    const struct credentials *c, unsigned char signature[SCRAM_KEY]);

#endif
