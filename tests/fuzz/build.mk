# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The popin authors
#
# Builds the fuzz targets in the current directory; tests/fuzz/run calls it.
#
#	top	the source tree
#	config	the directory of config.h
#	CC	a compiler that knows these flags
#	FLAGS	sanitizers and coverage, for everything
#	GUIDE	... and for what is fuzzed only
#	MAIN	what drives a target: a flag of the compiler's, or a file

TARGETS = body import journal login maildir mbox monitor passwd proxy sasl \
	session state uidl

CPPFLAGS = -I$(config) -iquote $(top)/src -iquote $(top)/tests/fuzz \
	-DPOPIN_NO_SANDBOX -DPOPIN_SBINDIR='"/nowhere"' -D_GNU_SOURCE
CFLAGS = -std=c11 -g -O2 -Wall -Wextra

# System calls that tests/fuzz/descriptors.c replaces.
wrapped = clock_gettime clock_nanosleep close closedir fcntl fdopendir fstat \
	fstatat fstatfs fsync ftruncate getrandom open openat ppoll pread pwrite \
	read readdir renameat shutdown syscall unlinkat write
monitor_wrapped = poll recv send setenv unsetenv

checker = $(filter-out %/checkpassword.c,$(wildcard $(top)/src/checkpassword/*.c))
sources = $(filter-out $(top)/src/main.c $(top)/src/checkpassword/%,\
	$(wildcard $(top)/src/*.c $(top)/src/*/*.c))
objects = $(patsubst $(top)/src/%.c,src/%.o,$(sources))
checker_objects = $(patsubst $(top)/src/%.c,src/%.o,$(checker))
maildrop = again.o again_mbox_uidl.o again_mbox_journal.o again_uidl_kept.o \
	mboxes.o
headers = $(wildcard $(top)/src/*.h $(top)/src/*/*.h $(top)/tests/fuzz/*.h)
hand = $(patsubst %,$(top)/src/%.c,login/login login/proxy monitor/monitor \
	mbox/mbox_uidl mbox/mbox_journal maildrop/uidl_kept import/import_maildir)

all: $(addprefix fuzz_,$(TARGETS))

src/%.o: $(top)/src/%.c $(headers)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(FLAGS) $(GUIDE) -c -o $@ $<

%.o: $(top)/tests/fuzz/%.c $(headers) $(hand)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(FLAGS) $(GUIDE) -c -o $@ $<

descriptors.o mboxes.o: GUIDE =
src/import/import.o: CPPFLAGS += -Dmain=import_main

# Of these the linker takes only what a target needs and does not have itself.
popin.a: $(objects)
	rm -f $@
	ar rc $@ $^
checker.a: $(checker_objects)
	rm -f $@
	ar rc $@ $^

fuzz_mbox fuzz_session fuzz_maildir fuzz_state fuzz_journal fuzz_import: \
    $(maildrop)
fuzz_passwd: checker.a
fuzz_monitor: wrapped += $(monitor_wrapped)

fuzz_%: fuzz_%.o descriptors.o popin.a
	$(CC) $(FLAGS) $(MAIN) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    popin.a $(addprefix -Wl$(comma)--wrap=,$(wrapped)) -lcrypt

comma = ,
.PRECIOUS: %.o src/%.o
.PHONY: all
