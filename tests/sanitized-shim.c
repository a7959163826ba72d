/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What programs need to run under a sanitizer or valgrind: see
 * tests/sanitized, which links it with --wrap=setrlimit.
 *
 * Options are in here because popin leaves its children no environment.
 */
#include <sys/resource.h>

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
int __wrap_setrlimit(int what, const struct rlimit *r);
int __real_setrlimit(int what, const struct rlimit *r);

/* Leaks are looked for by tracing a process, which those here do not allow. */
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

/* The shadow is memory, too, more than any of the limits. */
int
__wrap_setrlimit(int what, const struct rlimit *r)
{
	if (what == RLIMIT_DATA || what == RLIMIT_CPU)
		return 0;
	return __real_setrlimit(what, r);
}
