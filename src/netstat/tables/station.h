/* Hardware addresses as text. */
#ifndef NETSTAT_STATION_H
#define NETSTAT_STATION_H

#include <stdint.h>
#include <stdio.h>

#define STATION_MAX 32 /* bytes of one */
#define STATION_TEXT (3 * STATION_MAX + 1)

/* "02:fc:00:00:00:01"; NULL when it has no bytes. Returns out. */
static inline const char *station_text(const uint8_t *station, size_t n, char out[STATION_TEXT])
{
	out[0] = 0;
	for (size_t i = 0; i < n; i++)
		snprintf(out + (i ? 3 * i - 1 : 0), 4, "%s%02x", i ? ":" : "", station[i]);
	return n ? out : NULL;
}

#endif
