/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * ARCH is the name of the architecture for seccomp(2).  For others nobody has
 * checked the rules in sandbox_seccomp.c.  configure tells them by this file.
 */
#ifndef POPIN_SANDBOX_ARCH_H
#define POPIN_SANDBOX_ARCH_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && !defined(__ARMEB__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__mips64) && defined(__MIPSEL__) && _MIPS_SIM == _ABI64
#define ARCH AUDIT_ARCH_MIPSEL64
#else
#error "no list of system calls for this architecture"
#endif

#endif
