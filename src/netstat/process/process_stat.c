/* /proc/PID/stat is "PID (NAME) STATE FIELD ...", separated by spaces (proc_pid_stat(5)). The name is whatever the
 * process says and may have parentheses, spaces and newlines in it: it ends at the last ')'. */
#include "process/process_stat.h"
#include "words.h"

#include <string.h>

enum { FIELD_STATE = 3, FIELD_STARTED = 22 };

static void copy_name(const char *from, const char *end, char *name, size_t size)
{
	size_t n = (size_t)(end - from) < size ? (size_t)(end - from) : size - 1;

	for (size_t i = 0; i < n; i++)
		name[i] = words_printable(from[i]);
	name[n] = 0;
}

/* Of the fields from the state on, which is at `at`, the start. */
static bool find_started(const char *at, const char *end, uint64_t *out)
{
	for (int field = FIELD_STATE; field < FIELD_STARTED; field++) {
		at = memchr(at, ' ', (size_t)(end - at));
		if (!at)
			return false;
		at++;
	}
	return words_digits(at, (size_t)(end - at), UINT64_MAX, out) > 0;
}

bool process_stat_parse(const char *text, size_t n, struct process_stat *out)
{
	const char *open = memchr(text, '(', n), *close = memrchr(text, ')', n);
	struct process_stat stat = {0};

	if (!open || !close || close < open || text + n - close < 3 || close[1] != ' ')
		return false;
	if (!find_started(close + 2, text + n, &stat.started))
		return false;
	copy_name(open + 1, close, stat.name, sizeof(stat.name));
	*out = stat;
	return true;
}
