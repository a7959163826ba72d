/* SPDX-License-Identifier: ISC
 * Copyright (c) 2026 The popin authors
 *
 * What others left in our environment.
 */
#ifndef POPIN_ENVIRONMENT_H
#define POPIN_ENVIRONMENT_H

/*
 * Leaves no variable, and overwrites what was there: /proc would show it for
 * as long as the process lives.
 */
void environment_wipe(void);

#endif
