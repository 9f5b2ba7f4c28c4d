"""Free memory read from trees of files as Linux has them, and the estimate for backends that say nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.memory import free_memory, kv_cache, parse_vm_stat, total_memory
from hub.runtime.planning.memory import default_estimate
from hub.types import Facts, WeightFile

MIB = 1 << 20
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = {"proc/meminfo": "MemTotal:  8388608 kB\nMemFree: 1 kB\nMemAvailable:  4194304 kB\n"}


@linux
def test_free_memory_is_what_the_kernel_calls_available(tmp_path: Path) -> None:
    assert free_memory(tree(tmp_path, MEMINFO)) == 4096 * MIB


@linux
def test_a_cgroup_limits_and_its_page_cache_does_not_count(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/box"
    root = tree(
        tmp_path,
        {
            **MEMINFO,
            "proc/self/cgroup": "0::/box/inner\n",
            f"{group}/memory.max": f"{1000 * MIB}\n",
            f"{group}/memory.current": f"{700 * MIB}\n",
            f"{group}/memory.stat": f"anon 1\ninactive_file {200 * MIB}\n",
            f"{group}/inner/memory.max": "max\n",
            f"{group}/inner/memory.current": f"{700 * MIB}\n",
            f"{group}/inner/memory.stat": "",
        },
    )
    assert free_memory(root) == 500 * MIB


@linux
def test_the_tightest_of_nested_cgroups_counts(tmp_path: Path) -> None:
    files = {**MEMINFO, "proc/self/cgroup": "0::/a/b\n"}
    for folder, limit in (("a", 300), ("a/b", 900)):
        base = f"sys/fs/cgroup/{folder}"
        files |= {
            f"{base}/memory.max": str(limit * MIB),
            f"{base}/memory.current": str(100 * MIB),
            f"{base}/memory.stat": "",
        }
    assert free_memory(tree(tmp_path, files)) == 200 * MIB


@linux
def test_cgroup_v1_limits_too(tmp_path: Path) -> None:
    base = "sys/fs/cgroup/memory"
    files = {
        **MEMINFO,
        "proc/self/cgroup": "5:cpu,cpuacct:/x\n9:memory:/x\n",
        f"{base}/memory.limit_in_bytes": str(512 * MIB),
        f"{base}/memory.usage_in_bytes": str(600 * MIB),
        f"{base}/memory.stat": f"total_inactive_file {188 * MIB}\n",
    }
    assert free_memory(tree(tmp_path, files)) == 100 * MIB


@linux
def test_a_group_that_is_over_its_limit_has_nothing_free(tmp_path: Path) -> None:
    base = "sys/fs/cgroup"
    files = {
        **MEMINFO,
        "proc/self/cgroup": "0::/\n",
        f"{base}/memory.max": "100",
        f"{base}/memory.current": "200",
        f"{base}/memory.stat": "",
    }
    assert free_memory(tree(tmp_path, files)) == 0


@linux
def test_a_system_that_does_not_tell_is_unknown(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None


def test_this_machine_has_some_memory_free() -> None:
    free, total = free_memory(), total_memory()
    assert free is not None
    assert total is not None
    assert 0 < free <= total


def test_vm_stat_counts_pages_that_can_be_had() -> None:
    text = (
        "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n"
        "Pages free:                               10.\nPages active:                             99.\n"
        "Pages inactive:                           20.\nPages speculative:                         3.\n"
        "Pages purgeable:                           1.\n"
    )
    assert parse_vm_stat(text) == 34 * 16384
    assert parse_vm_stat("") is None


SMOLLM2 = {
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "hidden_size": 576,
    "max_position_embeddings": 8192,
}


def facts(**config: int) -> Facts:
    file = WeightFile(path="m.gguf", size=100_000_000, sha256=None, sources=())
    asset = WeightFile(path="README.md", size=5_000, sha256=None, sources=())
    return Facts(
        task="text-generation",
        family="llama",
        format="gguf",
        files=(file, asset),
        parts={"": ("m.gguf",)},
        size=100_005_000,
        config=config,
    )


def test_a_kv_cache_holds_keys_and_values_of_every_layer() -> None:
    assert kv_cache(SMOLLM2, 4096) == 2 * 30 * 3 * 64 * 4096 * 2
    assert kv_cache({**SMOLLM2, "head_dim": 128}, 4096) == 2 * 2 * 30 * 3 * 64 * 4096 * 2
    assert kv_cache({}, 4096) == 0


def test_the_estimate_is_weights_without_assets_cache_and_working_memory() -> None:
    estimate = default_estimate(facts(**SMOLLM2), {"context_length": 2048}, "chat")
    assert estimate.weights == 100_000_000
    assert estimate.cache == kv_cache(SMOLLM2, 2048)
    assert estimate.working >= 10_000_000
    assert estimate.total == estimate.weights + estimate.cache + estimate.working


def test_the_estimate_takes_the_models_own_context_where_none_is_given() -> None:
    assert default_estimate(facts(**SMOLLM2), {}, "generate").cache == kv_cache(SMOLLM2, 8192)


def test_a_model_that_runs_once_has_no_cache() -> None:
    assert default_estimate(facts(**SMOLLM2), {}, "run").cache == 0
