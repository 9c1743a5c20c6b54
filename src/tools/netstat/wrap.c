/* Sentences on a terminal: broken between words, so that they can be read. In a pipe each stays a line, for grep. */
#include "wrap.h"
#include "show/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	INDENT = 4,
	NARROW = 40, /* below this, breaking makes it worse */
};

size_t wrap_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

/* How many bytes of the text go into a line: up to a space when there is one, else all that fits. */
static size_t line_length(const char *text, size_t n, size_t width)
{
	size_t fits = text_cut(text, n, width), end = fits;

	if (fits == n)
		return n;
	while (end > 0 && text[end] != ' ')
		end--;
	return end ? end : fits;
}

void wrap_print(const char *text, size_t width)
{
	size_t n = strlen(text), indent = 0;

	while (width >= NARROW) {
		size_t length = line_length(text, n, width - indent);

		if (length == n || length == 0)
			break;
		printf("%*s%.*s\n", (int)indent, "", (int)length, text);
		length += text[length] == ' ';
		text += length;
		n -= length;
		indent = INDENT;
	}
	printf("%*s%s\n", (int)indent, "", text);
}
