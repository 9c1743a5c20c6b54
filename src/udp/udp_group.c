/* The groups of a UDP socket: a short list that exists only while there is one. */
#include "udp_group.h"

static struct udp_membership *find(const struct udp_socket *s, unsigned interface, const struct ip *group)
{
	for (uint32_t i = 0; i < s->n_memberships; i++) {
		struct udp_membership *m = &s->memberships[i];

		if (m->interface == interface && ip_equal(&m->group, group))
			return m;
	}
	return NULL;
}

bool udp_is_member(const struct udp_socket *s, unsigned interface, const struct ip *group)
{
	return find(s, interface, group) != NULL;
}

int udp_join(struct udp_env *env, struct udp_socket *s, unsigned interface, const struct ip *group)
{
	if (find(s, interface, group))
		return BERTH_EADDRINUSE;
	if (s->n_memberships == UDP_MEMBERSHIPS_MAX)
		return BERTH_ENOBUFS;
	if (!s->memberships) {
		size_t size = UDP_MEMBERSHIPS_MAX * sizeof(*s->memberships);

		s->memberships = env->memory->alloc(env->memory->context, size);
		if (!s->memberships)
			return BERTH_ENOMEM;
	}
	s->memberships[s->n_memberships++] = (struct udp_membership){.group = *group, .interface = interface};
	return BERTH_OK;
}

void udp_leave_all(struct udp_env *env, struct udp_socket *s)
{
	if (!s->memberships)
		return;
	env->memory->free(env->memory->context, s->memberships, UDP_MEMBERSHIPS_MAX * sizeof(*s->memberships));
	s->memberships = NULL;
	s->n_memberships = 0;
}

int udp_leave(struct udp_env *env, struct udp_socket *s, unsigned interface, const struct ip *group)
{
	struct udp_membership *m = find(s, interface, group);

	if (!m)
		return BERTH_EADDRNOTAVAIL;
	*m = s->memberships[--s->n_memberships];
	if (s->n_memberships == 0)
		udp_leave_all(env, s);
	return BERTH_OK;
}
