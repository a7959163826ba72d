/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * popin-import: which ids another server gave to the messages of a maildrop.
 */
#ifndef POPIN_IMPORT_H
#define POPIN_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildrop/maildrop.h"

/* The server that made the ids, or its way to make them. */
enum import_scheme {
	IMPORT_AUTO, /* by what another server has left, else our own */
	IMPORT_OWN,
	IMPORT_COURIER,
	IMPORT_DOVECOT,
	IMPORT_DOVECOT_UPPER,
	IMPORT_SOLID,
	IMPORT_TPOP3D,
	IMPORT_POPA3D,
	IMPORT_UW,
	IMPORT_XUIDL
};

/* Exit statuses, as in sysexits(3). */
enum import_status {
	IMPORT_FINE = 0,
	IMPORT_USAGE = 64,
	IMPORT_LATER = 75,
	IMPORT_NO_MAILDROP = 78
};

/*
 * Each fills uidl_map.h with the ids by *SCHEME of the maildrop PATH.  It
 * enters the sandbox before it reads what others have written.  IMPORT_AUTO
 * becomes the scheme that was found, or IMPORT_OWN.  Anything but IMPORT_FINE
 * was logged.
 */
enum import_status import_maildir(const char *path, enum import_scheme *scheme);
enum import_status import_mbox(const char *path, enum import_scheme *scheme);

/* Logs TEXT, WHAT and errno.  IMPORT_LATER if that may go away by itself. */
enum import_status import_failed(const char *text, const char *what);
/* The exit status for RESULT, which was logged. */
enum import_status import_status_of(enum maildrop_result result);

/*
 * Logs how many of COUNT messages have an id FROM there, and the WRONG lines.
 */
void import_log(const char *from, size_t known, size_t count, uint64_t wrong);

#endif
