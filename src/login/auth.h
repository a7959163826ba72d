/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The commands AUTH (RFC 5034) and APOP (RFC 1939, section 7).
 */
#ifndef POPIN_AUTH_H
#define POPIN_AUTH_H

#include "pop3/command.h"

enum {
	/* RFC 4954, section 4, has that number; with CRLF. */
	AUTH_LINE_MAX = 12288 + 2
};

enum outcome auth_command(void *state, const struct command_line *line);
enum outcome auth_apop(void *state, const struct command_line *line);

#endif
