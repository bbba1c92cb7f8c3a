"""What is left to do is looked up in the store; looking computes nothing and loads no model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from eagle_core.config import EagleConfig
from tasks.machinery.journal import Note, read_journal
from tasks.machinery.store import NotThere, Store, only_looking
from tasks.preflight.job import job_findings
from tasks.preflight.weights import mllm_findings
from tasks.preflight.work import Work, work_findings, work_of
from tasks.stages import expert
from tasks.stages.data import CategoryName
from tests.tiny.dataset import CATEGORIES, configured, write_dataset

NAMES = [CategoryName("small", category) for category in CATEGORIES]


def test_looking_finds_what_is_there_and_computes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = store.get_or_compute("s", 1, {"a": 1}, lambda folder: (folder / "f").write_text("x") and None)
    with only_looking():
        assert store.get_or_compute("s", 1, {"a": 1}, lambda folder: None).path == made.path
        with pytest.raises(NotThere):
            store.get_or_compute("s", 1, {"a": 2}, lambda folder: (folder / "f").write_text("x") and None)
    assert len(list((tmp_path / "s").glob("*/*/manifest.json"))) == 1
    assert not store.get_or_compute("s", 1, {"a": 2}, lambda folder: None).cached


def test_work_is_what_the_store_lacks(tmp_path: Path) -> None:
    """3 categories x 3 test images x 2 methods are 18 questions for each MLLM."""
    config = configured(write_dataset(tmp_path / "data"), tmp_path / "cache")
    assert work_of([config], NAMES) == Work(3, {"first": 18, "second": 18})
    assert not list((tmp_path / "cache").glob("expert/*/*/manifest.json"))
    expert.fit(config, "small", CATEGORIES[0])
    assert work_of([config], NAMES).experts == 2
    other = config.model_copy(update={"threshold": config.threshold.model_copy(update={"kappa": 1.0})})
    assert work_of([config, other], NAMES) == Work(2, {"first": 36, "second": 36}), "two points share their experts"
    assert not any(note.event == "mllm loaded" for note in read_journal(tmp_path / "cache"))


def test_degraded_images_are_counted_before_they_are_made(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data")
    config = configured(root, tmp_path / "cache", datasets={"small": {"root": root, "degradation": {"blur": 1.5}}})
    assert work_of([config], NAMES) == Work(3, {"first": 18, "second": 18})
    assert not list((tmp_path / "cache").glob("degraded/*/*/manifest.json"))


def test_points_with_other_data_and_models_are_all_told_each_once(tmp_path: Path) -> None:
    here = configured(write_dataset(tmp_path / "data"), tmp_path / "cache")
    point = {"datasets": {"second": {"root": write_dataset(tmp_path / "more")}}, "mllms": {"third": {"model": str(tmp_path / "none")}}}
    told = list(job_findings([here, here, configured(tmp_path / "data", tmp_path / "cache", **point)], tmp_path))
    assert [f.text for f in told if f.topic == "data"] == [
        f"{name}: 3 categories, 24 training and 9 test images" for name in ("small", "second")
    ]
    assert [f.text.partition(":")[0] for f in told if f.topic == "MLLM" and not f.fault] == ["first", "second"]
    assert ["third" in f.text for f in told if f.topic == "MLLM" and f.fault] == [True]
    assert sum(f.topic == "expert" for f in told) == 1, "one backbone"
    assert "6 experts to fit" in next(f.text for f in told if f.topic == "work")


def test_time_is_told_from_rates_of_earlier_runs() -> None:
    work = Work(2, {"small": 100, "new": 5})
    notes = [Note("stage", "expert", 1, 10.0), Note("stage", "expert", 0, 0.1), Note("questions asked", "small", 50, 25.0)]
    asked, time = work_findings(work, notes)
    assert asked.text == "2 experts to fit; up to 100 questions for small; up to 5 questions for new"
    # 10.1 s for the one expert that was computed, twice; 0.5 s a question, 100 times: 70 s.
    assert time.text.startswith("about 70 s at most")
    assert "never done here: a question of new" in time.text
    assert "not known" in work_findings(Work(1, {}), [])[1].text
    assert len(work_findings(Work(0, {}), notes)) == 1


@pytest.fixture
def server() -> Iterator[str]:
    """A server that refuses everything: it is there all the same."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    served = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}/v1"
    served.shutdown()


@pytest.mark.server
def test_an_endpoint_that_does_not_answer_is_a_fault(server: str) -> None:
    there = {"there": {"model": "m", "endpoint": {"url": server}}, "gone": {"model": "m", "endpoint": {"url": "http://127.0.0.1:9/v1"}}}
    found = list(mllm_findings(EagleConfig.model_validate({"datasets": {"d": {"root": "d"}}, "mllms": there})))
    assert [finding.fault for finding in found] == [False, True]
    assert "set mllms.gone.endpoint.url" in found[1].text
