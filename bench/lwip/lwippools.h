/* The sizes that lwIP's mem_malloc hands out in the benchmarks: headers alone, and a segment with its headers. */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(512, 256)
LWIP_MALLOC_MEMPOOL((TCP_SND_QUEUELEN), 1600)
LWIP_MALLOC_MEMPOOL_END
