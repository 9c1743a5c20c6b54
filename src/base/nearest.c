/* Near words, by the distance of Damerau and Levenshtein in its restricted form: no part of a word is changed twice.
 */
#include "nearest.h"

#include <string.h>

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many characters must be put in, left out, replaced or swapped with their neighbour to turn one word into the
 * other. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NEAREST_WORD_MAX + 1];
	size_t n_a = strlen(a), n_b = strlen(b);

	for (size_t j = 0; j <= n_b; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n_a; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n_b; j++) {
			row[j] = min3(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return rows[n_a % 3][n_b];
}

void nearest_try(struct nearest *nearest, const char *name)
{
	size_t n_word = strlen(nearest->word), n = strlen(name), longer = n_word > n ? n_word - n : n - n_word;
	/* A third of the characters wrong, or one, is a slip; more is another word, and so is one that has nothing of
	 * it. */
	size_t most = n / 3 > 1 ? n / 3 : 1;

	if (n_word > NEAREST_WORD_MAX || n > NEAREST_WORD_MAX || longer > most)
		return;
	unsigned d = distance(nearest->word, name);
	if (d > most || d >= n)
		return;
	if (!nearest->name || d < nearest->distance) {
		nearest->name = name;
		nearest->distance = d;
	}
}

const char *nearest_word(const char *word, const char *const *names, size_t n)
{
	struct nearest nearest = {.word = word};

	for (size_t i = 0; i < n; i++)
		nearest_try(&nearest, names[i]);
	return nearest.name;
}
