/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * --check: reports to an administrator whether a service would work.
 *
 * Each finding is a log record of LOG_STYLE_REPORT on standard output.  So the
 * report also has every error that other parts of popin log.
 */
#ifndef POPIN_CHECK_SERVICE_H
#define POPIN_CHECK_SERVICE_H

struct options;

/*
 * Checks everything but maildrops here.  With --check-user a session does so
 * for the one of that user.  Returns the exit status.
 */
int check_service_run(struct options *o);

#endif
