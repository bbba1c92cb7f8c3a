"""``eagle inspect`` as it is typed: what stands above the rest, what is refused, and what the exit code says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.reference.openai_server import SERVED, Served, serving


@pytest.fixture(scope="module")
def line(finished, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:  # type: ignore[no-untyped-def]
    """A category, one of its defective images, and a folder of images that cannot be judged by it."""
    first, second = sorted(p for p in (finished.root / "data/small").iterdir() if p.is_dir())
    defective = next(p for p in sorted((first / "test").rglob("*.png")) if p.parent.name != "good")
    good = sorted((first / "test/good").glob("*.png"))[0]
    odd = tmp_path_factory.mktemp("odd")
    (odd / "below").mkdir()
    with Image.open(good) as image:
        image.filter(ImageFilter.GaussianBlur(6)).save(odd / "blurred.png")
        image.resize((90, 90)).save(odd / "below/shrunk.png")
        image.point(lambda value: min(255, value * 6)).save(odd / "burnt.png")
        Image.new("RGB", image.size).save(odd / "black.png")
    with Image.open(sorted((second / "test/good").glob("*.png"))[0]) as other:
        other.save(odd / "other.png")
    return first.name, defective, odd


def described(folder: Path) -> dict[str, dict[str, object]]:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return {Path(str(facts["image"])).name: facts for facts in found}


def test_what_looks_like_no_training_image_is_not_judged_and_the_exit_code_says_so(finished, line, tmp_path) -> None:  # type: ignore[no-untyped-def]
    category, _, odd = line
    done = finished.eagle("inspect", str(odd), "-c", category, "--out", str(tmp_path), check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    found = described(tmp_path)
    assert set(found) == {"blurred.png", "shrunk.png", "burnt.png", "black.png", "other.png"}
    assert {facts["verdict"] for facts in found.values()} == {"not judged"}
    reasons = {name: str(facts["reason"]).partition(":")[0] for name, facts in found.items()}
    assert reasons["black.png"] == "blank" and reasons["shrunk.png"] == "another size"
    assert reasons["blurred.png"] in ("blurred", "blank") and reasons["other.png"] == "another scene"
    assert "5 images: 5 not judged" in done.stdout
    assert all(facts["mllm"] is None and not facts["boxes"] for facts in found.values())


def test_the_expert_decides_beside_the_stand_in_which_is_asked_about_the_demos_own_images_only(finished, line, tmp_path) -> None:  # type: ignore[no-untyped-def]
    category, defective, _ = line
    turned = tmp_path / "turned.png"
    with Image.open(defective) as image:
        image.rotate(180).save(turned)
    done = finished.eagle("inspect", str(defective), str(turned), "-c", category, "--out", str(tmp_path / "out"), check=False)
    found = described(tmp_path / "out")
    assert done.returncode in (0, 3), done.stderr
    for facts in found.values():
        expert = facts["expert"]
        assert facts["verdict"] == "not judged" or (facts["decided_by"], facts["verdict"]) == ("expert", expert["verdict"])
    assert found[defective.name]["mllm"]["stand_in"] is True
    if found[defective.name]["verdict"] != "not judged":
        facts = found[defective.name]["mask"]
        with Image.open(defective) as image, Image.open(tmp_path / "out" / facts["file"]) as mask:
            assert mask.size == image.size and mask.mode == "L"
            white = mask.histogram()[255] / (mask.width * mask.height)
            assert mask.histogram()[0] + mask.histogram()[255] == mask.width * mask.height
        images = len(list((finished.root / "data/small" / category / "train/good").iterdir()))
        smallest = 1 / (images + 1)  # of the rates that so many training images can promise
        assert facts["share"] == pytest.approx(white) and facts["false_pixel_rate_promised"] == pytest.approx(smallest)
    assert found["turned.png"]["mllm"] is None and found["turned.png"]["explanation"] is None
    assert "the embedded MLLM is a stand-in" in done.stdout


def test_a_sentence_that_was_asked_for_once_needs_no_mllm_again(finished, line, tmp_path) -> None:  # type: ignore[no-untyped-def]
    category, defective, _ = line
    journal = finished.root / ".eagle/cache/journal.jsonl"
    low, told = ("--set", "threshold.method=kappa_sigma", "--set", "threshold.kappa=0.1"), []
    for number in range(2):
        loads = journal.read_text(encoding="utf-8").count("mllm loaded")
        out = tmp_path / str(number)
        finished.eagle("inspect", str(defective.parents[1] / "**/*.png"), "-c", category, "--out", str(out), *low, check=False)
        told.append({path.name: json.loads(path.read_text(encoding="utf-8"))["explanation"] for path in out.glob("*.json")})
    assert any(told[0].values())
    assert told[1] == told[0]
    assert journal.read_text(encoding="utf-8").count("mllm loaded") == loads


def test_folders_patterns_and_wrong_names_are_told_before_anything_is_loaded(finished, line, tmp_path) -> None:  # type: ignore[no-untyped-def]
    category, defective, odd = line
    wrong = finished.eagle("inspect", str(defective), "-c", "nonsense", check=False)
    assert wrong.returncode == 2 and "'nonsense' is unknown" in wrong.stderr and category in wrong.stderr
    unnamed = finished.eagle("inspect", str(defective), check=False)
    assert unnamed.returncode == 2 and "name the part's category" in unnamed.stderr and "None" not in unnamed.stderr
    absent = finished.eagle("inspect", str(tmp_path / "nothing*.png"), "-c", category, check=False)
    assert absent.returncode == 1 and "no file's name has this pattern" in absent.stderr
    pattern = finished.eagle("inspect", str(odd / "**/shr*.png"), "-c", category, "--out", str(tmp_path / "out"), check=False)
    assert pattern.returncode == 3 and set(described(tmp_path / "out")) == {"shrunk.png"}


def test_a_name_as_long_as_the_file_system_takes_gets_its_files(finished, line, tmp_path) -> None:  # type: ignore[no-untyped-def]
    category, defective, _ = line
    for ending in "ab":
        shutil.copyfile(defective, tmp_path / f"{'x' * 250}{ending}.png")
    done = finished.eagle("inspect", str(tmp_path), "-c", category, "--out", str(tmp_path / "out"), "--no-explain", check=False)
    assert done.returncode in (0, 3), done.stderr
    assert len(list((tmp_path / "out").glob("*.json"))) == 2


class _Saying(Served):
    """The reference server, whose model says what the test wants and gives no probabilities."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.logprobs = text, False

    def complete(self, body: dict[str, object]) -> dict[str, object]:
        return {"choices": [{"message": {"role": "assistant", "content": self.text}}]}


@pytest.fixture
def asking(finished) -> Callable[[str, Path, str, Path], tuple[dict[str, object], str, int]]:  # type: ignore[no-untyped-def]
    def ask(text: str, image: Path, category: str, out: Path) -> tuple[dict[str, object], str, int]:
        with serving(_Saying(text)) as url:
            mllms = f"mllms={{served: {{model: {SERVED}, endpoint: {{url: '{url}'}}, answer: generate}}}}"
            done = finished.eagle("inspect", str(image), "-c", category, "--out", str(out), "--set", mllms, "--no-explain", check=False)
        [facts] = described(out).values()
        return facts, done.stdout, done.returncode

    return ask


@pytest.mark.parametrize(("text", "word"), [("<think>A?</think> The answer is B.", "normal"), ("答案：A", "defective")])
def test_a_server_without_log_probabilities_gives_its_verdict_by_the_letter(finished, line, tmp_path, asking, text, word) -> None:  # type: ignore[no-untyped-def]
    category, defective, _ = line
    facts, shown, code = asking(text, defective, category, tmp_path)
    assert facts["mllm"]["verdict"] == word and facts["mllm"]["p_defect"] is None
    assert "carries no probability" in facts["mllm"]["p_defect_absent"] and "P(defect)" in shown and "is not shown" in shown
    assert facts["verdict"] in (word, "disputed")
    assert (code == 3) == (facts["verdict"] == "disputed")


def _extremes(finished, category: str) -> Iterator[Path]:  # type: ignore[no-untyped-def]
    records = finished.records()
    mine = records[(records.category == category) & (records.method == "expert")].sort_values("expert_score")
    for row in (mine.iloc[0], mine.iloc[-1]):
        yield finished.root / "data/small" / row.image_id


def test_a_strong_contradiction_is_disputed(finished, line, tmp_path, asking) -> None:  # type: ignore[no-untyped-def]
    """The lowest score of all against "defective": disputed exactly where it lies below the training mean."""
    category, *_ = line
    lowest, _ = _extremes(finished, category)
    facts, shown, code = asking("A", lowest, category, tmp_path)
    [threshold] = [json.loads(p.read_text()) for p in (finished.root / ".eagle/cache/threshold").glob("*/*/threshold.json") if json.loads(p.read_text())["tau"] == facts["expert"]["tau"]][:1]
    strong = facts["expert"]["score"] < threshold["mean"]
    assert facts["verdict"] == ("disputed" if strong else "defective")
    assert code == (3 if strong else 0) and ("DISPUTED" in shown) is strong


def test_what_is_behind_a_verdict_is_said(finished, small_data, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A training image that cannot be read is named, and so is how much of the images a crop leaves out."""
    source = sorted(p for p in small_data.iterdir() if p.is_dir())[0]
    shutil.copytree(source / "train", tmp_path / "lid/train")
    broken = sorted((tmp_path / "lid/train/good").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:300])
    done = finished.eagle(
        "inspect", str(sorted((source / "test/good").iterdir())[0]), "--set", f"datasets={{small: null, mine: {{root: {tmp_path}}}}}",
        "--set", "expert.preprocessing={resize: 128, fit: short_side, center_crop: 96}", "--out", str(tmp_path / "out"), check=False,
    )  # fmt: skip
    told = " ".join(done.stdout.split())
    assert done.returncode in (0, 3), done.stderr
    assert f"fitted without 1 training image that could not be read: lid/train/good/{broken.name}" in told
    assert "is never looked at" in told and "fit: stretch" in told
