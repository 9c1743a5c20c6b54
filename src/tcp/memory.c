/* The memory of a connection's queues. See memory.h. */
#include "memory.h"

#include "tcb.h"

static void prune(struct tcp_env *env, struct tcb *t)
{
	recvq_drop_ahead(&t->recvq, env->memory);
	env->budget->pruned++;
	tcp_memory_settle(env, t);
}

bool tcp_memory_admits(struct tcp_env *env, struct tcb *t, uint64_t n)
{
	struct list_node *oldest;

	tcp_memory_settle(env, t);
	if (budget_admits(env->budget, t->n_memory, n))
		return true;
	if (t->recvq.ahead)
		prune(env, t);
	while (!budget_admits(env->budget, t->n_memory, n) && (oldest = list_first(&env->ahead)))
		prune(env, CONTAINER_OF(CONTAINER_OF(oldest, struct recvq_ahead, node)->owner, struct tcb, recvq));
	if (budget_admits(env->budget, t->n_memory, n))
		return true;
	env->budget->refused++;
	return false;
}
