/* What a host in the real world is made of: the defaults, with a secret and a seed that nobody can guess. */
#include <berth/platform.h>

int berth_host_config_real(struct berth_host_config *config)
{
	struct berth_host_config real;

	berth_host_config_default(&real);
	real.memory = berth_memory_libc();
	if (berth_random(real.secret, sizeof(real.secret)) || berth_random(&real.seed, sizeof(real.seed)))
		return BERTH_EIO;
	*config = real;
	return 0;
}
