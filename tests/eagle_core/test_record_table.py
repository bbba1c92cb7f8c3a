"""The record table: a round trip loses nothing, and what does not belong is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eagle_core.errors import DataError
from eagle_core.record_table import SCHEMA, Record, read_records, to_frame, write_records, write_table
from eagle_core.records import Box

FULL = Record(
    run_id="r1",
    dataset="demo",
    category="weave",
    image_id="weave/test/hole/000.png",
    split="test",
    is_defective=True,
    defect_kind="hole",
    question_id="defect",
    question_type="anomaly_detection",
    mllm="embedded",
    method="eagle",
    expert_score=3.25,
    tau=3.0,
    s_max=3.5,
    threshold_method="kappa_sigma",
    expert_verdict=True,
    gate_open=True,
    boxes=(Box(1, 2, 30, 40, 3.25), Box(5, 6, 7, 8, 3.0)),
    template_ids=("weave/train/good/007.png",),
    prompt_sha256="ab" * 32,
    alpha=0.6,
    beta=-0.4,
    attention_mode="logits",
    layers=(6, 7, 8),
    status="answered",
    answer_letter="A",
    correct_letter="A",
    p_defect=0.75,
    verdict_defective=True,
    option_log_probabilities=(("A", -0.25), ("B", -1.5)),
    answer_text="A",
    explanation="There is a hole.",
    contradictions=("place",),
    error=None,
)
BARE = Record(
    dataset="demo",
    category="weave",
    image_id="weave/test/x.png",
    split="test",
    is_defective=None,
    question_id="defect",
    question_type="anomaly_detection",
    method="mllm",
    mllm="embedded",
    status="failed",
)


def columns_of(frame: pd.DataFrame, row: int) -> dict[str, object]:
    """Plain Python values: NA as None, arrays as lists."""
    return pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False).to_pylist()[row]


def expected(record: Record) -> dict[str, object]:
    row = {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}
    for name in ("template_ids", "layers", "contradictions"):
        row[name] = list(row[name])
    row["boxes"] = [dataclasses.asdict(box) for box in record.boxes]
    row["option_log_probabilities"] = [
        {"letter": letter, "log_probability": value} for letter, value in record.option_log_probabilities
    ]
    return row


def test_every_column_survives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "records.parquet"
    write_records([FULL, BARE], path)
    frame = read_records(path)
    assert list(frame.columns) == SCHEMA.names
    assert set(SCHEMA.names) == {field.name for field in dataclasses.fields(Record)}
    assert columns_of(frame, 0) == expected(FULL)
    assert columns_of(frame, 1) == expected(BARE)
    assert [p.name for p in path.parent.iterdir()] == ["records.parquet"]  # no temporary file is left
    pd.testing.assert_frame_equal(frame, to_frame([FULL, BARE]))


def test_no_value_is_null_in_every_nullable_column(tmp_path: Path) -> None:
    write_records([BARE], tmp_path / "r.parquet")
    row = read_records(tmp_path / "r.parquet").iloc[0]
    for name in (
        "is_defective",
        "p_defect",
        "expert_score",
        "verdict_defective",
        "gate_open",
        "run_id",
        "error",
    ):
        assert row[name] is pd.NA, name


@example(p=None, text="a\rb\r\n", boxes=[])
@given(
    p=st.none() | st.floats(0, 1),
    text=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    boxes=st.lists(
        st.builds(Box, *[st.integers(0, 9999)] * 4, st.floats(allow_nan=False, allow_infinity=False))
    ),
)
def test_any_values_survive(tmp_path: Path, p, text, boxes) -> None:
    record = dataclasses.replace(FULL, p_defect=p, answer_text=text, boxes=tuple(boxes))
    write_records([record], tmp_path / "r.parquet")
    assert columns_of(read_records(tmp_path / "r.parquet"), 0) == expected(record)


def test_records_put_together_get_their_run(tmp_path: Path) -> None:
    frame = pd.concat([to_frame([FULL]), to_frame([BARE])], ignore_index=True)
    frame["run_id"] = "run 7"
    write_table(frame, tmp_path / "r.parquet")
    back = read_records(tmp_path / "r.parquet")
    assert list(back["run_id"]) == ["run 7", "run 7"]
    assert columns_of(back, 0) == expected(dataclasses.replace(FULL, run_id="run 7"))
    with pytest.raises(DataError, match="unknown columns \\['extra'\\]"):
        write_table(frame.assign(extra=1), tmp_path / "x.parquet")
    assert not (tmp_path / "x.parquet").exists()


def test_an_unknown_or_missing_column_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(to_frame([FULL]), schema=SCHEMA, preserve_index=False)
    path = tmp_path / "r.parquet"
    pq.write_table(
        table.append_column("colour", pa.array(["red"])).replace_schema_metadata(SCHEMA.metadata), path
    )
    with pytest.raises(DataError, match="r.parquet: unknown columns \\['colour'\\]"):
        read_records(path)
    pq.write_table(table.drop_columns(["tau"]).replace_schema_metadata(SCHEMA.metadata), path)
    with pytest.raises(DataError, match="missing columns \\['tau'\\]"):
        read_records(path)


def test_another_version_type_or_value_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(to_frame([FULL]), schema=SCHEMA, preserve_index=False)
    path = tmp_path / "r.parquet"
    pq.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(DataError, match="schema version none"):
        read_records(path)
    index = SCHEMA.get_field_index("tau")
    retyped = table.set_column(index, "tau", pa.array(["3"])).replace_schema_metadata(SCHEMA.metadata)
    pq.write_table(retyped, path)
    with pytest.raises(DataError, match="column tau is string, expected double"):
        read_records(path)
    index = SCHEMA.get_field_index("method")
    pq.write_table(table.set_column(index, SCHEMA.field("method"), pa.array(["magic"])), path)
    with pytest.raises(DataError, match="method holds \\['magic'\\]; valid: expert, mllm"):
        read_records(path)
    path.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="not a Parquet file"):
        read_records(path)
    with pytest.raises(DataError, match="no such records file"):
        read_records(tmp_path / "none.parquet")


@pytest.mark.parametrize("change", [{"p_defect": float("nan")}, {"tau": float("inf")}])
def test_a_record_holds_finite_numbers(change) -> None:
    with pytest.raises(DataError, match="finite numbers or None"):
        dataclasses.replace(FULL, **change)
    with pytest.raises(DataError, match="option A is NaN"):
        dataclasses.replace(FULL, option_log_probabilities=(("A", float("nan")),))


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(DataError, match="a record's image_id: .*lone surrogate"):
        dataclasses.replace(FULL, image_id="gr\udcf6\udcdfe.png")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    write_records([FULL], path)
    before = path.read_bytes()
    with pytest.raises(pa.ArrowInvalid):
        write_records([dataclasses.replace(FULL, layers=("seven",))], path)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["r.parquet"]


def test_plain_pandas_reads_what_write_table_wrote(tmp_path: Path) -> None:
    write_table(to_frame([FULL, BARE]), tmp_path / "records.parquet")
    read = pd.read_parquet(tmp_path / "records.parquet")
    assert list(read.columns) == SCHEMA.names
    assert read.p_defect[0] == FULL.p_defect
