/* Control groups: systemd names a group after the unit that it runs in it, and the runtimes of containers name theirs
 * after the container. The path is walked from the top, and the deepest name that says something counts: a container
 * in a container is the inner one.
 *
 * What is recognised, by who makes it:
 *
 *     docker        /system.slice/docker-ID.scope          /docker/ID
 *     podman        /machine.slice/libpod-ID.scope         /libpod_parent/libpod-ID
 *     containerd    /kubepods.slice/.../cri-containerd-ID.scope   kubepods-POD.slice:cri-containerd:ID
 *     crio          /kubepods.slice/.../crio-ID.scope
 *     kubernetes    /kubepods/burstable/podUID/ID          the runtime does not say its name
 *     lxc           /lxc.payload.NAME                      /lxc/NAME
 *     machine       /machine.slice/machine-NAME.scope      /machine.slice/systemd-nspawn@NAME.service
 *
 * An ID is 64 hexadecimal digits, of which people see the first twelve, as the runtimes' own tools show them. */
#include "process/cgroup.h"
#include "words.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
	ID_MIN = 32,
	ID_SHOWN = 12,
};

/* A piece of the path; borrowed. */
struct part {
	const char *at;
	size_t n;
};

static bool equals(struct part part, const char *text)
{
	return part.n == strlen(text) && memcmp(part.at, text, part.n) == 0;
}

static bool skip_prefix(struct part *part, const char *prefix)
{
	size_t n = strlen(prefix);

	if (part->n < n || memcmp(part->at, prefix, n) != 0)
		return false;
	part->at += n;
	part->n -= n;
	return true;
}

static bool cut_suffix(struct part *part, const char *suffix)
{
	size_t n = strlen(suffix);

	if (part->n < n || memcmp(part->at + part->n - n, suffix, n) != 0)
		return false;
	part->n -= n;
	return true;
}

static bool is_id(struct part part)
{
	for (size_t i = 0; i < part.n; i++) {
		char c = part.at[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return part.n >= ID_MIN;
}

/* "runtime:name"; with systemd's escapes (\x2d) undone, which stand for '-' in what a unit's name is made of. */
static void set_container(struct cgroup *out, const char *runtime, struct part name)
{
	size_t n = (size_t)snprintf(out->container, sizeof(out->container), "%s:", runtime);

	for (size_t i = 0; i < name.n && n < sizeof(out->container) - 1; i++) {
		char c = name.at[i];

		if (c == '\\' && name.n - i >= 4 && name.at[i + 1] == 'x' && words_hex_digit(name.at[i + 2]) >= 0 &&
		    words_hex_digit(name.at[i + 3]) >= 0) {
			c = (char)(words_hex_digit(name.at[i + 2]) << 4 | words_hex_digit(name.at[i + 3]));
			i += 3;
		}
		out->container[n++] = words_printable(c);
	}
	out->container[n] = 0;
}

static void set_id(struct cgroup *out, const char *runtime, struct part id)
{
	id.n = ID_SHOWN;
	set_container(out, runtime, id);
}

/* docker-ID.scope and the like, with or without the suffix. */
static bool container_by_prefix(struct part part, struct cgroup *out)
{
	static const struct {
		const char *prefix, *runtime;
	} runtimes[] = {
		{"docker-", "docker"},         {"libpod-", "podman"},
		{"libpod-payload-", "podman"}, {"cri-containerd-", "containerd"},
		{"nerdctl-", "containerd"},    {"crio-", "crio"},
	};

	cut_suffix(&part, ".scope");
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		struct part id = part;
		if (skip_prefix(&id, runtimes[i].prefix) && is_id(id)) {
			set_id(out, runtimes[i].runtime, id);
			return true;
		}
	}
	return false;
}

/* ...:cri-containerd:ID */
static bool container_by_colon(struct part part, struct cgroup *out)
{
	const char *colon = memrchr(part.at, ':', part.n);
	struct part before = part, id;

	if (!colon)
		return false;
	before.n = (size_t)(colon - part.at);
	id = (struct part){colon + 1, part.n - before.n - 1};
	if (!is_id(id))
		return false;
	if (cut_suffix(&before, ":cri-containerd"))
		set_id(out, "containerd", id);
	else if (cut_suffix(&before, ":crio"))
		set_id(out, "crio", id);
	else
		return false;
	return true;
}

/* A name whose meaning the group above it tells. */
static void container_by_parent(struct part part, struct part parent, bool kubepods, struct cgroup *out)
{
	if (is_id(part)) {
		if (equals(parent, "docker"))
			set_id(out, "docker", part);
		else if (equals(parent, "libpod"))
			set_id(out, "podman", part);
		else if (kubepods && skip_prefix(&parent, "pod"))
			set_id(out, "kubernetes", part);
	} else if (equals(parent, "lxc")) {
		set_container(out, "lxc", part);
	} else if (equals(parent, "machine.slice")) {
		if ((skip_prefix(&part, "machine-") && cut_suffix(&part, ".scope") && part.n) ||
		    (skip_prefix(&part, "systemd-nspawn@") && cut_suffix(&part, ".service") && part.n))
			set_container(out, "machine", part);
	}
}

static void parse_container(struct part part, struct part parent, bool kubepods, struct cgroup *out)
{
	struct part name = part;

	if (skip_prefix(&name, "lxc.payload.") && name.n)
		set_container(out, "lxc", name);
	else if (!container_by_prefix(part, out) && !container_by_colon(part, out))
		container_by_parent(part, parent, kubepods, out);
}

/* A slice only counts as long as nothing in it was found: what runs is in services and scopes. */
static void parse_unit(struct part part, bool *is_slice, struct cgroup *out)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};
	struct part stem = part;
	bool slice = cut_suffix(&stem, ".slice"), unit = false;

	for (size_t i = 0; !slice && !unit && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		unit = cut_suffix(&stem, suffixes[i]);
	if (stem.n == 0 || part.n >= sizeof(out->unit) || !(unit || (slice && (*is_slice || !out->unit[0]))))
		return;
	*is_slice = slice;
	for (size_t i = 0; i < part.n; i++)
		out->unit[i] = words_printable(part.at[i]);
	out->unit[part.n] = 0;
}

void cgroup_parse(const char *path, size_t n, struct cgroup *out)
{
	struct part parent = {path, 0};
	bool is_slice = false, kubepods = false;

	out->unit[0] = out->container[0] = 0;
	for (size_t at = 0; at < n;) {
		const char *slash = memchr(path + at, '/', n - at);
		struct part part = {path + at, slash ? (size_t)(slash - path) - at : n - at}, rest = part;

		at += part.n + 1;
		if (part.n == 0)
			continue;
		kubepods = kubepods || skip_prefix(&rest, "kubepods");
		parse_unit(part, &is_slice, out);
		parse_container(part, parent, kubepods, out);
		parent = part;
	}
}

/* A line is "NUMBER:CONTROLLERS:PATH". False: this one is not. How much its path is worth: more than before, or 0. */
static int line_worth(struct part line, struct part *path)
{
	const char *first = memchr(line.at, ':', line.n), *second;
	struct part controllers;

	if (!first || !(second = memchr(first + 1, ':', line.n - (size_t)(first + 1 - line.at))))
		return 0;
	*path = (struct part){second + 1, line.n - (size_t)(second + 1 - line.at)};
	controllers = (struct part){first + 1, (size_t)(second - first - 1)};
	if (path->n == 0 || path->at[0] != '/')
		return 0;
	if (path->n == 1)
		return controllers.n == 0 ? 2 : 1;
	return controllers.n == 0 ? 5 : equals(controllers, "name=systemd") ? 4 : 3;
}

const char *cgroup_path(const char *text, size_t n, size_t *n_path)
{
	struct part best = {NULL, 0};
	int worth = 0;

	for (size_t at = 0; at < n;) {
		const char *newline = memchr(text + at, '\n', n - at);
		struct part line = {text + at, newline ? (size_t)(newline - text) - at : n - at}, path;
		int line_is = line_worth(line, &path);

		if (line_is > worth) {
			worth = line_is;
			best = path;
		}
		at += line.n + 1;
	}
	*n_path = best.n;
	return best.at;
}
