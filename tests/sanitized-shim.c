/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What programs need to run under a sanitizer or valgrind.  tests/sanitized
 * links it with --wrap=setrlimit.
 *
 * The options are here because popin's children have no environment.
 */
#include <sys/resource.h>

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
int __wrap_setrlimit(int what, const struct rlimit *r);
int __real_setrlimit(int what, const struct rlimit *r);

/* Leaks are detected by tracing a process, which popin's do not allow. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=1:"
	       "strict_string_checks=1:check_initialization_order=1:"
	       "verify_asan_link_order=0:"
	       "log_path=" REPORTS "/asan";
}

const char *
__ubsan_default_options(void)
{
	return "print_stacktrace=1:log_path=" REPORTS "/ubsan";
}

/* A sanitizer's shadow memory exceeds popin's limits. */
int
__wrap_setrlimit(int what, const struct rlimit *r)
{
	if (what == RLIMIT_DATA || what == RLIMIT_CPU)
		return 0;
	return __real_setrlimit(what, r);
}
