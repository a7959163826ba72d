/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * How a checkpassword program ends, http://cr.yp.to/checkpwd/interface.html.
 * 0 is left to --hash; else it is the next program that has it.
 */
#ifndef POPIN_STATUS_H
#define POPIN_STATUS_H

enum { STATUS_UNACCEPTABLE = 1, STATUS_MISUSED = 2, STATUS_TEMPORARY = 111 };

#endif
