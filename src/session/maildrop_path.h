/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * From the administrator's template to the maildrop of one user.
 */
#ifndef POPIN_MAILDROP_PATH_H
#define POPIN_MAILDROP_PATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Expands TEMPLATE, "KIND:PATH" or "PATH", for USER with HOME (both may be NULL
 * where the template does not ask for them): a leading ~/ and %h are the home,
 * %u is the whole name, %n what is before its @, %d what is behind, %% a
 * percent sign.  Without KIND a directory is a Maildir, and everything else an
 * mbox.  Without TEMPLATE (NULL) it is ~/Maildir if that exists, else
 * /var/mail/USER.
 *
 * Writes "KIND:path" to SPEC.  Returns false, and has logged, when the user's
 * name cannot be part of a path or the template is wrong.
 */
bool maildrop_path(const char *template, const char *user, const char *home,
    char *spec, size_t size);

#endif
