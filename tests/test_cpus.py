"""Counting CPUs and cores."""

import os

import pytest

from hub.cpus import allowed_cpus, usable_cores, usable_cpus


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Four logical CPUs on two cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        folder = tmp_path / f"devices/system/cpu/cpu{cpu}/topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{siblings}\n")
    (tmp_path / "fs/cgroup/cpu").mkdir(parents=True)
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
    (system / "fs/cgroup/cpu.max").write_text(quota)
    assert usable_cores(system) == cores


def test_the_quota_of_an_older_cgroup_limits(system):
    (system / "fs/cgroup/cpu/cpu.cfs_quota_us").write_text("100000")
    (system / "fs/cgroup/cpu/cpu.cfs_period_us").write_text("100000")
    assert usable_cores(system) == 1


def test_without_topology_every_logical_cpu_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    assert usable_cores(tmp_path) == 3


@pytest.mark.parametrize(("quota", "cpus"), [("max 100000", 4), ("150000 100000", 2), ("10000 100000", 1), ("", 4)])
def test_affinity_and_quota_limit_the_cpus(system, quota, cpus):
    (system / "fs/cgroup/cpu.max").write_text(quota)
    assert len(allowed_cpus()) == 4
    assert usable_cpus(system) == cpus
