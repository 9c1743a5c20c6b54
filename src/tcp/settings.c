/* What a program has set. See settings.h. */
#include "tcb.h"

const struct tcp_settings tcp_settings_default = {
	.s_keep_idle = 7200, /* RFC 1122 section 4.2.3.6: no less than two hours */
	.s_keep_interval = 75,
	.n_keep_max = 9,
};

bool tcp_settings_own(struct tcp_env *env, struct tcb *t, const struct tcp_settings *from)
{
	if (!t->settings) {
		t->settings = env->memory->alloc(env->memory->context, sizeof(*t->settings));
		if (!t->settings)
			return false;
		*t->settings = *from;
	}
	return true;
}

void tcp_settings_free(struct tcp_env *env, struct tcb *t)
{
	if (t->settings)
		env->memory->free(env->memory->context, t->settings, sizeof(*t->settings));
	t->settings = NULL;
}
