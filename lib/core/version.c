/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library is, and whose memory it gives away. */
#include <glib.h>

#include "config.h"
#include "i2cpt.h"

const char *i2cpt_version(void)
{
    return I2CPT_VERSION;
}

void i2cpt_free(void *p)
{
    g_free(p);
}
