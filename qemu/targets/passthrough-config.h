/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of a passthrough device as QOM properties
 *
 * The library lists its keys, those of every backend, those common to all and
 * those of the policy; each becomes a property here, so that a new backend or
 * key needs nothing new in QEMU. Properties are kept as text until realize and
 * checked there, by the library, since a key is right or wrong only together
 * with backend=.
 */
#ifndef I2CPT_PASSTHROUGH_CONFIG_H
#define I2CPT_PASSTHROUGH_CONFIG_H

#include "qom/object.h"

#include "i2cpt.h"

typedef struct PassthroughConfig {
    GPtrArray *settings; /* in the order they were given */
} PassthroughConfig;

/*
 * In class_init: one property for each key, kept in the PassthroughConfig at
 * `offset` of the instance. Keys that the class has as a property of its own
 * (`address` of an I2C target) are left to it.
 */
void passthrough_config_properties(ObjectClass *klass, size_t offset);

/* The same without those of the policy. */
void passthrough_config_adapter_properties(ObjectClass *klass, size_t offset);
/* The same with the keys alone that adapters have whatever their backend. */
void passthrough_config_common_properties(ObjectClass *klass, size_t offset);

/* What was given as KEY=VALUE[,...], for g_free(). */
char *passthrough_config_text(const PassthroughConfig *config);

/* In instance_init and instance_finalize. */
void passthrough_config_init(PassthroughConfig *config);
void passthrough_config_clear(PassthroughConfig *config);

/* What holds where the property was not given; nothing changes where it was. */
void passthrough_config_default(PassthroughConfig *config, const char *name,
                                const char *text);

/*
 * In realize. NULL, or false, with an error that names property and value.
 * The policy, with the guest's `address`, or -1 where none was given:
 */
struct i2cpt_policy *passthrough_config_policy(const PassthroughConfig *config,
                                               int address, Error **errp);
/* What the adapter is opened with, for i2cpt_options_free(). */
struct i2cpt_options *passthrough_config_options(
    const PassthroughConfig *config, Error **errp);
/* Where the adapter is somebody else's, nothing may be said of it. */
bool passthrough_config_has_no_adapter(const PassthroughConfig *config,
                                       Error **errp);

/* The text that a property was given, or NULL. */
const char *passthrough_config_get(const PassthroughConfig *config,
                                   const char *name);

#endif
