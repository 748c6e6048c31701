/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For controller-gate.c in a test. */
#include "fake-qemu.h"
