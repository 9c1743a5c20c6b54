/* A doubly linked list whose nodes live in what they link. A node is in one list or in none; none is both pointers
 * NULL. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *prev, *next;
};

/* The head is a node of the ring itself. */
struct list {
	struct list_node ring;
};

/* The struct that a member lies in. */
#define CONTAINER_OF(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->ring.prev = list->ring.next = &list->ring;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->ring.next == &list->ring;
}

static inline bool list_node_linked(const struct list_node *node)
{
	return node->next != NULL;
}

static inline void list_push_back(struct list *list, struct list_node *node)
{
	node->prev = list->ring.prev;
	node->next = &list->ring;
	node->prev->next = node;
	list->ring.prev = node;
}

/* Takes the node out of its list, if it is in one. */
static inline void list_remove(struct list_node *node)
{
	if (!node->next)
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = node->next = NULL;
}

/* The first node, or NULL. */
static inline struct list_node *list_first(const struct list *list)
{
	return list_is_empty(list) ? NULL : list->ring.next;
}

static inline struct list_node *list_pop_front(struct list *list)
{
	struct list_node *node = list_first(list);

	if (node)
		list_remove(node);
	return node;
}

#endif
