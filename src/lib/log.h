/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * The log.  It is always descriptor 2.  The first process decides what that is
 * (see stdfds.h) and tells the others.  A record is one write(2) of one line of
 * "key=value" words.  Text from outside is escaped here and nowhere else.
 * errno is preserved by all.
 */
#ifndef POPIN_LOG_H
#define POPIN_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_style {
	LOG_STYLE_STDERR,  /* "popin: text" */
	LOG_STYLE_JOURNAL, /* "<6>text", for a journal that adds the name */
	LOG_STYLE_SYSLOG,  /* "<22>popin[7]: text", a datagram for syslogd */
	LOG_STYLE_REPORT   /* "ok    text", "WARN  text" or "FAIL  text" */
};

/* The numbers are syslog's severities. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6
};

enum {
	LOG_RECORD_MAX = 2048, /* bytes of a record, all included */
	LOG_TEXT_MAX = 256     /* bytes taken of one text from outside */
};

struct log_record {
	char text[LOG_RECORD_MAX];
	size_t len;
	enum log_level level;
	bool has_whose; /* log_whose()'s word is in it */
};

/* The word for STYLE that one program tells another. */
const char *log_style_word(enum log_style style);
/* Returns false for no such word. */
bool log_style_find(const char *word, enum log_style *style);

/*
 * Sets the style, and the program's NAME, which is not copied.  Once in each
 * process, before its sandbox.
 */
void log_open(enum log_style style, const char *name);
/* The style that was set. */
enum log_style log_current_style(void);

/*
 * From now on each record says whose maildrop it is about, by ` key="VALUE"`
 * behind its words, unless it has KEY already.  VALUE is not copied; NULL adds
 * nothing.  A report is about one user, and says nothing of the kind.
 */
void log_whose(const char *key, const char *value);

/* Was there a record of LOG_LEVEL_ERROR, a line FAIL in a report? */
bool log_has_failed(void);

/*
 * One record, built word by word.  The TEXT of log_start and every KEY are
 * ours and go out as they are.  What no longer fits is left out.
 */
void log_start(struct log_record *r, enum log_level level, const char *text);
/* Adds ` key=VALUE`: bytes other than letters, digits and .:-_/ become '_'. */
void log_word(struct log_record *r, const char *key, const char *value);
/*
 * Adds ` key="VALUE"`, at most LOG_TEXT_MAX bytes of it: everything outside
 * 0x20-0x7E, the quote and the backslash are written as \xNN.
 */
void log_text(
    struct log_record *r, const char *key, const char *value, size_t len);
/* Adds ` key=VALUE`. */
void log_number(struct log_record *r, const char *key, uint64_t value);
/* Adds ` key=A/B`. */
void log_ratio(struct log_record *r, const char *key, uint64_t a, uint64_t b);
/* Adds `: strerror(error)`. */
void log_errno(struct log_record *r, int error);
/* Writes the record.  A failure is ignored: it must not stop the mail. */
void log_end(struct log_record *r);

/* One error record: TEXT, then ` "WHAT"` unless NULL. */
void log_error(const char *text, const char *what);
/* The same followed by what errno means. */
void log_error_errno(const char *text, const char *what);

#endif
