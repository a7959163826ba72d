/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Asking popin-import, the program that knows other servers' ids.
 */
#ifndef POPIN_UIDL_ASK_H
#define POPIN_UIDL_ASK_H

#include "maildrop/maildrop.h"
#include "maildrop/uidl_map.h"

/*
 * Adds to uidl_map.h what popin-import knows by SCHEME of the maildrop PATH of
 * this KIND.  TEXT tells where that is from. popin-import runs with the rights
 * of this process and has its log, and nothing else of it.  Anything but
 * MAILDROP_OK was logged, or the client went away: then the answer did not
 * come, or not all of it.
 */
enum maildrop_result uidl_ask(const char *scheme, const char *kind,
    const char *path, struct uidl_text *text);

#endif
