/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a QEMU tree: the trace points of trace-events. */
#include "trace/trace-hw_i2c_libi2cpt.h"
