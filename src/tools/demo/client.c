/* A small HTTP client for one GET on a connection of its own (RFC 9112), as much as the demo needs: one status line,
 * fields of which Content-Length counts, and the content. */
#include "client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HEAD_MAX 4096

struct client {
	struct berth_loop_socket socket;
	struct client_config config;
	int descriptor;
	bool asked, in_content, ended;
	uint64_t left; /* of the content */
	size_t n_request;
	char request[256];
	size_t n_head;
	char head[HEAD_MAX + 1];
	uint8_t buffer[65536];
};

static void end(struct client *client, int error)
{
	client->ended = true;
	if (client->config.out >= 0)
		close(client->config.out);
	client->config.out = -1;
	if (client->descriptor >= 0)
		berth_close(client->config.host, client->descriptor);
	client->descriptor = -1;
	client->config.on_end(client->config.user, error);
}

/* The reader of the pipe is a program that does nothing but read: it is not kept waiting for. */
static bool write_all(int fd, const uint8_t *data, size_t n)
{
	while (n > 0) {
		ssize_t r = write(fd, data, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return false;
		data += r;
		n -= (size_t)r;
	}
	return true;
}

static int take_content(struct client *client, const uint8_t *data, size_t n)
{
	if (n > client->left)
		return BERTH_EPROTO;
	client->left -= n;
	return write_all(client->config.out, data, n) ? 0 : BERTH_EIO;
}

/* Reads the head, which is whole. 0, or BERTH_EPROTO: not the file that was asked for. */
static int parse_head(struct client *client)
{
	const char *field = strcasestr(client->head, "\r\nContent-Length:");
	char *end_of_number;

	if (strncmp(client->head, "HTTP/1.1 200 ", 13) != 0 || !field)
		return BERTH_EPROTO;
	errno = 0;
	client->left = strtoull(field + 17, &end_of_number, 10);
	if (errno || *end_of_number != '\r')
		return BERTH_EPROTO;
	client->in_content = true;
	return 0;
}

/* Adds to the head; what is beyond it is content. */
static int take_head(struct client *client, const uint8_t *data, size_t n)
{
	size_t before = client->n_head, room = HEAD_MAX - before;
	size_t n_copy = n < room ? n : room;

	memcpy(client->head + before, data, n_copy);
	client->n_head += n_copy;
	client->head[client->n_head] = '\0';

	char *end_of_head = strstr(client->head, "\r\n\r\n");
	if (!end_of_head)
		return client->n_head == HEAD_MAX ? BERTH_EPROTO : 0;
	size_t n_used = (size_t)(end_of_head + 4 - client->head) - before;
	end_of_head[2] = '\0';
	int r = parse_head(client);
	return r == 0 ? take_content(client, data + n_used, n - n_used) : r;
}

static void receive_all(struct client *client)
{
	for (;;) {
		long n = berth_recv(client->config.host, client->descriptor, client->buffer, sizeof(client->buffer), 0);
		if (n == BERTH_EAGAIN)
			return;
		int r = n <= 0               ? (int)n
			: client->in_content ? take_content(client, client->buffer, (size_t)n)
					     : take_head(client, client->buffer, (size_t)n);
		if (n == 0)
			r = client->in_content && client->left == 0 ? 0 : BERTH_EPROTO;
		if (n <= 0 || r < 0) {
			end(client, r);
			return;
		}
	}
}

/* The request fits into any send queue that is empty. */
static int ask(struct client *client)
{
	int error = 0;
	size_t n_error = sizeof(error);

	berth_getsockopt(client->config.host, client->descriptor, BERTH_SOL_SOCKET, BERTH_SO_ERROR, &error, &n_error);
	if (error)
		return -error;
	long r = berth_send(client->config.host, client->descriptor, client->request, client->n_request, 0);
	client->asked = true;
	return r == (long)client->n_request ? 0 : r < 0 ? (int)r : BERTH_EIO;
}

static void on_ready(struct berth_loop_socket *socket, unsigned ready)
{
	struct client *client = (struct client *)socket;

	if (client->ended)
		return;
	if (!client->asked && ready & (BERTH_WRITABLE | BERTH_FAILED)) {
		int r = ask(client);
		if (r < 0) {
			end(client, r);
			return;
		}
	}
	if (client->asked)
		receive_all(client);
}

static void make_request(struct client *client)
{
	char where[BERTH_ADDRESS_TEXT];
	int n = snprintf(client->request, sizeof(client->request),
			 "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", client->config.path,
			 berth_socket_address_format(&client->config.foreign, where, sizeof(where)));

	assert(n > 0 && (size_t)n < sizeof(client->request));
	client->n_request = (size_t)n;
	client->config.path = NULL;
}

static int begin(struct client *client)
{
	struct berth_host *host = client->config.host;
	int r = berth_socket(host, client->config.foreign.address.family, BERTH_STREAM);

	if (r < 0)
		return r;
	client->descriptor = r;
	berth_set_user(host, r, &client->socket);
	r = berth_bind(host, client->descriptor, &client->config.local);
	if (r == 0)
		r = berth_connect(host, client->descriptor, &client->config.foreign);
	return r == BERTH_EINPROGRESS ? 0 : r;
}

int client_new(const struct client_config *config, struct client **out)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client) {
		close(config->out);
		return BERTH_ENOMEM;
	}
	client->config = *config;
	client->descriptor = -1;
	client->socket.on_ready = on_ready;
	make_request(client);
	int r = begin(client);
	if (r < 0) {
		client_free(client);
		return r;
	}
	*out = client;
	return 0;
}

struct client *client_free(struct client *client)
{
	if (!client)
		return NULL;
	if (client->config.out >= 0)
		close(client->config.out);
	if (client->descriptor >= 0)
		berth_close(client->config.host, client->descriptor);
	free(client);
	return NULL;
}
