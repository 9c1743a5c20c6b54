/* The names of findings, and what they say. */
#include "finding.h"

const char *finding_id(enum finding finding)
{
	static const char *const ids[] = {
#define X(name, id, text) id,
		FINDING_MAP(X)
#undef X
	};

	return finding < FINDING_N ? ids[finding] : "?";
}

const char *finding_text(enum finding finding)
{
	static const char *const texts[] = {
#define X(name, id, text) text,
		FINDING_MAP(X)
#undef X
	};

	return finding < FINDING_N ? texts[finding] : "?";
}
