"""Every task with its arguments goes by name through cloudpickle into a process that was spawned, and does its work there."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
from prefect import Task

from eagle_core.config import EagleConfig
from tasks.graph import registry
from tasks.graph.values import CategoryResult, of_shards
from tasks.machinery.store import Entry
from tasks.stages.answers import Job
from tasks.stages.asking import Shard
from tasks.stages.data import CategoryName
from tests.tiny.dataset import configured, write_dataset

PROJECT = Path(__file__).parents[3]
SPAWNED = """
import pickle, sys
from pathlib import Path
folder = Path(sys.argv[1])
done = []
for task, arguments in pickle.loads((folder / "tasks").read_bytes()):
    state = task.fn(*arguments)
    done.append((state.name, state.data))
(folder / "results").write_bytes(pickle.dumps(done))
"""
BY_VALUE = (b"_make_function", b"_make_skeleton_class")
"""Names in a pickle that carries code with it."""


def calls(config: EagleConfig) -> list[tuple[Task[Any, Any], tuple[Any, ...], Any]]:
    """Each task with its arguments and what it returns here."""
    made: list[tuple[Task[Any, Any], tuple[Any, ...], Any]] = []

    def call(task: Task[Any, Any], *arguments: Any) -> Any:
        value = task.fn(*arguments).data
        made.append((task, arguments, value))
        return value

    fitted = call(registry.FIT, config, CategoryName("small", "bolt"))
    judged = call(registry.JUDGE, (config,), fitted)
    localised = call(registry.LOCALISE, config, fitted)
    remembered = call(registry.REMEMBER, config, "small", (fitted,))
    job, shard = Job("small", "bolt", "first", "echo"), Shard(0, 3, 1, 1)
    asked = call(registry.ASK, (config,), job, judged, (remembered,), shard, (0,))
    result = CategoryResult(judged[0], (of_shards("first", "echo", asked),), remembered, localised)
    call(registry.DRAW, config, result)
    return made


def uncached(value: Any) -> Any:
    """``value`` with all entries as if they had been in the store."""
    if isinstance(value, Entry):
        return dataclasses.replace(value, cached=True)
    if isinstance(value, tuple):
        return tuple(uncached(one) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{f.name: uncached(getattr(value, f.name)) for f in dataclasses.fields(value)})
    return value


def test_every_task_travels_by_name_and_runs_in_a_spawned_process(tmp_path: Path) -> None:
    config = configured(write_dataset(tmp_path / "data"), tmp_path / "cache", methods=("expert", "echo"))
    made = calls(config)
    assert {id(task) for task, _, _ in made} == {id(task) for task in registry.ALL}
    payload = cloudpickle.dumps([(task, arguments) for task, arguments, _ in made])
    assert not any(name in payload for name in BY_VALUE)
    (tmp_path / "tasks").write_bytes(payload)

    subprocess.run([sys.executable, "-c", SPAWNED, str(tmp_path)], cwd=PROJECT, check=True, timeout=300)
    done = pickle.loads((tmp_path / "results").read_bytes())
    assert [name for name, _ in done] == ["Cached"] * len(made)
    assert [uncached(data) for _, data in done] == [uncached(value) for _, _, value in made]
