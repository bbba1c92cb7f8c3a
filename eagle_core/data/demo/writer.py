"""Generates the demo below a folder. What is already there with the right bytes stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from eagle_core.data.demo.camera import Photograph, photograph
from eagle_core.data.demo.manifest import load_manifest, wrong_files
from eagle_core.data.demo.plan import PRODUCTS, SCENES_FILE, Plan, plan_category
from eagle_core.data.demo.png import encode_png
from eagle_core.data.demo.scenes_file import encode_scenes
from eagle_core.data.scene import SceneRecord
from eagle_core.freed_memory import keep_freed_memory
from eagle_core.whole_file import written_whole

Progress = Callable[[int, int], None]


def generate_demo(root: Path, workers: int = 1, progress: Progress | None = None) -> None:
    """Make every file of the demo that is missing below ``root`` or has other bytes than the manifest says.

    The bytes do not depend on ``workers``, the machine, or what was there before. Files that do not belong to
    the demo are left alone (``verify_demo`` names them).

    Args:
        root: Created where it is missing.
        workers: Processes; 1: none beside this one.
        progress: Called with the number of images done and of all to do.
    """
    wrong = {name for name, _ in wrong_files(root, load_manifest())}
    make_files(root, wrong, workers, progress)


def make_files(root: Path, names: set[str], workers: int, progress: Progress | None) -> None:
    """Make those files of the demo that are named, overwriting what is there."""
    plans = [plan for category in PRODUCTS for plan in _plans_for(category, names)]
    scenes: dict[str, dict[str, SceneRecord]] = {category: {} for category in PRODUCTS}
    for done, (plan, scene) in enumerate(_make(root, names, plans, workers), start=1):
        scenes[plan.category][plan.image] = scene
        if progress:
            progress(done, len(plans))
    for category, records in scenes.items():
        if f"{category}/{SCENES_FILE}" in names:
            _write(root / category / SCENES_FILE, encode_scenes(records))


def _plans_for(category: str, names: set[str]) -> list[Plan]:
    plans = list(plan_category(category))
    if f"{category}/{SCENES_FILE}" in names:
        return plans
    return [plan for plan in plans if plan.image in names or plan.mask in names]


def _make(root: Path, names: set[str], plans: Sequence[Plan], workers: int) -> Iterator[tuple[Plan, SceneRecord]]:
    jobs = [(root, plan, plan.image in names, plan.mask in names) for plan in plans]
    if workers == 1 or len(jobs) < 2 * workers:
        results: Iterable[SceneRecord] = map(_make_one, jobs)
        yield from zip(plans, results, strict=True)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=keep_freed_memory) as pool:
        yield from zip(plans, pool.map(_make_one, jobs, chunksize=8), strict=True)


def _make_one(job: tuple[Path, Plan, bool, bool]) -> SceneRecord:
    root, plan, with_image, with_mask = job
    shot: Photograph = photograph(plan.category, PRODUCTS[plan.category], plan.kind, plan.seed)
    if with_image:
        _write(root / plan.image, encode_png(shot.pixels))
    if with_mask and plan.mask is not None and shot.mask is not None:
        _write(root / plan.mask, encode_png(shot.mask))
    return shot.scene


def _write(path: Path, content: bytes) -> None:
    with written_whole(path) as aside:
        aside.write_bytes(content)
