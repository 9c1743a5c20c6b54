/* Files that appear whole or not at all: written beside their place under a temporary name, then renamed. */
#include "files.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *path, int error)
{
	return tool_fail("netstat", TOOL_FAILED, "%s: %s; nothing is saved there", path, strerror(error));
}

/* What is no plain file (a device, a pipe) is written to as it is. */
static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static FILE *open_beside(const char *path, char **temporary)
{
	int fd;

	if (asprintf(temporary, "%s.XXXXXX", path) < 0) {
		*temporary = NULL;
		return NULL;
	}
	fd = mkostemp(*temporary, O_CLOEXEC);
	/* What a snapshot holds is for its owner: command lines may carry secrets. */
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!file) {
		int error = errno;
		if (fd >= 0) {
			close(fd);
			unlink(*temporary);
		}
		free(*temporary);
		*temporary = NULL;
		errno = error;
	}
	return file;
}

bool output_open(struct output *output, const char *path)
{
	*output = (struct output){.path = path};
	if (strcmp(path, "-") == 0)
		output->file = stdout;
	else if (is_special(path))
		output->file = fopen(path, "we");
	else
		output->file = open_beside(path, &output->temporary);
	if (!output->file)
		fail(path, errno);
	return output->file != NULL;
}

int output_close(struct output *output, bool keep)
{
	int before = errno, error = 0;

	if (output->file == stdout)
		return TOOL_DONE; /* main flushes it */
	/* A write that failed is told even when nothing is to be kept: it may be why. When stdio has forgotten why it
	 * failed, errno mostly has not. */
	if (ferror(output->file))
		error = before == ENOSPC || before == EDQUOT || before == EFBIG ? before : EIO;
	else if (fflush(output->file) != 0)
		error = errno;
	if (fclose(output->file) != 0 && !error)
		error = errno;
	if (output->temporary && keep && !error && rename(output->temporary, output->path) != 0)
		error = errno;
	if (output->temporary && (error || !keep))
		unlink(output->temporary);
	free(output->temporary);
	output->temporary = NULL;
	return error ? fail(output->path, error) : TOOL_DONE;
}
