/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay's verdict: asked for once the guest runs, and as an exit status. */
#include "qemu/osdep.h"
#include "common/compat.h"
#include "qapi/error.h"

#include "i2cpt-trace.h"
#include "targets/host-log.h"
#include "targets/replay-verdict.h"

/* ------------------------------------------------------- the exit status */

/*
 * What has a say, all under the big lock. A device can say how QEMU exits since
 * 8.2, and only before its main loop has ended: in an exit notifier it is too
 * late.
 */
#if I2CPT_QEMU_FROM(8, 2)
static QLIST_HEAD(, ReplayVerdict) failing = QLIST_HEAD_INITIALIZER(failing);
static bool one_has_failed; /* and is gone */

static bool has_failed(ReplayVerdict *v)
{
    struct i2cpt_trace_verdict told = {.size = sizeof(told)};

    return i2cpt_trace_adapter_verdict(v->adapter, &told, NULL) ||
           i2cpt_trace_verdict_failed(&told);
}

/* What fails says why, that of a guest that has never run too. */
static bool any_has_failed(void)
{
    bool any = one_has_failed;
    ReplayVerdict *v;

    QLIST_FOREACH(v, &failing, next)
    {
        if (has_failed(v)) {
            i2cpt_trace_adapter_tell_verdict(v->adapter, NULL);
            any = true;
        }
    }
    return any;
}

/*
 * The guest is stopped first, as it is where QEMU stays (-no-shutdown): the
 * devices then send what they hold back, and nothing is asked any more.
 */
static void shutting_down(Notifier *notifier, void *data)
{
    const ShutdownCause *cause = data;

    if ((QLIST_EMPTY(&failing) && !one_has_failed) ||
        shutdown_action == SHUTDOWN_ACTION_PAUSE) {
        return;
    }
    vm_stop(RUN_STATE_SHUTDOWN);
    if (any_has_failed()) {
        qemu_system_shutdown_request_with_code(*cause, EXIT_FAILURE);
    }
}

static void fail_with(ReplayVerdict *v)
{
    static Notifier notifier = {.notify = shutting_down};
    static bool registered;

    if (!registered) {
        registered = true;
        qemu_register_shutdown_notifier(&notifier);
    }
    v->fails = true;
    QLIST_INSERT_HEAD(&failing, v, next);
}

static void end_failing(ReplayVerdict *v)
{
    if (v->fails) {
        v->fails = false;
        QLIST_REMOVE(v, next);
        one_has_failed |= has_failed(v);
    }
}
#else
static void end_failing(ReplayVerdict *v)
{
}
#endif

static bool begin_failing(ReplayVerdict *v, Error **errp)
{
#if I2CPT_QEMU_FROM(8, 2)
    struct i2cpt_trace_verdict told = {.size = sizeof(told)};

    if (i2cpt_trace_adapter_verdict(v->adapter, &told, NULL) == -EOPNOTSUPP) {
        error_setg(errp, "verdict=fail: %s: is no recording",
                   i2cpt_adapter_name(v->adapter));
        return false;
    }
    fail_with(v);
    return true;
#else
    error_setg(errp, "verdict=fail: no device of QEMU " QEMU_VERSION
                     " can say how it exits, those of 8.2 and later can; "
                     "accepted is tell, off");
    return false;
#endif
}

/* ------------------------------------------------------------ at the end */

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    ReplayVerdict *v = opaque;

    if (running) {
        i2cpt_trace_adapter_tell_verdict(v->adapter, NULL);
    }
}

static void begin_telling(ReplayVerdict *v)
{
    v->entry = qemu_add_vm_change_state_handler(vm_state_changed, v);
    if (runstate_is_running()) {
        i2cpt_trace_adapter_tell_verdict(v->adapter, NULL);
    }
}

bool replay_verdict_begin(ReplayVerdict *v, struct i2cpt_adapter *adapter,
                          const char *property, Error **errp)
{
    v->adapter = adapter;
    if (property && g_str_equal(property, "off")) {
        return true;
    }
    if (property && g_str_equal(property, "fail")) {
        if (!begin_failing(v, errp)) {
            return false;
        }
    } else if (property && !g_str_equal(property, "tell")) {
        error_setg(errp, "verdict=%s: accepted is tell, fail, off", property);
        return false;
    }
    begin_telling(v);
    return true;
}

void replay_verdict_end(ReplayVerdict *v)
{
    end_failing(v);
    if (v->entry) {
        qemu_del_vm_change_state_handler(g_steal_pointer(&v->entry));
        host_log_begin_anew();
    }
}
