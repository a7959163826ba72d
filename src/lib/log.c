/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * Log records on descriptor 2.
 * Runs as: every role, root included.  Input: user names, file names and
 * addresses, all of them hostile; they are escaped and cut here.
 */
#include "config.h"

#include "lib/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/hex.h"
#include "lib/number.h"

enum {
	LOG_FD = 2,
	FACILITY_MAIL = 2 * 8,
	END_RESERVE = 1 /* the newline always fits */
};

static enum log_style log_style = LOG_STYLE_STDERR;
static bool log_failed;
static const char *log_name = "popin";
static uint64_t log_pid; /* taken before the sandbox */
static const char *whose_key, *whose;

static const char *const style_words[] = {
	[LOG_STYLE_STDERR] = "stderr",
	[LOG_STYLE_JOURNAL] = "journal",
	[LOG_STYLE_SYSLOG] = "syslog",
	[LOG_STYLE_REPORT] = "report",
};

const char *
log_style_word(enum log_style style)
{
	return style_words[style];
}

bool
log_style_find(const char *word, enum log_style *style)
{
	for (size_t i = 0; i < sizeof style_words / sizeof *style_words; i++)
		if (strcmp(style_words[i], word) == 0) {
			*style = (enum log_style)i;
			return true;
		}
	return false;
}

void
log_open(enum log_style style, const char *name)
{
	log_style = style;
	log_name = name;
	log_pid = (uint64_t)getpid();
}

enum log_style
log_current_style(void)
{
	return log_style;
}

static void
add(struct log_record *r, const char *p, size_t len)
{
	size_t room = sizeof r->text - END_RESERVE - r->len;

	if (len > room)
		len = room;
	memcpy(r->text + r->len, p, len);
	r->len += len;
}

static void
add_string(struct log_record *r, const char *s)
{
	add(r, s, strlen(s));
}

static void
add_number(struct log_record *r, uint64_t value)
{
	char digits[NUMBER_DIGITS];
	size_t len = number_format(digits, value);

	add(r, digits, len);
}

static void
add_key(struct log_record *r, const char *key)
{
	add(r, " ", 1);
	add_string(r, key);
	add(r, "=", 1);
}

static void
add_priority(struct log_record *r, unsigned facility)
{
	add(r, "<", 1);
	add_number(r, facility + (unsigned)r->level);
	add(r, ">", 1);
}

static const char *
verdict(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "FAIL  ";
	case LOG_LEVEL_WARNING:
		return "WARN  ";
	default:
		return "ok    ";
	}
}

void
log_whose(const char *key, const char *value)
{
	whose_key = key;
	whose = value;
}

bool
log_has_failed(void)
{
	return log_failed;
}

void
log_start(struct log_record *r, enum log_level level, const char *text)
{
	log_failed |= level == LOG_LEVEL_ERROR;
	r->len = 0;
	r->level = level;
	r->has_whose = whose == NULL || log_style == LOG_STYLE_REPORT;
	switch (log_style) {
	case LOG_STYLE_SYSLOG:
		add_priority(r, FACILITY_MAIL);
		add_string(r, log_name);
		add(r, "[", 1);
		add_number(r, log_pid);
		add(r, "]: ", 3);
		break;
	case LOG_STYLE_JOURNAL:
		add_priority(r, 0);
		break;
	case LOG_STYLE_REPORT:
		add_string(r, verdict(level));
		break;
	case LOG_STYLE_STDERR:
		add_string(r, log_name);
		add(r, ": ", 2);
		break;
	}
	add_string(r, text);
}

static bool
plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr(".:-_/", c));
}

void
log_word(struct log_record *r, const char *key, const char *value)
{
	add_key(r, key);
	for (size_t i = 0; i < LOG_TEXT_MAX && value[i] != '\0'; i++)
		add(r, plain(value[i]) ? &value[i] : "_", 1);
}

static void
add_quoted(struct log_record *r, const char *value, size_t len)
{
	if (len > LOG_TEXT_MAX)
		len = LOG_TEXT_MAX;
	add(r, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c >= 0x20 && c <= 0x7e && c != '"' && c != '\\') {
			add(r, value + i, 1);
		} else {
			char escape[4] = { '\\', 'x' };

			(void)hex_format(escape + 2, &c, 1);
			add(r, escape, sizeof escape);
		}
	}
	add(r, "\"", 1);
}

void
log_text(struct log_record *r, const char *key, const char *value, size_t len)
{
	add_key(r, key);
	add_quoted(r, value, len);
	r->has_whose |= whose != NULL && strcmp(key, whose_key) == 0;
}

static void
add_whose(struct log_record *r)
{
	if (!r->has_whose)
		log_text(r, whose_key, whose, strlen(whose));
}

void
log_number(struct log_record *r, const char *key, uint64_t value)
{
	add_key(r, key);
	add_number(r, value);
}

void
log_ratio(struct log_record *r, const char *key, uint64_t a, uint64_t b)
{
	log_number(r, key, a);
	add(r, "/", 1);
	add_number(r, b);
}

void
log_errno(struct log_record *r, int error)
{
	int saved = errno;

	add_whose(r);
	add(r, ": ", 2);
	add_string(r, strerror(error));
	errno = saved;
}

/*
 * A log that cannot be written must not change what happens to the mail: a
 * failing write is ignored on purpose.  Short writes are not continued, a
 * record is one write.
 */
void
log_end(struct log_record *r)
{
	int saved = errno;

	add_whose(r);
	if (log_style != LOG_STYLE_SYSLOG)
		r->text[r->len++] = '\n';
	if (write(LOG_FD, r->text, r->len) < 0)
		errno = saved;
	errno = saved;
}

static void
error_record(struct log_record *r, const char *text, const char *what)
{
	log_start(r, LOG_LEVEL_ERROR, text);
	if (what != NULL) {
		add(r, " ", 1);
		add_quoted(r, what, strlen(what));
	}
}

void
log_error(const char *text, const char *what)
{
	struct log_record r;

	error_record(&r, text, what);
	log_end(&r);
}

void
log_error_errno(const char *text, const char *what)
{
	struct log_record r;
	int error = errno;

	error_record(&r, text, what);
	log_errno(&r, error);
	log_end(&r);
	errno = error;
}
