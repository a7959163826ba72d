/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Maildrop templates.
 * Runs as: session.  Input: a user name that the checker found acceptable,
 * which is not trusted to be harmless in a path.
 */
#include "config.h"

#include "session/maildrop_path.h"

#include <sys/stat.h>

#include <string.h>

#include "lib/log.h"
#include "options.h"

static const char maildir_prefix[] = OPTIONS_MAILDIR;
static const char mbox_prefix[] = OPTIONS_MBOX;

struct expansion {
	const char *user, *home;
	char *out;
	size_t len, size;
	bool failed;
};

static void
fail(struct expansion *e, const char *why, const char *what)
{
	if (!e->failed)
		log_error(why, what);
	e->failed = true;
}

static void
add(struct expansion *e, const char *p, size_t len)
{
	if (len >= e->size - e->len) {
		fail(e, "the path of the maildrop is too long", NULL);
		return;
	}
	memcpy(e->out + e->len, p, len);
	e->len += len;
	e->out[e->len] = '\0';
}

/*
 * Is it one component of a path, and nothing that a shell, a log or a template
 * could take for more?
 */
static bool
harmless(const char *p, size_t len)
{
	if (len == 0 || len > 255 || p[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f || strchr("/%\"\\:", p[i]))
			return false;
	return true;
}

static void
add_name(struct expansion *e, const char *p, size_t len)
{
	if (!harmless(p, len))
		fail(e, "this name cannot be part of a path:", e->user);
	else
		add(e, p, len);
}

static void
add_user(struct expansion *e, char which)
{
	const char *user = e->user, *at;
	size_t len, local;

	if (user == NULL) {
		fail(e,
		    "the path of the maildrop needs a name, and USER is not set",
		    NULL);
		return;
	}
	len = strlen(user);
	at = strrchr(user, '@');
	local = at != NULL ? (size_t)(at - user) : len;
	if (which == 'u')
		add_name(e, user, len);
	else if (which == 'n')
		add_name(e, user, local);
	else
		add_name(e, at != NULL ? at + 1 : "",
		    at != NULL ? len - local - 1 : 0);
}

static void
add_home(struct expansion *e)
{
	if (e->home == NULL || e->home[0] != '/')
		fail(e, "the path of the maildrop needs a home, and HOME is",
		    e->home);
	else
		add(e, e->home, strlen(e->home));
}

static void
expand(struct expansion *e, const char *template)
{
	const char *p = template;

	if (p[0] == '~' && p[1] == '/') {
		add_home(e);
		p++;
	}
	for (; *p != '\0' && !e->failed; p++) {
		if (*p != '%')
			add(e, p, 1);
		else if (*++p == '%')
			add(e, p, 1);
		else if (*p == 'h')
			add_home(e);
		else if (*p == 'u' || *p == 'n' || *p == 'd')
			add_user(e, *p);
		else
			fail(e,
			    "unknown % in the path of the maildrop (known: %u %n %d %h %%):",
			    template);
		if (*p == '\0')
			return;
	}
}

/* Anything but a directory is left to the mbox reader. */
static const char *
kind_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return maildir_prefix;
	return mbox_prefix;
}

static bool
expand_into(struct expansion *e, const char *prefix, const char *template)
{
	e->len = 0;
	e->failed = false;
	add(e, prefix, strlen(prefix));
	expand(e, template);
	return !e->failed;
}

bool
maildrop_path(const char *template, const char *user, const char *home,
    char *spec, size_t size)
{
	struct expansion e = { user, home, spec, 0, size, false };
	struct stat st;
	const char *kind;

	if (template == NULL) {
		if (home != NULL &&
		    expand_into(&e, maildir_prefix, "~/Maildir") &&
		    stat(spec + strlen(maildir_prefix), &st) == 0)
			return true;
		return expand_into(&e, mbox_prefix, "/var/mail/%u");
	}
	if (strncmp(template, maildir_prefix, strlen(maildir_prefix)) == 0)
		return expand_into(
		    &e, maildir_prefix, template + strlen(maildir_prefix));
	if (strncmp(template, mbox_prefix, strlen(mbox_prefix)) == 0)
		return expand_into(
		    &e, mbox_prefix, template + strlen(mbox_prefix));
	if (!expand_into(&e, "", template))
		return false;
	kind = kind_of(spec);
	return expand_into(&e, kind, template);
}
