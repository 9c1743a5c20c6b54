/* Control groups: which path is taken from /proc/PID/cgroup, and what a path says of unit and container. */
#include "process/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct {
	const char *path, *unit, *container;
} paths[] = {
	/* systemd's own */
	{"/", "", ""},
	{"", "", ""},
	{"/system.slice/nginx.service", "nginx.service", ""},
	{"/user.slice/user-1000.slice/session-4.scope", "session-4.scope", ""},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/app-firefox-12.scope", "app-firefox-12.scope", ""},
	{"/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope", ""},
	{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", ""},
	{"/system.slice/cups.socket", "cups.socket", ""},
	{"/system.slice/dev-disk-by\\x2duuid.swap", "dev-disk-by\\x2duuid.swap", ""},
	{"/system.slice", "system.slice", ""},
	{"/user.slice/user-0.slice", "user-0.slice", ""},
	{"/system.slice/build.service/jobs.slice", "build.service", ""},
	{"/init.scope", "init.scope", ""},
	{"/system.slice/.service", "system.slice", ""},
	{"/system.slice/bad\nname.service", "bad?name.service", ""},
	{"/some/group/of/mine", "", ""},
	{"/..", "", ""},
	/* Docker, with systemd and without */
	{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope", "docker:0123456789ab"},
	{"/docker/" ID, "", "docker:0123456789ab"},
	{"/docker/" ID "/system.slice/cron.service", "cron.service", "docker:0123456789ab"},
	{"/docker/buildx", "", ""},
	{"/docker", "", ""},
	{"/system.slice/docker.service", "docker.service", ""},
	{"/system.slice/docker-0123456789ab.scope", "docker-0123456789ab.scope", ""},
	/* Podman, and its monitor, which is outside */
	{"/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", "podman:0123456789ab"},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", "libpod-" ID ".scope",
	 "podman:0123456789ab"},
	{"/libpod_parent/libpod-" ID, "", "podman:0123456789ab"},
	{"/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", ""},
	/* Kubernetes */
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-" ID ".scope",
	 "cri-containerd-" ID ".scope", "containerd:0123456789ab"},
	{"/kubepods.slice/kubepods-pod1_2.slice/crio-" ID ".scope", "crio-" ID ".scope", "crio:0123456789ab"},
	{"/kubepods/burstable/pod12-34/" ID, "", "kubernetes:0123456789ab"},
	{"/kubepods/pod12-34/" ID, "", "kubernetes:0123456789ab"},
	{"/kubepods/burstable/pod12-34", "", ""},
	{"/pod12-34/" ID, "", ""},
	{"/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:" ID, "containerd.service",
	 "containerd:0123456789ab"},
	{"/docker/" OTHER "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" ID ".scope",
	 "cri-containerd-" ID ".scope", "containerd:0123456789ab"},
	/* LXC, nspawn, virtual machines */
	{"/lxc.payload.web", "", "lxc:web"},
	{"/lxc.payload.web/system.slice/nginx.service", "nginx.service", "lxc:web"},
	{"/lxc.monitor.web", "", ""},
	{"/lxc.payload.", "", ""},
	{"/lxc/db/init.scope", "init.scope", "lxc:db"},
	{"/lxc", "", ""},
	{"/machine.slice/machine-my\\x2dbox.scope", "machine-my\\x2dbox.scope", "machine:my-box"},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", "machine-qemu\\x2d1\\x2dvm.scope",
	 "machine:qemu-1-vm"},
	{"/machine.slice/machine-a\\x0ab.scope", "machine-a\\x0ab.scope", "machine:a?b"},
	{"/machine.slice/machine-a\\x2.scope", "machine-a\\x2.scope", "machine:a\\x2"},
	{"/machine.slice/systemd-nspawn@box.service/payload", "systemd-nspawn@box.service", "machine:box"},
	{"/system.slice/machine-a.scope", "machine-a.scope", ""},
	{"/machine.slice/machine-.scope", "machine-.scope", ""},
};

static void test_paths(void **state)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct cgroup cgroup;
		/* Without a NUL, so that a sanitizer sees who reads behind the end. */
		size_t n = strlen(paths[i].path);
		char *path = malloc(n + !n);

		memcpy(path, paths[i].path, n);
		cgroup_parse(path, n, &cgroup);
		free(path);
		if (strcmp(cgroup.unit, paths[i].unit) || strcmp(cgroup.container, paths[i].container))
			fail_msg("%s: unit \"%s\", container \"%s\"", paths[i].path, cgroup.unit, cgroup.container);
	}
}

static void test_long_names(void **state)
{
	char path[1024] = "/lxc/";
	struct cgroup cgroup;

	memset(path + 5, 'x', 600);
	strcpy(path + 605, ".service");
	cgroup_parse(path, strlen(path), &cgroup);
	assert_string_equal(cgroup.unit, "");
	assert_int_equal(strlen(cgroup.container), sizeof(cgroup.container) - 1);
	assert_memory_equal(cgroup.container, "lxc:xxxx", 8);
}

static void test_files(void **state)
{
	static const struct {
		const char *text, *path; /* NULL: none */
	} cases[] = {
		{"0::/system.slice/a.service\n", "/system.slice/a.service"},
		{"0::/system.slice/a.service", "/system.slice/a.service"},
		{"4:memory:/b\n1:name=systemd:/c\n0::/\n", "/c"},
		{"4:memory:/b\n3:cpu,cpuacct:/d\n0::/\n", "/b"},
		{"4:memory:/b\n1:name=systemd:/c\n0::/a\n", "/a"},
		{"4:memory:/\n1:name=systemd:/\n0::/\n", "/"},
		{"4:memory:/\n", "/"},
		{"0::/a:b:c\n", "/a:b:c"},
		{"0::/../other\n", "/../other"},
		{"", NULL},
		{"\n\n", NULL},
		{"0::\n", NULL},
		{"0:", NULL},
		{"0", NULL},
		{"0::relative\n", NULL},
		{"nonsense\n0::/a\n", "/a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = 99;
		const char *path = cgroup_path(cases[i].text, strlen(cases[i].text), &n);

		if (!cases[i].path) {
			assert_null(path);
			assert_int_equal(n, 0);
			continue;
		}
		assert_non_null(path);
		assert_int_equal(n, strlen(cases[i].path));
		assert_memory_equal(path, cases[i].path, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
