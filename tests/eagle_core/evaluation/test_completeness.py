"""What a run lacks is told, what it judged apart counts in no number, and unlabelled images come worst first."""

from __future__ import annotations

from eagle_core.evaluation.completeness import missing_at_points, missing_lines, not_judged, p_defect_notes
from eagle_core.evaluation.outcomes import yes_no_rows
from eagle_core.evaluation.table import ALL, NotRunRow
from eagle_core.evaluation.unlabelled import worst_first
from eagle_core.evaluation.unread import UnreadImage
from eagle_core.record_table import Record, to_frame


def record(image: str, **changes: object) -> Record:
    own = {
        "dataset": "line", "category": "lid", "image_id": image, "split": "test", "is_defective": None, "question_id": "defect",
        "question_type": "anomaly_detection", "method": "expert", "status": "not_asked", "expert_score": 1.0, "tau": 2.0,
        "expert_verdict": False, "verdict_defective": False,
    }  # fmt: skip
    return Record(**own | changes)


BLACK = record("black.png", status="not_judged", error="not judged: blank: nothing to see", expert_score=None, expert_verdict=None, verdict_defective=None)
CUT = record("cut.png", status="failed", error="cut.png: damaged", expert_score=None, expert_verdict=None, verdict_defective=None)
WORST = record("worst.png", expert_score=9.0, expert_verdict=True, verdict_defective=True)


def test_a_whole_run_lacks_nothing():
    assert missing_lines(to_frame([record("a.png"), WORST]), (), [("line", "lid")]) == ()


def test_everything_that_is_missing_is_a_line():
    absent = NotRunRow("other", ALL, ALL, ALL, "no such folder")
    lines = missing_lines(to_frame([record("a.png"), BLACK, CUT]), [absent], [("line", "lid"), ("line", "cup")])
    assert lines == (
        "not run: other, all methods: no such folder",
        "no test image in line/cup: nothing was judged there",
        "1 image has no result: cut.png: damaged",
        "1 image was not judged and counts in no number above (1 blank): black.png",
    )
    model = NotRunRow("line", "lid", "served", "mllm", "no answer")
    unread = UnreadImage("line", "lid", "a.png", "cut off")
    assert missing_lines(to_frame([]), [model], [], [unread]) == (
        "not run: line/lid, MLLM alone (1-shot+) (served): no answer",
        "line/lid: fitted without 1 training image that could not be read: a.png (cut off)",
    )
    [apart] = not_judged(to_frame([BLACK]))
    assert (apart.image_id, apart.reason) == ("black.png", "blank: nothing to see")


def test_what_all_points_lack_is_said_once_and_the_rest_with_its_point():
    assert missing_at_points({"k=1": ["a", "b"], "k=2": ["a"], "k=3": ["a", "c"]}) == ("a", "k=1: b", "k=3: c")
    assert missing_at_points({"k=1": [], "k=2": []}) == ()


def test_images_that_were_not_judged_count_in_no_metric():
    rows = yes_no_rows(to_frame([record("a.png", is_defective=False), record("b.png", is_defective=True, status="not_judged", error="not judged: x")]))
    assert rows["image_id"].tolist() == ["a.png"]


def test_unlabelled_images_come_worst_first_and_those_without_a_verdict_before_them():
    other = record("far above a low limit.png", category="cup", expert_score=5.0, tau=0.5, expert_verdict=True, verdict_defective=True)
    ranked = worst_first(to_frame([record("a.png"), WORST, BLACK, other, record("known.png", is_defective=True)]))
    assert [image.image_id for image in ranked] == ["black.png", "far above a low limit.png", "worst.png", "a.png"]
    assert ranked[0].score is None and str(ranked[0].reason).startswith("not judged")


def test_answers_without_a_probability_are_told():
    asked = {"method": "mllm", "mllm": "served", "status": "answered", "answer_letter": "A", "verdict_defective": True}
    with_p, without = record("a.png", **asked, p_defect=0.8), record("b.png", **asked)
    [note] = p_defect_notes(to_frame([with_p, without]))
    assert note.startswith("served, MLLM alone") and "1 of 2" in note and "AUROC" in note
    assert p_defect_notes(to_frame([with_p])) == ()
