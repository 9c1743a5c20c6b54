/* What a berth host's counters mean: a snapshot carries their names and values, and the texts are those of any host of
 * this version, so one is made and asked. */
#include "host_meaning.h"

#include <berth/error.h>
#include <berth/snapshot.h>
#include <string.h>

static int meanings_fill(struct index *meanings, const struct berth_host *host)
{
	struct berth_counter counter;

	for (size_t i = 0; berth_host_counter(host, i, &counter); i++) {
		const char **text = index_get(meanings, counter.name, strlen(counter.name), NULL);
		if (!text)
			return BERTH_ENOMEM;
		*text = counter.text;
	}
	return 0;
}

int host_meanings_init(struct index *meanings)
{
	struct berth_host_config config;
	struct berth_host *host = NULL;
	int r = index_init(meanings, sizeof(const char *));

	berth_host_config_default(&config);
	if (r == 0)
		r = berth_host_new(&config, &host);
	if (r == 0)
		r = meanings_fill(meanings, host);
	berth_host_free(host);
	return r < 0 ? BERTH_ENOMEM : 0;
}

const char *host_meaning(const struct index *meanings, const char *name)
{
	const char *const *text = index_find(meanings, name, strlen(name));

	return text ? *text : "";
}
