/* Output in large blocks. */
#include "show/out.h"

#include <berth/error.h>

void out_drain(struct out *out)
{
	if (out->n && !out->failed)
		out->failed = fwrite(out->bytes, 1, out->n, out->file) != out->n;
	out->n = 0;
}

int out_flush(struct out *out)
{
	out_drain(out);
	if (!out->failed)
		out->failed = fflush(out->file) != 0 || ferror(out->file);
	return out->failed ? BERTH_EIO : 0;
}

void out_put_long(struct out *out, const char *bytes, size_t n)
{
	while (n) {
		size_t piece = n < OUT_SIZE ? n : OUT_SIZE;

		memcpy(out_room(out, piece), bytes, piece);
		out->n += piece;
		bytes += piece;
		n -= piece;
	}
}

void out_encoded(struct out *out, out_encode *encode, const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {
		char *to = out_room(out, OUT_PIECE);

		out->n += encode(&text, end, to, OUT_SIZE - out->n);
	}
}
