"""What every reader returns: a dataset of categories, each with its training and test samples in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eagle_core.data.images import is_image_file
from eagle_core.records import Sample, Split


@dataclass(frozen=True, slots=True)
class Category:
    """One product or texture. Samples are sorted by image_id; ``train`` holds normal images only."""

    name: str
    folder: Path
    """Holds every file of the category, masks included."""
    train: tuple[Sample, ...]
    """Empty only where the whole category is unlabelled: it can be predicted but not fitted."""
    test: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """The categories of one folder, in alphabetical order."""

    name: str
    root: Path
    categories: dict[str, Category]


@dataclass(frozen=True, slots=True)
class SampleMaker:
    """Turns paths of one category into samples."""

    dataset: str
    root: Path
    category: str

    def sample(
        self,
        path: Path,
        split: Split,
        is_defective: bool | None,
        kind: str | None = None,
        mask: Path | None = None,
    ) -> Sample:
        """The sample of the image at ``path``, which lies below the root."""
        image_id = path.relative_to(self.root).as_posix()
        return Sample(self.dataset, self.category, image_id, path, split, is_defective, kind, mask)

    def samples(self, folder: Path, split: Split, is_defective: bool | None) -> tuple[Sample, ...]:
        """One sample without a mask for each image right in ``folder``."""
        return tuple(self.sample(path, split, is_defective) for path in images_in(folder))


def images_in(folder: Path) -> list[Path]:
    """The image files right in ``folder``, sorted by name; none where there is no such folder."""
    return sorted(path for path in folder.iterdir() if is_image_file(path)) if folder.is_dir() else []


def subfolders(folder: Path) -> list[Path]:
    """The visible folders right in ``folder``, sorted by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def name_of(folder: Path) -> str:
    """The name under which ``folder`` was given: a link keeps its own, whatever it points to."""
    name = folder.absolute().name
    return folder.resolve().name if name == ".." else name


def images_with_masks(images: Path, masks: Path) -> list[tuple[Path, Path | None]]:
    """Each image of one folder with its mask in the other: ``<stem>_mask.*``, else ``<stem>.*``, else None."""
    by_stem = {path.stem: path for path in images_in(masks)}
    return [(path, by_stem.get(f"{path.stem}_mask", by_stem.get(path.stem))) for path in images_in(images)]
