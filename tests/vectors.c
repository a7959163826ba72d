/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The test vectors of the standards, computed with the objects that the
 * programs are linked from.  Prints each wrong result.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/hmac.h"
#include "lib/md5.h"
#include "lib/sha256.h"

static int failures;

static void
check(const char *what, const unsigned char *got, size_t len, const char *hex)
{
	char text[2 * 64 + 1] = "";

	for (size_t i = 0; i < len; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", got[i]);
	if (strcmp(text, hex) == 0)
		return;
	failures++;
	printf("%s: %s, not %s\n", what, text, hex);
}

static void
claim(bool truth, const char *what)
{
	if (truth)
		return;
	failures++;
	printf("not so: %s\n", what);
}

/* ---- base64 ---- */

static void
base64_is(const char *bytes, const char *text)
{
	char out[64];
	size_t n = base64_encode(out, bytes, strlen(bytes));

	claim(n == strlen(text) && n == BASE64_ENCODED(strlen(bytes)) &&
		memcmp(out, text, n) == 0,
	    text);
	claim(base64_decode(out, sizeof out, text, strlen(text), &n) &&
		n == strlen(bytes) && memcmp(out, bytes, n) == 0,
	    bytes);
}

static void
base64_is_none(const char *text, size_t len)
{
	char out[64];
	size_t n;

	claim(!base64_decode(out, sizeof out, text, len, &n), text);
}

static void
base64_all_bytes(void)
{
	unsigned char bytes[256], back[256];
	char text[BASE64_ENCODED(256)];

	for (unsigned i = 0; i < 256; i++)
		bytes[i] = (unsigned char)(i * 167);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		size_t n = base64_encode(text, bytes, len), back_len;

		claim(base64_decode(back, len, text, n, &back_len) &&
			back_len == len && memcmp(back, bytes, len) == 0,
		    "there and back");
		claim(len == 0 ||
			!base64_decode(back, len - 1, text, n, &back_len),
		    "too long is refused");
		claim(base64_decode(text, sizeof text, text, n, &back_len) &&
			memcmp(text, bytes, len) == 0,
		    "in place");
	}
}

/* Exactly the 64 digits are digits, in each of the four places. */
static void
base64_alphabet(void)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (int place = 0; place < 4; place++) {
		for (int c = 0; c < 256; c++) {
			char text[] = "AAAA", out[3];
			size_t n;
			bool digit = c != 0 && strchr(digits, c) != NULL;
			bool padding = place == 3 && c == '=';

			text[place] = (char)c;
			claim(base64_decode(out, 3, text, 4, &n) ==
				(digit || padding),
			    "the alphabet");
		}
	}
}

static void
base64(void)
{
	/* RFC 4648, section 10 */
	base64_is("", "");
	base64_is("f", "Zg==");
	base64_is("fo", "Zm8=");
	base64_is("foo", "Zm9v");
	base64_is("foob", "Zm9vYg==");
	base64_is("fooba", "Zm9vYmE=");
	base64_is("foobar", "Zm9vYmFy");
	base64_is("Username:", "VXNlcm5hbWU6");
	base64_all_bytes();
	base64_alphabet();
	base64_is_none("Zg", 2);
	base64_is_none("Zg=", 3);
	base64_is_none("Zg===", 5);
	base64_is_none("=", 1);
	base64_is_none("====", 4);
	base64_is_none("Z===", 4);
	base64_is_none("Zg=a", 4);
	base64_is_none("Zg==Zg==", 8);
	base64_is_none("Zm9v====", 8);
	base64_is_none("Zh==", 4); /* bits behind the last byte */
	base64_is_none("Zm9=", 4);
	base64_is_none("Zm9v\n", 5);
	base64_is_none(" Zm9", 4);
	base64_is_none("Zm-_", 4); /* the other base64 */
	base64_is_none("Zm9\0", 4);
}

/* ---- digests ---- */

static void
md5_is(const char *text, const char *hex)
{
	unsigned char out[MD5_SIZE];
	struct md5 m;

	md5_start(&m);
	md5_add(&m, text, strlen(text));
	md5_end(&m, out);
	check("MD5", out, sizeof out, hex);
}

/* RFC 1321, A.5; RFC 1939, section 7. */
static void
md5(void)
{
	md5_is("", "d41d8cd98f00b204e9800998ecf8427e");
	md5_is("a", "0cc175b9c0f1b6a831c399e269772661");
	md5_is("abc", "900150983cd24fb0d6963f7d28e17f72");
	md5_is("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
	md5_is(
	    "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
	md5_is("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	    "d174ab98d277d9f5a5611c2c9f419d9f");
	md5_is("1234567890123456789012345678901234567890"
	       "1234567890123456789012345678901234567890",
	    "57edf4a22be3c955ac49da2e2107b67a");
	md5_is("<1896.697170952@dbc.mtview.ca.us>tanstaaf",
	    "c4c9334bac560ecc979e58001b3e22fb");
}

static void
sha256_is(const char *text, size_t times, const char *hex)
{
	unsigned char out[SHA256_SIZE];
	struct sha256 s;

	sha256_start(&s);
	for (size_t i = 0; i < times; i++)
		sha256_add(&s, text, strlen(text));
	sha256_end(&s, out);
	check("SHA-256", out, sizeof out, hex);
}

/* FIPS 180-4's examples. */
static void
sha256(void)
{
	sha256_is("", 1,
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	sha256_is("abc", 1,
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	sha256_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1");
	sha256_is("a", 1000000,
	    "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
}

/* ---- HMAC ---- */

struct hmac_case {
	const char *key, *text, *hex;
};

/* RFC 2202, section 2, and RFC 2195, section 2. */
static void
hmac_with_md5(void)
{
	static const char aa80[] = "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
				   "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa";
	static const struct hmac_case cases[] = {
		{ "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		  "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
		    "Hi There", "9294727a3638bb1c13f48ef8158bfc9d" },
		{ "Jefe", "what do ya want for nothing?",
		    "750c783e6ab0b503eaa86e310a5db738" },
		{ aa80,
		    "Test Using Larger Than Block-Size Key - Hash Key First",
		    "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd" },
		{ aa80,
		    "Test Using Larger Than Block-Size Key and Larger Than One "
		    "Block-Size Data",
		    "6f630fad67cda0ee1fb1f562db3aa53e" },
		{ "tanstaaftanstaaf",
		    "<1896.697170952@postoffice.reston.mci.net>",
		    "b913a602c7eda7a495b4e6e7334d3890" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned char out[MD5_SIZE];

		hmac_md5(cases[i].key, strlen(cases[i].key), cases[i].text,
		    strlen(cases[i].text), out);
		check("HMAC-MD5", out, sizeof out, cases[i].hex);
	}
}

/* RFC 4231, cases 1, 2, 3, 6 and 7. */
static void
hmac_with_sha256(void)
{
	unsigned char aa[131], dd[50], out[SHA256_SIZE];
	static const char larger[] = "Test Using Larger Than Block-Size Key - "
				     "Hash Key First";
	static const char both[] = "This is a test using a larger than "
				   "block-size key and a larger than "
				   "block-size data. The key needs to be "
				   "hashed before being used by the HMAC "
				   "algorithm.";

	memset(aa, 0xaa, sizeof aa);
	memset(dd, 0xdd, sizeof dd);
	memset(out, 0x0b, sizeof out);
	hmac_sha256(out, 20, "Hi There", 8, out);
	check("HMAC-SHA-256", out, sizeof out,
	    "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7");
	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
	check("HMAC-SHA-256", out, sizeof out,
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	hmac_sha256(aa, 20, dd, sizeof dd, out);
	check("HMAC-SHA-256", out, sizeof out,
	    "773ea91e36800e46854db8ebd09181a7"
	    "2959098b3ef8c122d9635514ced565fe");
	hmac_sha256(aa, sizeof aa, larger, strlen(larger), out);
	check("HMAC-SHA-256", out, sizeof out,
	    "60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54");
	hmac_sha256(aa, sizeof aa, both, strlen(both), out);
	check("HMAC-SHA-256", out, sizeof out,
	    "9b09ffa71b942fcb27635fbcd5b0e944"
	    "bfdc63644f0713938a7f51535c3a35e2");
}

/* RFC 7914, section 11 (its first 32 octets), and widely used ones. */
static void
pbkdf2_vectors(void)
{
	unsigned char out[SHA256_SIZE];

	pbkdf2("passwd", 6, "salt", 4, 1, out);
	check("PBKDF2", out, sizeof out,
	    "55ac046e56e3089fec1691c22544b605"
	    "f94185216dde0465e68b9d57c20dacbc");
	pbkdf2("Password", 8, "NaCl", 4, 80000, out);
	check("PBKDF2", out, sizeof out,
	    "4ddcd8f60b98be21830cee5ef22701f9"
	    "641a4418d04c0414aeff08876b34ab56");
	pbkdf2("password", 8, "salt", 4, 4096, out);
	check("PBKDF2", out, sizeof out,
	    "c5e478d59288c841aa530db6845c4c8d"
	    "962893a001ce4e11a4963873aa98134a");
}

static void
equality(void)
{
	claim(constant_time_equal("", "", 0), "nothing is nothing");
	claim(constant_time_equal("abc", "abc", 3), "abc is abc");
	claim(!constant_time_equal("abc", "abd", 3), "abc is not abd");
	claim(!constant_time_equal("\0bc",
		  "\x80"
		  "bc",
		  3),
	    "the high bit counts");
}

int
main(void)
{
	base64();
	md5();
	sha256();
	hmac_with_md5();
	hmac_with_sha256();
	pbkdf2_vectors();
	equality();
	return failures == 0 ? 0 : 1;
}
