/* berth: a TCP/IP host of your own, in user space. Everything public. */
#ifndef BERTH_H
#define BERTH_H

#include "address.h"
#include "error.h"
#include "frame.h"
#include "host.h"
#include "link.h"
#include "memory.h"
#include "platform.h"
#include "ports.h"
#include "resolver.h"
#include "snapshot.h"
#include "socket.h"
#include "tcp_info.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0". */
const char *berth_version(void);

#ifdef __cplusplus
}
#endif
#endif
