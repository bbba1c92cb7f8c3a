"""Names of what ``eagle inspect`` writes: no image's verdict takes another's place."""

from __future__ import annotations

from pathlib import Path

from tasks.inspection.files import file_stems


def test_names_are_plain_where_they_can_be_and_never_equal() -> None:
    paths = [Path("a/s/000.png"), Path("b/s/000.png"), Path("s/1.png"), Path("s/1.jpg"), Path("s/2.png")]
    stems = file_stems(paths)
    assert len(set(stems.values())) == len(paths)
    assert stems[Path("s/2.png")] == "s-2"
    assert all(stems[p].startswith(f"s-{p.stem}") for p in paths)
