/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Verifies proofs of SCRAM-SHA-256 (RFC 5802, section 3).
 * Runs as: root, or whoever started the checker.
 * Input: messages of the client's that login has taken apart.
 *
 * Who guesses names must see no difference here either.  A name without a
 * secret of SCRAM's own gets a salt that is made from the name: with a key,
 * so that nobody can make it, too; the same whenever it is asked for, as a
 * real one would be.  What an account with a password in the clear is told is
 * made in the same way.  Where there is such an account, a proof costs one
 * PBKDF2 for every name; where there is none, it costs none.
 */
#include "config.h"

#include "checkpassword/scramverify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "checkpassword/account.h"
#include "lib/base64.h"
#include "lib/hmac.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/sha256.h"

#define MACHINE_ID "/etc/machine-id"

enum { MACHINE_ID_MAX = 64 };

/*
 * The key must be known to no client, be the same for every login, and need no
 * file that somebody has to set up.  /etc/machine-id is that, by machine-id(5)
 * to be used through a keyed hash as here; but some systems have none, and
 * the copies of an image have the same.  The first secret of the passwd-file
 * is that as well, but for the one user who knows it (nearly: not its salt).
 * Both together are unknown while one of them is.  New accounts are appended,
 * so that the first stays what it is; should it change, all of these salts
 * do, those of accounts with passwords in the clear among them.
 */
static bool
fake_key(const struct account *a, unsigned char key[SHA256_SIZE])
{
	char id[MACHINE_ID_MAX];
	struct sha256 s;
	int fd = open(MACHINE_ID, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd == -1 ? -1 : io_read(fd, id, sizeof id);

	/* Another salt this time would tell that there is no such user. */
	if (len == -1 && errno != ENOENT && errno != EACCES) {
		log_error_errno("cannot read", MACHINE_ID);
		if (fd != -1)
			(void)close(fd);
		return false;
	}
	if (fd != -1)
		(void)close(fd);
	sha256_start(&s);
	sha256_add(&s, "popin SCRAM salt", sizeof "popin SCRAM salt");
	if (len > 0)
		sha256_add(&s, id, (size_t)len);
	sha256_add(&s, a->others.first, sizeof a->others.first);
	sha256_end(&s, key);
	return true;
}

/* As long as a real one of the same file, and with as many iterations. */
static bool
fake(const struct account *a, const char *name, struct scram_parameters *p)
{
	unsigned char key[SHA256_SIZE];
	struct scramsecret real;

	if (!fake_key(a, key))
		return false;
	p->iterations = SCRAM_ITERATIONS_MIN;
	p->salt_len = SCRAMSECRET_SALT;
	if (scramsecret_parse(&real, a->others.scram)) {
		p->iterations = real.p.iterations;
		p->salt_len = real.p.salt_len;
	}
	hmac_sha256(key, sizeof key, name, strlen(name), p->salt);
	hmac_sha256(
	    key, sizeof key, p->salt, SHA256_SIZE, p->salt + SHA256_SIZE);
	memset(p->salt + p->salt_len, 0, sizeof p->salt - p->salt_len);
	explicit_bzero(key, sizeof key);
	explicit_bzero(&real, sizeof real);
	return true;
}

_Static_assert((int)SCRAM_SALT_MAX == 2 * (int)SHA256_SIZE,
    "the longest salt is two digests");

bool
scramverify_parameters(const struct account *a, const char *name,
    struct scramsecret *s, bool *known)
{
	struct scram_parameters made;
	bool good;

	memset(&made, 0, sizeof made);
	good = fake(a, name, &made);
	*known = a->scheme == ACCOUNT_SCRAM && scramsecret_parse(s, a->secret);
	if (!*known) {
		memset(s, 0, sizeof *s);
		s->p = made;
	}
	s->p.for_all = a->scram_for_all;
	return good;
}

/* Is TEXT the beginning of *P?  Then goes on behind it. */
static bool
skip(const char **p, const char *text, size_t len)
{
	if (strncmp(*p, text, len) != 0)
		return false;
	*p += len;
	return true;
}

/* NAME as RFC 5802 has it, where comma and equals sign have a meaning. */
static bool
skip_name(const char **p, const char *name)
{
	for (; *name != '\0'; name++) {
		bool same;

		if (*name == ',')
			same = skip(p, "=2C", 3);
		else if (*name == '=')
			same = skip(p, "=3D", 3);
		else
			same = skip(p, name, 1);
		if (!same)
			return false;
	}
	return true;
}

/*
 * client-first is "n=NAME,r=NONCE" for this very name, client-final is
 * "c=BINDING,r=NONCE" with this very nonce and ours behind it; extensions may
 * follow both.  *CLIENT is the client's nonce.
 */
static bool
messages_fit(const struct scramverify *v, const char **client, size_t *len)
{
	const char *first = v->first, *final = v->final;

	if (strlen(v->nonce) < SCRAM_NONCE ||
	    strlen(v->nonce) > SCRAM_NONCE_MAX || !skip(&first, "n=", 2) ||
	    !skip_name(&first, v->signed_name) || !skip(&first, ",r=", 3))
		return false;
	*client = first;
	*len = strcspn(first, ",");
	if (*len == 0 || *len > SCRAM_CLIENT_NONCE_MAX)
		return false;
	final += strcspn(final, ",");
	return skip(&final, ",r=", 3) && skip(&final, *client, *len) &&
	    skip(&final, v->nonce, strlen(v->nonce)) &&
	    (*final == '\0' || *final == ',');
}

/* All that the client signed; K becomes the signature. */
static void
sign(const unsigned char key[SCRAM_KEY], const struct scramverify *v,
    const char *server, size_t server_len, unsigned char out[SCRAM_KEY])
{
	struct hmac h;

	hmac_start(&h, key, SCRAM_KEY);
	hmac_add(&h, v->first, strlen(v->first));
	hmac_add(&h, ",", 1);
	hmac_add(&h, server, server_len);
	hmac_add(&h, ",", 1);
	hmac_add(&h, v->final, strlen(v->final));
	hmac_end(&h, out);
}

/* The proof is ClientKey XOR ClientSignature; StoredKey is H(ClientKey). */
static bool
proves(const struct scramsecret *s, const unsigned char proof[SCRAM_KEY],
    const unsigned char signature[SCRAM_KEY])
{
	unsigned char key[SCRAM_KEY];
	struct sha256 hash;
	bool is;

	for (size_t i = 0; i < SCRAM_KEY; i++)
		key[i] = proof[i] ^ signature[i];
	sha256_start(&hash);
	sha256_add(&hash, key, sizeof key);
	sha256_end(&hash, key);
	is = constant_time_equal(key, s->stored_key, SCRAM_KEY);
	explicit_bzero(key, sizeof key);
	return is;
}

enum verify_result
scramverify(const struct account *a, const struct scramverify *v,
    unsigned char signature[SCRAM_KEY])
{
	char server[SCRAM_SERVER_FIRST_MAX];
	unsigned char proof[SCRAM_KEY], mine[SCRAM_KEY];
	struct scramsecret s, made;
	const char *client;
	size_t client_len, n;
	bool has_secret, right;

	if (!scramverify_parameters(a, v->name, &s, &has_secret))
		return VERIFY_FAILED;
	if (!base64_decode(
		proof, sizeof proof, v->proof, strlen(v->proof), &n) ||
	    n != sizeof proof || !messages_fit(v, &client, &client_len))
		return VERIFY_WRONG;
	if (a->others.plain) {
		made = s;
		scramsecret_make(&made, a->secret);
		if (a->scheme == ACCOUNT_PLAIN)
			s = made;
		explicit_bzero(&made, sizeof made);
	}
	n = scram_server_first(server, client, client_len, v->nonce, &s.p);
	sign(s.stored_key, v, server, n, mine);
	right = proves(&s, proof, mine) &&
	    (has_secret || a->scheme == ACCOUNT_PLAIN);
	sign(s.server_key, v, server, n, signature);
	if (!right)
		explicit_bzero(signature, SCRAM_KEY);
	explicit_bzero(&s, sizeof s);
	return right ? VERIFY_RIGHT : VERIFY_WRONG;
}
