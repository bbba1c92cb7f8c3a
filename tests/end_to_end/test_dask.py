"""``eagle run`` on a cluster of processes that it starts itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

KEY = ["dataset", "category", "image_id", "method"]


@pytest.mark.server
@pytest.mark.timeout(1800)
def test_two_processes_give_the_numbers_of_one(finished, new_project: Callable) -> None:  # type: ignore[no-untyped-def,type-arg]
    project = new_project()
    engine = "{kind: dask, workers: 2, shard_images: 8, memory_limit: 4GiB}"
    # A process of its own, not a fork: the cluster's processes start from what it was started with.
    command = project.command("run", "--set", f"run.engine={engine}")
    done = subprocess.run(command, cwd=project.root, env=project.environment(), capture_output=True, text=True, timeout=1700)
    assert done.returncode == 0, done.stdout + done.stderr
    expected, found = (p.records().sort_values(KEY).reset_index(drop=True) for p in (finished, project))
    assert found[KEY].equals(expected[KEY])
    assert (found["verdict_defective"] == expected["verdict_defective"]).all()
    assert (found["p_defect"] - expected["p_defect"]).abs().max() < 1e-5
    [line] = [line for line in done.stdout.splitlines() if "MLLMs loaded: " in line]
    assert 1 <= int(line.rpartition(" ")[2]) <= 3  # two processes, and this one for the report's attention maps
