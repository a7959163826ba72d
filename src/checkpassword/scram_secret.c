/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Secrets and proofs of SCRAM-SHA-256 (RFC 5802, section 3).
 * Runs as: root, or the user that started the checker.
 * Input: the passwd-file; passwords; messages of the client that login has
 * taken apart.
 *
 * An answer must not tell which names exist.  A name without a secret of
 * SCRAM's own gets a salt that is made from the name with a key, so that
 * nobody else can make it; it is the same every time, as a real one would be.
 * An account with a password in the clear is told such a salt, too.  Where
 * there is such an account, a proof costs one PBKDF2 for every name; where
 * there is none, it costs none.
 */
#include "config.h"

#include "checkpassword/scram_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "checkpassword/account_file.h"
#include "lib/base64.h"
#include "lib/hmac.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/number.h"
#include "lib/scram.h"
#include "lib/sha256.h"

#define MACHINE_ID "/etc/machine-id"

enum { MACHINE_ID_MAX = 64 };

static bool
decode_key(unsigned char out[SCRAM_KEY], const char *p, size_t len)
{
	size_t n;

	return base64_decode(out, SCRAM_KEY, p, len, &n) && n == SCRAM_KEY;
}

bool
scram_secret_parse(struct scram_secret *s, const char *text, size_t len)
{
	struct text rest = { text, len };
	struct text iterations = text_cut(&rest, ',');
	struct text salt = text_cut(&rest, ',');
	struct text stored_key = text_cut(&rest, ',');
	uint64_t n;
	size_t salt_len;

	memset(s, 0, sizeof *s);
	if (!number_parse(
		iterations.p, iterations.len, SCRAM_ITERATIONS_MAX, &n) ||
	    n < SCRAM_ITERATIONS_MIN ||
	    !base64_decode(
		s->p.salt, sizeof s->p.salt, salt.p, salt.len, &salt_len) ||
	    salt_len == 0)
		return false;
	s->p.iterations = (uint32_t)n;
	s->p.salt_len = (uint32_t)salt_len;
	return decode_key(s->stored_key, stored_key.p, stored_key.len) &&
	    decode_key(s->server_key, rest.p, rest.len);
}

void
scram_secret_make(struct scram_secret *s, const char *password)
{
	unsigned char salted[SHA256_SIZE], client_key[SCRAM_KEY];

	pbkdf2(password, strlen(password), s->p.salt, s->p.salt_len,
	    s->p.iterations, salted);
	hmac_sha256(salted, sizeof salted, "Client Key", 10, client_key);
	hmac_sha256(salted, sizeof salted, "Server Key", 10, s->server_key);
	sha256_of(client_key, sizeof client_key, s->stored_key);
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client_key, sizeof client_key);
}

void
scram_secret_format(const struct scram_secret *s, char text[ACCOUNT_TEXT_MAX])
{
	size_t n = number_format(text, s->p.iterations);

	memset(text + n, 0, ACCOUNT_TEXT_MAX - n);
	text[n++] = ',';
	n += base64_encode(text + n, s->p.salt, s->p.salt_len);
	text[n++] = ',';
	n += base64_encode(text + n, s->stored_key, SCRAM_KEY);
	text[n++] = ',';
	(void)base64_encode(text + n, s->server_key, SCRAM_KEY);
}

bool
scram_secret_matches(const struct scram_secret *s, const char *password)
{
	struct scram_secret mine = *s;
	bool matches;

	scram_secret_make(&mine, password);
	matches =
	    constant_time_equal(mine.stored_key, s->stored_key, SCRAM_KEY);
	explicit_bzero(&mine, sizeof mine);
	return matches;
}

/*
 * The key for the salts of names without a secret.  No client may know it, it
 * must be the same for every login, and no administrator should have to make a
 * file for it.  So it is made of two things:
 *
 * /etc/machine-id, which machine-id(5) allows behind a keyed hash.  But some
 * systems have none, and copies of an image share theirs.
 *
 * The first secret of the passwd-file.  Its user knows the password of it, but
 * not the salt.
 *
 * The key is secret while one of them is.  It stays the same because new
 * accounts are appended: if the first secret changes, all of these salts do,
 * those of accounts with passwords in the clear among them.
 */
static bool
fake_key(const struct account *a, unsigned char key[SHA256_SIZE])
{
	char id[MACHINE_ID_MAX];
	struct sha256 s;
	int fd = open(MACHINE_ID, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = fd == -1 ? -1 : io_read(fd, id, sizeof id);
	int error = errno;

	if (fd != -1)
		(void)close(fd);
	/*
	 * A salt that is another one this time would tell that there is no such
	 * user.
	 */
	if (len == -1 && error != ENOENT && error != EACCES) {
		errno = error;
		log_error_errno("cannot read", MACHINE_ID);
		return false;
	}
	sha256_start(&s);
	sha256_add(&s, "popin SCRAM salt", sizeof "popin SCRAM salt");
	if (len > 0)
		sha256_add(&s, id, (size_t)len);
	sha256_add(&s, a->others.first, sizeof a->others.first);
	sha256_end(&s, key);
	return true;
}

/*
 * The length of the salt and the iterations are those of a real secret of the
 * file.
 */
static bool
fake(const struct account *a, const char *name, struct scram_parameters *p)
{
	unsigned char key[SHA256_SIZE];
	struct scram_secret real;
	const char *scram = a->others.scram;

	if (!fake_key(a, key))
		return false;
	p->iterations = SCRAM_ITERATIONS_MIN;
	p->salt_len = SCRAM_SALT;
	if (scram_secret_parse(&real, scram, strlen(scram))) {
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

/*
 * Sets S to the secret of A.  *KNOWN: the keys are in S.  Otherwise S has only
 * a salt and iterations, and the keys take a password.  The work is the same
 * for every name.
 */
static bool
find_secret(const struct account *a, const char *name, struct scram_secret *s,
    bool *known)
{
	struct scram_parameters made;
	bool good;

	memset(&made, 0, sizeof made);
	good = fake(a, name, &made);
	*known = a->scheme == ACCOUNT_SCRAM &&
	    scram_secret_parse(s, a->secret, strlen(a->secret));
	if (!*known) {
		memset(s, 0, sizeof *s);
		s->p = made;
	}
	s->p.for_all = a->scram_for_all;
	return good;
}

bool
scram_secret_lookup(
    const struct account *a, const char *name, struct scram_parameters *p)
{
	struct scram_secret s;
	bool known, good = find_secret(a, name, &s, &known);

	*p = s.p;
	p->cleartext = a->cleartext_for_some;
	explicit_bzero(&s, sizeof s);
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
	bool same = true;

	for (; same && *name != '\0'; name++)
		if (*name == ',')
			same = skip(p, "=2C", 3);
		else if (*name == '=')
			same = skip(p, "=3D", 3);
		else
			same = skip(p, name, 1);
	return same;
}

/*
 * client-first is "n=NAME,r=NONCE" for this very name, client-final is
 * "c=BINDING,r=NONCE" with this very nonce and ours behind it; extensions may
 * follow both.  *CLIENT is the client's nonce.
 */
static bool
messages_fit(const struct credentials *c, const char **client, size_t *len)
{
	const char *nonce = c->field[CREDENTIAL_CHALLENGE];
	const char *first = c->field[CREDENTIAL_FIRST];
	const char *final = c->field[CREDENTIAL_FINAL];

	if (strlen(nonce) < SCRAM_NONCE || strlen(nonce) > SCRAM_NONCE_MAX ||
	    !skip(&first, "n=", 2) ||
	    !skip_name(&first, c->field[CREDENTIAL_NAME]) ||
	    !skip(&first, ",r=", 3))
		return false;
	*client = first;
	*len = strcspn(first, ",");
	if (*len == 0 || *len > SCRAM_CLIENT_NONCE_MAX)
		return false;
	final += strcspn(final, ",");
	return skip(&final, ",r=", 3) && skip(&final, *client, *len) &&
	    skip(&final, nonce, strlen(nonce)) &&
	    (*final == '\0' || *final == ',');
}

/* The signature with KEY of all three messages. */
static void
sign(const unsigned char key[SCRAM_KEY], const struct credentials *c,
    const char *server, size_t server_len, unsigned char out[SCRAM_KEY])
{
	const char *first = c->field[CREDENTIAL_FIRST];
	const char *final = c->field[CREDENTIAL_FINAL];
	struct hmac h;

	hmac_start(&h, key, SCRAM_KEY);
	hmac_add(&h, first, strlen(first));
	hmac_add(&h, ",", 1);
	hmac_add(&h, server, server_len);
	hmac_add(&h, ",", 1);
	hmac_add(&h, final, strlen(final));
	hmac_end(&h, out);
}

/* The proof is ClientKey XOR ClientSignature; StoredKey is H(ClientKey). */
static bool
proves(const struct scram_secret *s, const unsigned char proof[SCRAM_KEY],
    const unsigned char signature[SCRAM_KEY])
{
	unsigned char key[SCRAM_KEY];
	bool right;

	for (size_t i = 0; i < SCRAM_KEY; i++)
		key[i] = proof[i] ^ signature[i];
	sha256_of(key, sizeof key, key);
	right = constant_time_equal(key, s->stored_key, SCRAM_KEY);
	explicit_bzero(key, sizeof key);
	return right;
}

enum verify_result
scram_secret_verify(const struct account *a, const struct credentials *c,
    unsigned char signature[SCRAM_KEY])
{
	const char *text = c->field[CREDENTIAL_SECRET], *client;
	char server[SCRAM_SERVER_FIRST_MAX];
	unsigned char proof[SCRAM_KEY], mine[SCRAM_KEY];
	struct scram_secret s, made;
	size_t client_len, n;
	bool known, right;

	if (!find_secret(a, c->name, &s, &known))
		return VERIFY_FAILED;
	if (!decode_key(proof, text, strlen(text)) ||
	    !messages_fit(c, &client, &client_len))
		return VERIFY_WRONG;
	if (a->others.plain) {
		made = s;
		scram_secret_make(&made, a->secret);
		if (a->scheme == ACCOUNT_PLAIN)
			s = made;
		explicit_bzero(&made, sizeof made);
	}
	n = scram_server_first(
	    server, client, client_len, c->field[CREDENTIAL_CHALLENGE], &s.p);
	sign(s.stored_key, c, server, n, mine);
	right =
	    proves(&s, proof, mine) && (known || a->scheme == ACCOUNT_PLAIN);
	sign(s.server_key, c, server, n, signature);
	if (!right)
		explicit_bzero(signature, SCRAM_KEY);
	explicit_bzero(&s, sizeof s);
	return right ? VERIFY_RIGHT : VERIFY_WRONG;
}
