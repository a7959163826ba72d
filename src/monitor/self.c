/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Our own path and command line.
 * Runs as: root.  Input: the command line an administrator wrote.
 */
#include "config.h"

#include "monitor/self.h"

#include <sys/prctl.h>

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

static const char installed[] = POPIN_SBINDIR "/popin";

const char *
self_path(void)
{
	static char path[PATH_MAX];
	ssize_t len;

	if (path[0] != '\0')
		return path;
	len = readlink("/proc/self/exe", path, sizeof path - 1);
	if (len > 0) {
		path[len] = '\0';
		if (path[0] == '/' && access(path, X_OK) == 0)
			return path;
	}
	memcpy(path, installed, sizeof installed);
	return path;
}

const char *
self_sibling(const char *name)
{
	static char path[PATH_MAX];
	const char *self = self_path();
	size_t dir = (size_t)(strrchr(self, '/') - self) + 1;
	size_t len = strlen(name);

	if (dir + len >= sizeof path)
		return name;
	memcpy(path, self, dir);
	memcpy(path + dir, name, len + 1);
	return path;
}

void
self_name(const char *name)
{
	(void)prctl(PR_SET_NAME, name, 0L, 0L, 0L);
}

bool
self_add(struct self_words *w, const char *word)
{
	union {
		const char *from;
		char *to; /* argv is not const, for history's sake */
	} u = { .from = word };

	if (w->count == SELF_WORDS_MAX)
		return false;
	w->word[w->count++] = u.to;
	w->word[w->count] = NULL;
	return true;
}

const char *
self_log_style(const struct options *o)
{
	switch (o->log_style) {
	case LOG_STYLE_SYSLOG:
		return "syslog";
	case LOG_STYLE_JOURNAL:
		return "journal";
	case LOG_STYLE_REPORT:
		return "report";
	default:
		return "stderr";
	}
}

bool
self_add_checker(struct self_words *w, const struct options *o)
{
	bool fits = self_add(w, self_sibling("popin-checkpassword")) &&
	    self_add(w, "--log") && self_add(w, self_log_style(o));

	if (o->passwd_file != NULL)
		fits = fits && self_add(w, "-f") && self_add(w, o->passwd_file);
	if (o->lower_case)
		fits = fits && self_add(w, "--lower-case");
	return fits;
}

bool
self_add_role(struct self_words *w, const char *path, const char *role,
    const struct options *o)
{
	bool fits = self_add(w, path);

	for (size_t i = 0; i < o->word_count; i++)
		fits = fits && self_add(w, o->words[i]);
	return fits && self_add(w, "-R") && self_add(w, role) &&
	    self_add(w, "--log-as") && self_add(w, self_log_style(o));
}
