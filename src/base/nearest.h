/* Near words: which of the names that there are somebody probably meant by one that there is not. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* Words of more characters are not compared: nobody mistypes that much of a name. */
#define NEAREST_WORD_MAX 32u

/* Set `word`, leave the rest 0, try each name; then `name` is the nearest, the first of equals, or NULL: none is near.
 */
struct nearest {
	const char *word;
	const char *name;
	unsigned distance;
};
void nearest_try(struct nearest *nearest, const char *name);

/* The one of names[n] that `word` was probably meant to be, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *names, size_t n);

#endif
