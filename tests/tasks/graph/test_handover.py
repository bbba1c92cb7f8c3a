"""What is handed over comes back as it was, in another process's view of the same store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from eagle_core.errors import DataError
from tasks.graph.handover import AnswersMade, AnswersWanted, ExpertsMade, ExpertsWanted, give, take
from tasks.graph.values import FittedCategory, JudgedCategory, MethodResult, Point, Reading
from tasks.machinery.stage import NotRun
from tasks.machinery.store import Entry, Store
from tasks.stages.data import CategoryName
from tests.tiny.dataset import configured


def reading(store: Store) -> Reading:
    def entry(stage: str, key: str) -> Entry:
        return Entry(stage, key, store.path(stage, key), cached=False)

    name = CategoryName("small", "bolt")
    fitted = FittedCategory(name, entry("expert", "aa"), NotRun("predictions", "no images"))
    judged = JudgedCategory(fitted, entry("threshold", "bb"), None, entry("knowledge", "cc"))
    return Reading(name, (0, 2), (judged, judged), (None, NotRun("memory", "nothing to retrieve")), entry("localisation", "dd"))


def test_everything_comes_back_and_entries_lie_in_the_takers_store(tmp_path: Path) -> None:
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    points = (Point("alpha=0.3", {"caas.alpha": 0.3}, configured(tmp_path / "data", tmp_path / "here")),)
    results = (((MethodResult("first", "eagle", (Entry("records", "ee", here.path("records", "ee"), cached=True),)),),),)
    left = [
        ExpertsWanted(points, ((CategoryName("small", "bolt"),),), localise=True),
        ExpertsMade((reading(here),)),
        AnswersWanted(points, (reading(here),)),
        AnswersMade(results),
    ]
    for value in left:
        give(here, "token", value)
    assert [take(here, "token", type(value)) for value in left] == left
    shutil.copytree(here.root, there.root)
    assert take(there, "token", ExpertsMade) == ExpertsMade((reading(there),))


def test_a_store_that_others_do_not_see_is_told(tmp_path: Path) -> None:
    give(Store(tmp_path / "here"), "token", ExpertsMade(()))
    with pytest.raises(DataError, match=r"all parts of a run must see the same run\.cache_dir"):
        take(Store(tmp_path / "there"), "token", ExpertsMade)
    with pytest.raises(DataError):
        take(Store(tmp_path / "here"), "other", ExpertsMade)
