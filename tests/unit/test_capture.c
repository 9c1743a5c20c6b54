/* Packet capture: what libpcap reads back is what went over the link, and a file that fails does not stop the frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pcap/pcap.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <berth/platform.h>

struct bed {
	struct berth_link *near, *far; /* the capture is around near */
	char path[64];
};

static void pair_new(bool ethernet, struct berth_link **a, struct berth_link **b)
{
	struct berth_memory_pair_config config;

	berth_memory_pair_config_default(&config);
	config.ethernet = ethernet;
	assert_int_equal(berth_link_memory_pair(&config, a, b), 0);
}

static struct bed bed_new(bool ethernet)
{
	struct bed bed = {.path = "/tmp/berth-capture-XXXXXX"};
	int fd = mkstemp(bed.path);

	assert_true(fd >= 0);
	close(fd);
	pair_new(ethernet, &bed.near, &bed.far);
	assert_int_equal(berth_link_capture(bed.near, bed.path, &bed.near), 0);
	return bed;
}

static void send_filled(struct berth_link *link, uint8_t fill, uint32_t len)
{
	uint8_t bytes[1600];
	struct berth_frame_out out = {.len = len, .len_header = 1, .n_slices = 1, .slices = {{bytes, len - 1}}};

	memset(bytes, fill, sizeof(bytes));
	out.header[0] = fill;
	berth_link_send(link, &out, 1, 0);
}

static void receive_filled(struct berth_link *link, uint8_t fill)
{
	struct berth_frame *frame = berth_link_receive(link, 0);

	assert_non_null(frame);
	assert_int_equal(frame->data[0], fill);
	berth_frame_unref(frame);
}

static pcap_t *file_open(const char *path, int link_type)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);

	if (!pcap)
		fail_msg("%s", error);
	assert_int_equal(pcap_datalink(pcap), link_type);
	return pcap;
}

static void expect_frame(pcap_t *pcap, uint8_t fill, uint32_t len)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
	assert_int_equal(header->len, len);
	assert_int_equal(header->caplen, len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(data[i], fill);
	assert_in_range(header->ts.tv_sec, time(NULL) - 60, time(NULL) + 1);
	assert_in_range(header->ts.tv_usec, 0, 999999999);
}

static void expect_end(pcap_t *pcap)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	assert_int_equal(pcap_next_ex(pcap, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
}

static void both_ways(bool ethernet, int link_type)
{
	struct bed bed = bed_new(ethernet);
	pcap_t *pcap;

	send_filled(bed.near, 1, 60);
	send_filled(bed.far, 2, 1500);
	receive_filled(bed.near, 2);
	send_filled(bed.near, 3, 61);
	receive_filled(bed.far, 1);
	receive_filled(bed.far, 3);
	/* A link with nothing to receive has its file on the disk. */
	assert_null(berth_link_receive(bed.near, 0));
	for (unsigned i = 0; i < 2; i++) {
		pcap = file_open(bed.path, link_type);
		expect_frame(pcap, 1, 60);
		expect_frame(pcap, 2, 1500);
		expect_frame(pcap, 3, 61);
		expect_end(pcap);
		if (!i)
			berth_link_free(bed.near);
	}
	berth_link_free(bed.far);
	unlink(bed.path);
}

static void test_both_ways(void **state)
{
	both_ways(true, DLT_EN10MB);
	both_ways(false, DLT_RAW);
}

static void test_counters_and_refusal(void **state)
{
	struct bed bed = bed_new(true);
	struct berth_frame_out partial = {.len = 60, .len_header = 60, .checksum = BERTH_CHECKSUM_PARTIAL};

	send_filled(bed.near, 1, 60);
	berth_link_send(bed.near, &partial, 1, 0);
	assert_int_equal(bed.near->counters.sent, 1);
	assert_int_equal(bed.near->counters.sent_bytes, 60);
	assert_int_equal(bed.near->counters.send_failed, 1);
	assert_int_equal(bed.near->capabilities, 0);
	assert_int_equal(berth_link_capture_error(bed.near), 0);
	assert_int_equal(berth_link_capture_error(bed.far), BERTH_EINVAL);
	berth_link_free(bed.near);
	berth_link_free(bed.far);
	unlink(bed.path);
}

struct refusal {
	const char *path;
	int error;
};

static const struct refusal refusals[] = {
	{"/tmp/berth-no-such-directory/x", BERTH_ENOENT},
	{"/dev/full", BERTH_ENOSPC},
	{"/tmp", BERTH_EIO},
};

static void test_refusals(void **state)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct berth_link *a, *b, *out = NULL;

		pair_new(true, &a, &b);
		assert_int_equal(berth_link_capture(a, refusals[i].path, &out), refusals[i].error); /* takes a */
		assert_null(out);
		berth_link_free(b);
	}
}

/* The file may not grow any more: the frames go on, and the error is told. */
static void test_fails_later(void **state)
{
	struct bed bed = bed_new(true);
	struct rlimit old, tight;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = 20000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	for (unsigned i = 0; i < 100; i++) {
		send_filled(bed.near, (uint8_t)i, 1000);
		receive_filled(bed.far, (uint8_t)i);
		assert_null(berth_link_receive(bed.near, 0));
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_not_equal(berth_link_capture_error(bed.near), 0);
	berth_link_free(bed.near);
	berth_link_free(bed.far);
	unlink(bed.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_counters_and_refusal),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_fails_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
