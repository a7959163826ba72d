/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Takes the messages of SASL mechanisms apart.  It reads nothing, writes
 * nothing and remembers nothing.  Its input is octets from anyone.
 */
#ifndef POPIN_SASL_H
#define POPIN_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "ipc/monmsg.h"
#include "pop3/command.h"

/* All return false for a message that the mechanism or popin does not allow. */

/* A name or a password that can be handed on: not empty, not too long, no
 * NUL, no line end; in a name no control character at all. */
bool sasl_name(char user[MONMSG_USER_MAX], const char *p, size_t len);
bool sasl_password(
    char password[MONMSG_PASSWORD_MAX], const char *p, size_t len);

/* 32 hexadecimal digits. */
bool sasl_digest(char digest[MONMSG_PASSWORD_MAX], const char *p, size_t len);

/* RFC 4616: [authzid] NUL authcid NUL passwd; authzid empty or authcid. */
bool sasl_plain(const char *p, size_t len, char user[MONMSG_USER_MAX],
    char password[MONMSG_PASSWORD_MAX]);

/* RFC 2195: name, blank, digest. */
bool sasl_cram_md5(const char *p, size_t len, char user[MONMSG_USER_MAX],
    char digest[MONMSG_PASSWORD_MAX]);

/* RFC 5802, section 7: the words point into the message. */
struct sasl_scram_first {
	struct word gs2;   /* the header, with its last comma */
	struct word bare;  /* what is behind it */
	struct word nonce; /* the client's */
	char user[MONMSG_USER_MAX];
};

struct sasl_scram_final {
	struct word binding; /* in base64 */
	struct word nonce;   /* the client's and ours */
	struct word proof;   /* in base64 */
	struct word without_proof;
};

bool sasl_scram_first(const char *p, size_t len, struct sasl_scram_first *f);
bool sasl_scram_final(const char *p, size_t len, struct sasl_scram_final *f);

#endif
