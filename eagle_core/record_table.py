"""The one table that every method writes: one row per dataset, category, image, question, MLLM, method and run.

Knows the columns and how they are stored (Parquet); not how a row comes about (``eagle_core.methods.outcome``)
nor what is computed from it (``eagle_core.evaluation``). "No value" is null, never NaN.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from eagle_core.errors import DataError
from eagle_core.records import AnswerStatus, Box, Method, QuestionType, Split
from eagle_core.whole_file import written_whole
from eagle_core.written_text import check_text

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = "1"
VERSION_KEY = b"eagle_schema_version"
NO_MLLM = "none"
"""The column ``mllm`` of the expert's rows."""

_BOX = pa.struct(
    [("x0", pa.int32()), ("y0", pa.int32()), ("x1", pa.int32()), ("y1", pa.int32()), ("score", pa.float64())]
)
_OPTION = pa.struct([("letter", pa.string()), ("log_probability", pa.float64())])


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


SCHEMA = pa.schema(
    [
        pa.field("run_id", pa.string()),
        _required("dataset", pa.string()),
        _required("category", pa.string()),
        _required("image_id", pa.string()),
        _required("split", pa.string()),
        pa.field("is_defective", pa.bool_()),
        pa.field("defect_kind", pa.string()),
        _required("question_id", pa.string()),
        _required("question_type", pa.string()),
        _required("mllm", pa.string()),
        _required("method", pa.string()),
        pa.field("expert_score", pa.float64()),
        pa.field("tau", pa.float64()),
        pa.field("s_max", pa.float64()),
        pa.field("threshold_method", pa.string()),
        pa.field("expert_verdict", pa.bool_()),
        pa.field("gate_open", pa.bool_()),
        _required("boxes", pa.list_(_BOX)),
        _required("template_ids", pa.list_(pa.string())),
        pa.field("prompt_sha256", pa.string()),
        _required("alpha", pa.float64()),
        _required("beta", pa.float64()),
        pa.field("attention_mode", pa.string()),
        _required("layers", pa.list_(pa.int32())),
        _required("status", pa.string()),
        pa.field("answer_letter", pa.string()),
        pa.field("correct_letter", pa.string()),
        pa.field("p_defect", pa.float64()),
        pa.field("verdict_defective", pa.bool_()),
        _required("option_log_probabilities", pa.list_(_OPTION)),
        pa.field("answer_text", pa.string()),
        pa.field("explanation", pa.string()),
        _required("contradictions", pa.list_(pa.string())),
        pa.field("error", pa.string()),
    ],
    metadata={VERSION_KEY: SCHEMA_VERSION.encode()},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row. None is "no value"; what an expert or an MLLM did not take part in is None or empty.

    Raises:
        DataError: A number is not finite, or a text cannot be written.
    """

    dataset: str
    category: str
    image_id: str
    split: Split
    is_defective: bool | None
    question_id: str
    question_type: QuestionType
    method: Method
    status: AnswerStatus
    """``not_asked`` in rows of the expert, whose verdict comes from its score."""
    mllm: str = NO_MLLM
    """Name in the configuration."""
    run_id: str | None = None
    """Set when the records of a run are put together: the rows of a cached stage belong to no run."""
    defect_kind: str | None = None
    expert_score: float | None = None
    tau: float | None = None
    s_max: float | None = None
    threshold_method: str | None = None
    expert_verdict: bool | None = None
    """expert_score >= tau."""
    gate_open: bool | None = None
    boxes: tuple[Box, ...] = ()
    template_ids: tuple[str, ...] = ()
    prompt_sha256: str | None = None
    alpha: float = 0.0
    """Effective: 0 where the gate is closed."""
    beta: float = 0.0
    """Effective, likewise."""
    attention_mode: str | None = None
    """Where attention was guided."""
    layers: tuple[int, ...] = ()
    """0-based decoder layers in which attention was guided."""
    answer_letter: str | None = None
    correct_letter: str | None = None
    p_defect: float | None = None
    verdict_defective: bool | None = None
    """None: no verdict (unparsed, failed, or not a yes/no question)."""
    option_log_probabilities: tuple[tuple[str, float], ...] = ()
    answer_text: str | None = None
    explanation: str | None = None
    contradictions: tuple[str, ...] = ()
    error: str | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise DataError(
                    f"{self.image_id}: {field.name} is {value}; a record holds finite numbers or None"
                )
            if isinstance(value, str):
                check_text(value, f"a record's {field.name}")
        for letter, value in self.option_log_probabilities:
            if math.isnan(value):
                raise DataError(f"{self.image_id}: the log-probability of option {letter} is NaN")


_VALUES = {
    "split": get_args(Split),
    "question_type": get_args(QuestionType),
    "method": get_args(Method),
    "status": get_args(AnswerStatus),
}


def to_frame(records: Iterable[Record]) -> pd.DataFrame:
    """The records as ``read_records`` would return them, without a file."""
    return _frame(_table(records))


def write_records(records: Iterable[Record], path: Path) -> None:
    """Write a Parquet file at once: a reader sees the old file or the whole new one."""
    _write(_table(records), path)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write rows that ``read_records`` or ``to_frame`` gave, selected or put together, as ``write_records`` does.

    Raises:
        DataError: Its columns are not those of the schema.
    """
    unknown, missing = sorted(set(frame) - set(SCHEMA.names)), sorted(set(SCHEMA.names) - set(frame))
    if unknown or missing:
        raise DataError(
            f"{path}: unknown columns {unknown}, missing columns {missing}; valid: {', '.join(SCHEMA.names)}"
        )
    table = pa.Table.from_pandas(frame, schema=SCHEMA, preserve_index=False)
    # pandas' own notes name Arrow types that pandas.read_parquet does not understand.
    _write(table.replace_schema_metadata(SCHEMA.metadata), path)


def _write(table: pa.Table, path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file")
    with written_whole(path, durable=True) as aside:
        pq.write_table(table, aside)


def read_records(path: Path) -> pd.DataFrame:
    """Read what ``write_records`` wrote; Arrow-typed columns, so that "no value" is ``pd.NA`` in all of them.

    Raises:
        DataError: No such file, not Parquet, another schema version, unknown, missing or ill-typed columns,
            or a value that no method writes.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such records file; give the records.parquet of a run")
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}: not a Parquet file ({error}); run the benchmark again") from error
    _check_schema(table.schema, path)
    for column, valid in _VALUES.items():
        unknown = set(table[column].to_pylist()) - set(valid)
        if unknown:
            raise DataError(f"{path}: {column} holds {sorted(map(str, unknown))}; valid: {', '.join(valid)}")
    return _frame(table)


def _check_schema(found: pa.Schema, path: Path) -> None:
    version = (found.metadata or {}).get(VERSION_KEY)
    if version != SCHEMA_VERSION.encode():
        shown = version.decode() if version else "none"
        raise DataError(
            f"{path}: records of schema version {shown}, this Eagle reads {SCHEMA_VERSION}; run the benchmark again"
        )
    unknown, missing = (
        sorted(set(found.names) - set(SCHEMA.names)),
        sorted(set(SCHEMA.names) - set(found.names)),
    )
    if unknown or missing:
        raise DataError(
            f"{path}: unknown columns {unknown}, missing columns {missing}; valid: {', '.join(SCHEMA.names)}"
        )
    for field in SCHEMA:
        if found.field(field.name).type != field.type:
            raise DataError(
                f"{path}: column {field.name} is {found.field(field.name).type}, expected {field.type}"
            )


def _table(records: Iterable[Record]) -> pa.Table:
    return pa.Table.from_pylist([_row(record) for record in records], schema=SCHEMA)


def _row(record: Record) -> dict[str, object]:
    row: dict[str, object] = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    row["boxes"] = [dataclasses.asdict(box) for box in record.boxes]
    row["option_log_probabilities"] = [
        {"letter": letter, "log_probability": value} for letter, value in record.option_log_probabilities
    ]
    return row


def _frame(table: pa.Table) -> pd.DataFrame:
    import pandas as pd  # a record by itself needs none

    return table.to_pandas(types_mapper=pd.ArrowDtype)
