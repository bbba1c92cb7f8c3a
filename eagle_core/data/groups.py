"""Which images belong together: a column of a CSV file, a pattern over file names, or gaps between capture times.

Frames of one part, shots of one lot or of one session are not independent: a threshold that takes them so promises too
much. Nothing here looks at pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from eagle_core.calibration.known_groups import KnownGroups
from eagle_core.config import GroupsConfig
from eagle_core.data.text_file import forward_slashes, read_csv_rows
from eagle_core.errors import DataError
from eagle_core.records import Sample

AUTOMATIC_GAP = 60.0
"""Minutes."""
_DATE_TIME, _DATE_TIME_ORIGINAL, _EXIF = 0x0132, 0x9003, 0x8769
_STAMPS = (
    (re.compile(r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})[T _-]?(\d{2})[-_.:h]?(\d{2})[-_.:m]?(\d{2})"), "%Y%m%d%H%M%S"),
    (re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})[_-]?(\d{2})(\d{2})(\d{2})(?!\d)"), "%y%m%d%H%M%S"),
)


def known_groups(samples: Sequence[Sample], config: GroupsConfig, category: Path) -> KnownGroups | None:
    """What is known of the groups of ``samples``; None where nothing is.

    Args:
        samples: Images of one category.
        config: Where to look. Where it names nothing, capture times are used if every image tells one and gaps of an
            hour part them into at least two groups, some of them of several images.
        category: Folder of the category.

    Raises:
        DataError: An image is not in the CSV file, its name does not match the pattern, or it tells no capture time
            though a gap was given.
    """
    if not samples:
        return None
    if config.file is not None:
        return KnownGroups(_listed(samples, config.file, config.column, category), f"{config.column} in {config.file.name}")
    if config.pattern is not None:
        return KnownGroups(_matched(samples, config.pattern), f"file names by {config.pattern}")
    times = {sample.image_id: capture_time(sample.image_path) for sample in samples}
    told = {image_id: time for image_id, time in times.items() if time is not None}
    if config.gap_minutes is not None:
        if len(told) < len(times):
            first = next(image_id for image_id, time in times.items() if time is None)
            raise DataError(f"groups.gap_minutes: {first} tells no capture time, neither in EXIF nor in its name")
        return KnownGroups(_cut(told, config.gap_minutes), f"capture times, gaps of {config.gap_minutes:g} minutes")
    if len(told) < len(times):
        return None
    found = KnownGroups(_cut(told, AUTOMATIC_GAP), f"capture times, gaps of {AUTOMATIC_GAP:g} minutes")
    return found if 2 <= found.count < len(samples) else None


def capture_time(path: Path) -> datetime | None:
    """When an image was taken: EXIF, else digits of its name that can only be a date with a time; None: not told."""
    try:
        with Image.open(path) as image:
            exif = image.getexif()
            written = exif.get_ifd(_EXIF).get(_DATE_TIME_ORIGINAL) or exif.get(_DATE_TIME)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        written = None
    if isinstance(written, str):
        try:
            return datetime.strptime(written.strip("\0 "), "%Y:%m:%d %H:%M:%S")
        except ValueError:
            pass
    for stamp, layout in _STAMPS:
        found = stamp.search(path.stem)
        if found:
            try:
                return datetime.strptime("".join(found.groups()), layout)
            except ValueError:
                continue
    return None


def _listed(samples: Sequence[Sample], file: Path, column: str, category: Path) -> dict[str, str]:
    names: dict[str, set[str]] = {}
    for row in read_csv_rows(file, ["image", column]):
        names.setdefault(forward_slashes(row.values["image"]), set()).add(row.values[column])
    found = {}
    for sample in samples:
        path = sample.image_path
        below = path.relative_to(category).as_posix() if path.is_relative_to(category) else sample.image_id
        group = next((names[key] for key in (sample.image_id, below, path.name, path.stem) if key in names), set())
        if len(group) != 1 or not next(iter(group)):
            what = "stands in several groups" if len(group) > 1 else "has no group"
            raise DataError(f"{file}: {sample.image_id} {what} (column {column}); give each training image one row")
        found[sample.image_id] = next(iter(group))
    return found


def _matched(samples: Sequence[Sample], pattern: str) -> dict[str, str]:
    found = {}
    for sample in samples:
        match = re.search(pattern, sample.image_path.name)
        if match is None or match[1] is None:
            raise DataError(f"groups.pattern {pattern} does not match {sample.image_path.name}; correct one of the two")
        found[sample.image_id] = match[1]
    return found


def _cut(times: dict[str, datetime], gap_minutes: float) -> dict[str, str]:
    """Named by the time of each group's first image."""
    groups: dict[str, str] = {}
    last: datetime | None = None
    name = ""
    for image_id, time in sorted(times.items(), key=lambda item: (item[1], item[0])):
        if last is None or time - last >= timedelta(minutes=gap_minutes):
            name = time.isoformat()
        groups[image_id] = name
        last = time
    return groups
