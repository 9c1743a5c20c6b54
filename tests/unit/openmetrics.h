/* A strict reader of OpenMetrics 1.0 text, for tests: what the standard says MUST, as far as berth writes it. */
#ifndef TESTS_OPENMETRICS_H
#define TESTS_OPENMETRICS_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENMETRICS_LINES 4096

struct openmetrics {
	char family[128], type[32], unit[64];
	bool has_help, has_samples;
	char *seen[OPENMETRICS_LINES]; /* families as "# NAME", samples without their values */
	size_t n_seen;
	char error[512];
};

static bool openmetrics_wrong(struct openmetrics *check, const char *what, const char *line)
{
	snprintf(check->error, sizeof(check->error), "%s: %.200s", what, line);
	return false;
}

static bool openmetrics_first_time(struct openmetrics *check, const char *text, size_t n)
{
	for (size_t i = 0; i < check->n_seen; i++)
		if (strlen(check->seen[i]) == n && memcmp(check->seen[i], text, n) == 0)
			return false;
	if (check->n_seen < OPENMETRICS_LINES)
		check->seen[check->n_seen++] = strndup(text, n);
	return true;
}

static bool openmetrics_ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

/* "# TYPE NAME WORD", "# UNIT NAME WORD", "# HELP NAME TEXT", in this order and before the family's samples. */
static bool openmetrics_metadata(struct openmetrics *check, const char *line)
{
	char kind[8], name[128], rest[256], key[160];

	if (sscanf(line, "# %7s %127[a-zA-Z0-9_:] %255[^\n]", kind, name, rest) != 3)
		return openmetrics_wrong(check, "no metadata", line);
	if (strcmp(kind, "TYPE") == 0) {
		snprintf(key, sizeof(key), "# %s", name);
		if (!openmetrics_first_time(check, key, strlen(key)))
			return openmetrics_wrong(check, "a family twice", line);
		snprintf(check->family, sizeof(check->family), "%s", name);
		snprintf(check->type, sizeof(check->type), "%.31s", rest);
		check->unit[0] = '\0';
		check->has_help = check->has_samples = false;
		if (strcmp(rest, "gauge") != 0 && strcmp(rest, "counter") != 0 && strcmp(rest, "gaugehistogram") != 0)
			return openmetrics_wrong(check, "unexpected type", line);
		return isalpha((unsigned char)name[0]) || openmetrics_wrong(check, "bad name", line);
	}
	if (strcmp(name, check->family) != 0 || check->has_samples || check->has_help)
		return openmetrics_wrong(check, "metadata out of place", line);
	if (strcmp(kind, "UNIT") == 0) {
		snprintf(check->unit, sizeof(check->unit), "_%.62s", rest);
		return openmetrics_ends_with(name, check->unit) || openmetrics_wrong(check, "unit not in name", line);
	}
	check->has_help = strcmp(kind, "HELP") == 0;
	return check->has_help || openmetrics_wrong(check, "unknown metadata", line);
}

/* Behind '{' to behind '}'; NULL: not well formed. */
static const char *openmetrics_labels(const char *c)
{
	for (;; c++) {
		if (!isalpha((unsigned char)*c) && *c != '_')
			return NULL;
		c += strspn(c, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
		if (c[0] != '=' || c[1] != '"')
			return NULL;
		for (c += 2; *c != '"'; c++) {
			if (*c == '\n' || *c == '\0')
				return NULL;
			if (*c == '\\' && *++c != '\\' && *c != '"' && *c != 'n')
				return NULL;
		}
		if (*++c == '}')
			return c + 1;
		if (*c != ',')
			return NULL;
	}
}

static bool openmetrics_suffix(const struct openmetrics *check, const char *suffix, size_t n)
{
	static const char *const gaugehistogram[] = {"_bucket", "_gcount", "_gsum"};

	if (strcmp(check->type, "gauge") == 0)
		return n == 0;
	if (strcmp(check->type, "counter") == 0)
		return n == 6 && memcmp(suffix, "_total", 6) == 0;
	for (size_t i = 0; i < 3; i++)
		if (n == strlen(gaugehistogram[i]) && memcmp(suffix, gaugehistogram[i], n) == 0)
			return true;
	return false;
}

static bool openmetrics_sample(struct openmetrics *check, const char *line)
{
	size_t n_name = strcspn(line, "{ "), n_family = strlen(check->family);
	const char *end = line + n_name;
	char *after;

	if (!check->has_help || n_name < n_family || memcmp(line, check->family, n_family) != 0 ||
	    !openmetrics_suffix(check, line + n_family, n_name - n_family))
		return openmetrics_wrong(check, "a sample of another family", line);
	if (*end == '{' && !(end = openmetrics_labels(end + 1)))
		return openmetrics_wrong(check, "bad labels", line);
	if (*end != ' ' || !isdigit((unsigned char)end[1]))
		return openmetrics_wrong(check, "no value", line);
	if (!openmetrics_first_time(check, line, (size_t)(end - line)))
		return openmetrics_wrong(check, "a sample twice", line);
	strtod(end + 1, &after);
	check->has_samples = true;
	return *after == '\0' || openmetrics_wrong(check, "bad value", line);
}

/* The text is an exposition; else *error. The text is written to. */
static bool openmetrics_check(char *text, char *error, size_t n)
{
	struct openmetrics check = {0};
	bool ok = true, ended = false;

	for (char *line = text; ok && *line;) {
		char *newline = strchr(line, '\n');
		if (ended || !newline) {
			ok = openmetrics_wrong(&check, ended ? "beyond the end" : "no newline", line);
			break;
		}
		*newline = '\0';
		ended = strcmp(line, "# EOF") == 0;
		ok = ended || (*line == '#' ? openmetrics_metadata(&check, line) : openmetrics_sample(&check, line));
		line = newline + 1;
	}
	if (ok && !ended)
		ok = openmetrics_wrong(&check, "no end", "");
	while (check.n_seen)
		free(check.seen[--check.n_seen]);
	snprintf(error, n, "%s", check.error);
	return ok;
}

#endif
