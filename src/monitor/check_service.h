/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * --check: what would happen, told to an administrator.
 *
 * Every finding is a log record of the style LOG_STYLE_REPORT on standard
 * output, so that what a part of popin has to complain about is in there in
 * its own words.
 */
#ifndef POPIN_CHECK_SERVICE_H
#define POPIN_CHECK_SERVICE_H

struct options;

/* All but the maildrop of a user.  Returns the exit status. */
int check_service_run(struct options *o);

#endif
