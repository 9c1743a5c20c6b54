/* Habits: for each program the services of its conversations, in an index by what the program is. A program's services
 * are counted in a few slots: one with more of them than that has no habit to break. */
#include "enrich/habits.h"

#include "enrich/conversation.h"
#include "index.h"

#include <berth/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SERVICES = 3, /* two that are usual, and the one that is not */
	OTHERS = 8,
	KEY_MAX = 4096 + 512,
};

struct used {
	uint8_t kind;
	uint16_t port;
	uint64_t n;
};

struct habit {
	struct used used[SERVICES];
	unsigned n_used; /* SERVICES + 1: more than there are slots */
	uint64_t n, n_in;
};

struct habits {
	const struct services *services;
	struct index programs;
};

struct habits *habits_new(const struct services *services)
{
	struct habits *habits = calloc(1, sizeof(*habits));

	if (habits && index_init(&habits->programs, sizeof(struct habit)) < 0)
		return habits_free(habits);
	if (habits)
		habits->services = services;
	return habits;
}

struct habits *habits_free(struct habits *habits)
{
	if (habits)
		index_deinit(&habits->programs);
	free(habits);
	return NULL;
}

bool habits_is_interpreter(const char *program)
{
	static const char *const names[] = {
		"sh",   "bash", "rbash", "dash",    "ash",    "zsh",    "ksh",    "mksh", "pdksh", "csh",  "tcsh",
		"fish", "yash", "pwsh",  "busybox", "toybox", "python", "pypy",   "perl", "ruby",  "node", "nodejs",
		"deno", "bun",  "php",   "lua",     "luajit", "tclsh",  "expect", "awk",  "gawk",  "mawk",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);
		if (strncmp(program, names[i], n) == 0 && program[n + strspn(program + n, "0123456789.-")] == 0)
			return true;
	}
	return false;
}

/* What makes a program one, as the key: executable (or name), unit, user. The length; 0: too long to be counted. */
static size_t key_of(const struct netstat_process *process, char *key, size_t room)
{
	const char *name = process->executable ? process->executable : process->program;
	int n = snprintf(key, room, "%s%c%s%c%lu", name, 0, process->unit ? process->unit : "", 0,
			 (unsigned long)process->uid);

	return n > 0 && (size_t)n < room ? (size_t)n : 0;
}

/* The program's key and what the row is; false: it is not counted. */
static bool counted(const struct habits *habits, const struct netstat_row *row, struct conversation *out, char *key,
		    size_t *n_key)
{
	*out = conversation_of(row, habits->services);
	if ((out->kind != CONVERSATION_IN && out->kind != CONVERSATION_OUT) || !out->process ||
	    row->direction == NETSTAT_DIRECTION_UNKNOWN || habits_is_interpreter(out->process->program))
		return false;
	*n_key = key_of(out->process, key, KEY_MAX);
	return *n_key != 0;
}

static struct used *used_find(struct habit *habit, const struct conversation *c)
{
	for (unsigned i = 0; i < habit->n_used && i < SERVICES; i++) {
		if (habit->used[i].kind == c->kind && habit->used[i].port == c->port)
			return &habit->used[i];
	}
	return NULL;
}

int habits_look(struct habits *habits, const struct netstat_row *row)
{
	struct conversation conversation;
	char key[KEY_MAX];
	size_t n_key;

	if (!counted(habits, row, &conversation, key, &n_key))
		return 0;
	struct habit *habit = index_get(&habits->programs, key, n_key, NULL);
	if (!habit)
		return BERTH_ENOMEM;
	struct used *used = used_find(habit, &conversation);
	if (!used && habit->n_used < SERVICES) {
		used = &habit->used[habit->n_used++];
		used->kind = (uint8_t)conversation.kind;
		used->port = conversation.port;
	} else if (!used) {
		habit->n_used = SERVICES + 1;
	}
	if (used)
		used->n++;
	habit->n++;
	habit->n_in += conversation.kind == CONVERSATION_IN;
	return 0;
}

static bool is_companion(uint16_t port)
{
	return port == 53 || port == 80 || port == 123 || port == 443 || port == 853;
}

bool habits_unusual(const struct habits *habits, const struct netstat_row *row)
{
	struct conversation conversation;
	char key[KEY_MAX];
	size_t n_key;

	if (netstat_scope(&row->foreign.address) != NETSTAT_SCOPE_PUBLIC ||
	    !counted(habits, row, &conversation, key, &n_key) || conversation.kind != CONVERSATION_OUT ||
	    is_companion(conversation.port))
		return false;
	struct habit *habit = index_find(&habits->programs, key, n_key);
	if (!habit || habit->n_used > SERVICES || habit->n < OTHERS + 1)
		return false;
	const struct used *used = used_find(habit, &conversation);
	if (!used || used->n != 1)
		return false;
	return habit->n_in == habit->n - 1 || !services_name(habits->services, row->protocol, conversation.port);
}
