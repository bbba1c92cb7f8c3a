"""Results on disk: one file a set and calibration, written whole or not at all; together docs/promise.json and its table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eagle_core.whole_file import written_whole

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
"""Around the table that ``write_table`` puts into a page."""
COLUMNS = ("set", "calibration", "asked", "promised", "achieved", "limits", "kept", "recall", "s")


def part_file(folder: Path, name: str, calibration: str) -> Path:
    """Where the result of one calibration on one set lies."""
    return folder / f"{re.sub(r'[^A-Za-z0-9_]+', '-', name)}--{calibration}.json"


def write(path: Path, value: Any) -> None:
    """Replace ``path`` in one step."""
    with written_whole(path, durable=True) as aside:
        aside.write_text(value if isinstance(value, str) else json.dumps(value, indent=1), encoding="utf-8")


def collected(folder: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """The sets of which every calibration is there, in the order of ``names``; ``auto`` is a copy of what it takes."""
    found = []
    for name in names:
        parts = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob(part_file(folder, name, "*").name))]
        if not parts or {p["calibration"] for p in parts} < set(parts[0]["calibrations"]):
            continue
        parts.sort(key=lambda part: part["calibrations"].index(part["calibration"]))
        described, rows = parts[0]["described"], [row for part in parts for row in part["rows"]]
        rows += [row | {"calibration": "auto"} for row in rows if row["calibration"] == described["auto"]]
        found.append(described | {"commits": sorted({part["commit"] for part in parts}), "rows": rows})
    return found


def with_earlier(measured: Sequence[dict[str, Any]], file: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """``measured``, and of the sets that an earlier measurement left in ``file`` those that are not among them; known ones in the order of ``names``."""
    earlier = json.loads(file.read_text(encoding="utf-8"))["sets"] if file.is_file() else []
    by_name = {one["set"]: one for one in (*earlier, *measured)}
    return sorted(by_name.values(), key=lambda one: names.index(one["set"]) if one["set"] in names else len(names))


def keeps(row: dict[str, Any]) -> bool:
    """Whether the test images do not show, beyond chance, more false alarms than were promised."""
    return bool(row["low"] <= row["promised"])


def write_table(page: Path, sets: Sequence[dict[str, Any]]) -> None:
    """Put the conformal rows of ``sets`` between the marks of ``page``."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = "\n".join(_lines(sets))
    write(page, f"{before}{BEGIN}\n{lines}\n{END}{after}")


def _lines(sets: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for one in sets:
        for row in one["rows"]:
            if row["rule"] != "conformal":
                continue
            name = row["calibration"] if row["calibration"] != "auto" else f"**auto**: {one['auto']}"
            cells = (
                one["set"], name, _percent(row["target"]), _percent(row["promised"]), _percent(row["achieved"]),
                f"{_percent(row['low'])} to {_percent(row['high'])}", "yes" if keeps(row) else "**no**", f"{row['recall']:.3f}",
                f"{row['seconds']:.1f}",
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %"
