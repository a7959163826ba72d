/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Asks for a new password.
 */
#ifndef POPIN_PROMPT_H
#define POPIN_PROMPT_H

enum {
	PROMPT_MAX = 255 /* bytes of a password, as long as a POP3 line */
};

/*
 * Where standard input is a terminal, asks twice on it, without echo; else
 * reads one line of it.  Returns 0, or an exit status with the reason logged.
 */
int prompt_password(char password[PROMPT_MAX + 1]);

#endif
