/* Descriptors as packetdrill sees them. Numbers are never used twice, so that a stale one is EBADF. */
#include <stdlib.h>

#include "object.h"

struct file *file_get(struct object *o, int fd, enum file_kind kind)
{
	int i = fd - FILE_FIRST;

	if (i < 0 || i >= o->n_files || o->files[i].kind == FILE_CLOSED)
		return NULL;
	return kind == FILE_CLOSED || o->files[i].kind == kind ? &o->files[i] : NULL;
}

int file_new(struct object *o, struct file file)
{
	if (o->n_files == FILE_MAX)
		return BERTH_EMFILE;
	o->files[o->n_files] = file;
	return FILE_FIRST + o->n_files++;
}

void file_free(struct object *o, struct file *f)
{
	struct watch *w;

	while ((w = f->watches)) {
		f->watches = w->next;
		free(w);
	}
	if (f->pipe && --f->pipe->n_ends == 0)
		free(f->pipe);
	*f = (struct file){.kind = FILE_CLOSED};
}

void file_forget_watches(struct object *o, int fd)
{
	for (int i = 0; i < o->n_files; i++) {
		struct watch **at = &o->files[i].watches;

		while (*at) {
			struct watch *w = *at;

			if (w->fd != fd) {
				at = &w->next;
				continue;
			}
			*at = w->next;
			free(w);
		}
	}
}
