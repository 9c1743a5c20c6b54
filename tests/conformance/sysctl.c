/* The settings of Linux that a script changes, as the host's configuration. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

/* "least default most": of three numbers these two. */
static void set_range(const char *value, uint32_t *initial, uint32_t *most)
{
	char *end;

	strtoul(value, &end, 0);
	*initial = (uint32_t)strtoul(end, &end, 0);
	*most = (uint32_t)strtoul(end, &end, 0);
}

static void set_rmem(struct berth_host_config *config, const char *value)
{
	set_range(value, &config->receive_buffer, &config->receive_buffer_max);
}

static void set_wmem(struct berth_host_config *config, const char *value)
{
	set_range(value, &config->send_buffer, &config->send_buffer_max);
}

static void set_congestion(struct berth_host_config *config, const char *value)
{
	snprintf(config->congestion, sizeof(config->congestion), "%s", value);
}

static void set_recovery(struct berth_host_config *config, const char *value)
{
	config->rack = strtoul(value, NULL, 0) & 1;
}

static const struct setting {
	const char *name;
	void (*set)(struct berth_host_config *config, const char *value);
} settings[] = {
	{"tcp_congestion_control", set_congestion},
	{"tcp_recovery", set_recovery},
	{"tcp_rmem", set_rmem},
	{"tcp_wmem", set_wmem},
};

/* A host that runs already follows for what begins from now on: it gets the settings of one that is made so. */
static void apply(struct object *o)
{
	struct berth_host *model;

	if (!o->host || berth_host_new(&o->config, &model))
		return;
	o->host->tcp.config = model->tcp.config;
	berth_host_free(model);
}

static void set(struct object *o, const char *name, const char *value)
{
	struct berth_host_config before = o->config;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].name, name) == 0)
			settings[i].set(&o->config, value);
	if (berth_host_config_validate(&o->config, NULL))
		o->config = before;
	else
		apply(o);
}

/* Reads NAME=VALUE, VALUE in quotes or not. What follows, or NULL: that is none. */
static const char *take_setting(struct object *o, const char *at)
{
	char name[64], value[64];
	size_t n = strcspn(at, "= \t\n\"");
	char quote;

	if (at[n] != '=' || n >= sizeof(name))
		return NULL;
	memcpy(name, at, n);
	name[n] = '\0';
	at += n + 1;
	quote = *at == '"' || *at == '\'' ? *at++ : '\0';
	n = quote ? strcspn(at, (char[]){quote, '\0'}) : strcspn(at, " \t\n;");
	if (n >= sizeof(value))
		return NULL;
	memcpy(value, at, n);
	value[n] = '\0';
	set(o, name, value);
	return at + n;
}

/* What Google's suite of scripts expects where a script says nothing else (its defaults.sh): buffers and an algorithm
 * that differ from the host's own. */
static void set_defaults(struct object *o)
{
	set(o, "tcp_rmem", "4096 540000 15728640");
	set(o, "tcp_wmem", "4096 262144 4194304");
	set(o, "tcp_congestion_control", "cubic");
}

void sysctl_command(struct object *o, const char *command)
{
	static const char *const roots[] = {"net.ipv4.", "net/ipv4/"};

	pthread_mutex_lock(&o->mutex);
	if (strstr(command, "defaults.sh"))
		set_defaults(o);
	for (size_t i = 0; i < 2; i++) {
		const char *at = command;

		while ((at = strstr(at, roots[i]))) {
			const char *rest = take_setting(o, at += strlen(roots[i]));

			if (rest)
				at = rest;
		}
	}
	pthread_mutex_unlock(&o->mutex);
}
