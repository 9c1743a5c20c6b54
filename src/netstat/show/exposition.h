/* The text of OpenMetrics 1.0: families with their metadata, samples with their labels. */
#ifndef NETSTAT_EXPOSITION_H
#define NETSTAT_EXPOSITION_H

#include <stdint.h>
#include <stdio.h>

/* A metric family's metadata: "# TYPE", "# UNIT" (NULL: none; else `name` ends with it) and "# HELP". */
void exposition_family(FILE *out, const char *name, const char *type, const char *unit, const char *help);

struct exposition_label {
	const char *name, *value; /* value "" or NULL: the label is left away, which is the same in OpenMetrics */
};

/* A line "NAME+SUFFIX{LABELS} VALUE". Values of labels are escaped, and bytes in them that are no UTF-8 become U+FFFD.
 */
void exposition_sample(FILE *out, const char *name, const char *suffix, const struct exposition_label *labels,
		       size_t n_labels, uint64_t value);
/* As above, of nanoseconds as seconds. */
void exposition_seconds(FILE *out, const char *name, const char *suffix, const struct exposition_label *labels,
			size_t n_labels, uint64_t ns);

/* "# EOF". */
void exposition_end(FILE *out);

#endif
