/* lwIP's build-time options for the benchmarks: one thread, the raw API, large windows, all checksums.
 *
 * The build chooses among three:
 *	BENCH_BEST    what measured fastest of all that lwIP leaves to its user: fixed pools, and checksums made while copying
 *	BENCH_IDLE    every object from malloc, counted, and as many connections as are asked for
 *	neither       lwIP's own heap, and a 64-bit checksum routine */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

/* No threads, no locks, nothing behind a socket layer. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_STATS 0

/* Two interfaces of this one stack are the two hosts: nothing may take a short way between them. */
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_LOOPBACK 0

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ETHERNET 1
#define LWIP_ARP 1
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_DNS 0
#define LWIP_DHCP 0
#define ETH_PAD_SIZE 2 /* IP headers at multiples of 4 */

#define TCP_MSS 1460
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 4
#define TCP_WND (128 * 1024)
#define TCP_SND_BUF (128 * 1024)
#define TCP_SND_QUEUELEN (4 * (TCP_SND_BUF) / (TCP_MSS) + 16)
#define TCP_SNDLOWAT (8 * TCP_MSS)
#define TCP_OVERSIZE TCP_MSS
#define LWIP_TCP_TIMESTAMPS 0
#define TCP_LISTEN_BACKLOG 1

#define CHECKSUM_GEN_IP 1
#define CHECKSUM_GEN_TCP 1
#define CHECKSUM_CHECK_IP 1
#define CHECKSUM_CHECK_TCP 1
#define LWIP_CHKSUM bench_checksum

#define MEM_ALIGNMENT 8
#define MEMP_NUM_TCP_PCB 16
#define MEMP_NUM_TCP_SEG (TCP_SND_QUEUELEN)
#define MEMP_NUM_PBUF 256
#define PBUF_POOL_SIZE 1024
#define PBUF_POOL_BUFSIZE 1536

#if defined BENCH_BEST
#define MEM_USE_POOLS 1
#define MEMP_USE_CUSTOM_POOLS 1 /* lwippools.h */
#define LWIP_CHECKSUM_ON_COPY 1
#define LWIP_CHKSUM_COPY(to, from, n) bench_checksum_copy(to, from, n)
#elif defined BENCH_IDLE
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define mem_clib_malloc bench_malloc
#define mem_clib_calloc bench_calloc
#define mem_clib_free bench_free
#else
#define MEM_SIZE (4 << 20)
#endif

#endif
