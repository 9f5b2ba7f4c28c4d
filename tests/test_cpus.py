"""Counting CPUs and cores."""

import os

import pytest

from hub.cpus import allowed_cpus, usable_cores, usable_cpus


def group(root, folder, line):
    """A control group, and that this process is in it."""
    (root / folder).mkdir(parents=True)
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/cgroup").write_text(f"{line}\n")
    return root / folder


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Four logical CPUs on two cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        folder = tmp_path / f"sys/devices/system/cpu/cpu{cpu}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{siblings}\n")
    group(tmp_path, "sys/fs/cgroup", "0::/")
    return tmp_path


def test_hardware_threads_of_one_core_count_once(system):
    assert usable_cores(system) == 2


def test_the_affinity_mask_limits(system, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 3})
    assert usable_cores(system) == 1


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 2), ("100000 100000", 1), ("50000 100000", 1), ("900000 100000", 2)]
)
def test_the_quota_of_the_cgroup_limits(system, quota, cores):
    (system / "sys/fs/cgroup/cpu.max").write_text(quota)
    assert usable_cores(system) == cores


def test_the_quota_of_an_older_cgroup_limits(system):
    folder = group(system, "sys/fs/cgroup/cpu/user", "3:cpu,cpuacct:/user")
    (folder / "cpu.cfs_quota_us").write_text("100000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(system) == 1


@pytest.mark.parametrize(("inner", "outer", "cpus"), [("100000", "300000", 1), ("max", "200000", 2), ("max", "max", 4)])
def test_the_quota_of_every_group_above_holds(system, inner, outer, cpus):
    folder = group(system, "sys/fs/cgroup/system.slice/hub.service", "0::/system.slice/hub.service")
    (folder / "cpu.max").write_text(f"{inner} 100000\n")
    (folder.parent / "cpu.max").write_text(f"{outer} 100000\n")
    assert usable_cpus(system) == cpus


def test_without_topology_every_logical_cpu_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert usable_cores(tmp_path) == 3


@pytest.mark.parametrize(("quota", "cpus"), [("max 100000", 4), ("150000 100000", 2), ("10000 100000", 1), ("", 4)])
def test_affinity_and_quota_limit_the_cpus(system, quota, cpus):
    (system / "sys/fs/cgroup/cpu.max").write_text(quota)
    assert len(allowed_cpus()) == 4
    assert usable_cpus(system) == cpus
