/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the kernel is another one. */
#include "attach/attach.h"
#include "common/tool.h"

int attach_possible(void)
{
    tool_complain("attach: this build gives no kernel an adapter, which takes "
                  "Linux");
    return -1;
}

int attach_run(struct i2cpt_adapter *a, const struct attach_config *config)
{
    return TOOL_BROKEN;
}

int attach_detach(const char *what, bool force)
{
    tool_complain("detach: this build has no adapters of the kernel");
    return TOOL_BROKEN;
}
