/* What the kernel of this machine says of its own TCP and UDP sockets. */
#ifndef DEMO_KERNEL_VIEW_H
#define DEMO_KERNEL_VIEW_H

#include <stdio.h>

/* Prints the sockets with a peer of the process's network namespace, in netstat's columns. How many. */
int kernel_view_print(FILE *out);

#endif
