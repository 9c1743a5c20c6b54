/* A program of its own, linked with the installed static library: names that the library uses inside are free for it.
 */
#include <berth/ports.h>

#include <stdio.h>
#include <string.h>

/* Functions of berth's wire and base modules have these names. */
int checksum_add(void);
int ip4_parse(void);
int ranges_add(void);

int checksum_add(void)
{
	return 1;
}

int ip4_parse(void)
{
	return 2;
}

int ranges_add(void)
{
	return 3;
}

int main(void)
{
	struct berth_service service;
	bool found = berth_service_by_port(80, BERTH_TRANSPORT_TCP, &service) && strcmp(service.name, "http") == 0;

	if (!found || checksum_add() + ip4_parse() + ranges_add() != 6) {
		puts("port 80 is not http");
		return 1;
	}
	return 0;
}
