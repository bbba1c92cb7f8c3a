"""One file with a kit, where it comes from, and images with the scores that they must get: it proves itself before it judges.

A zip without compression: ``manifest.json`` (format version, provenance, checksums, expected scores), the kit's files, and
``proof/``. Nothing in it is code. Equal kits give equal bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from eagle_core.config import EagleConfig
from eagle_core.errors import DataError
from eagle_core.expert.scoring import predict
from eagle_core.records import Failure, Sample
from eagle_core.whole_file import written_whole
from tasks.carrying.kit import FILES, Kit, read_kit
from tasks.machinery.inputs import limit_threads
from tasks.machinery.store import file_sha256

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
PROOF_IMAGES = 5
TOLERANCE = 1e-3
"""Of a score, in parts of tau: two machines differ by 1e-5, another network or preprocessing by far more."""
MOST_BYTES = 8 * 2**30
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that has been opened and has proven itself."""

    category: str
    kit: Kit
    folder: Path
    """Of the kit."""
    sha256: str
    """Of the file: its identity."""
    provenance: dict[str, Any]


def write_export(
    config: EagleConfig, category: str, folder: Path, images: Sequence[Sample], provenance: dict[str, Any], target: Path
) -> None:
    """Write ``target`` from a kit's folder, whole or not at all; an extractor of another runtime must score as torch does.

    Args:
        config: Of the project.
        category: Its name.
        folder: Of the kit.
        images: From which at most five are taken as proof, evenly.
        provenance: JSON values.
        target: The file.

    Raises:
        DataError: No image can be scored, or the extractor scores otherwise than torch.
    """
    kit = read_kit(folder)
    chosen = images[:: max(1, len(images) // PROOF_IMAGES)][:PROOF_IMAGES]
    # Expected is what torch says, whose scores the threshold was made of; another runtime must say the same, here and there.
    scores = _scores(config, dataclasses.replace(kit, extractor=None), chosen)
    _refuse_other_scores(config, kit, chosen, scores, str(target))
    proof = [
        {"name": f"{number}{sample.image_path.suffix.lower()}", "score": score}
        for number, (sample, score) in enumerate(zip(chosen, scores, strict=True))
    ]
    contents = {name: (folder / name).read_bytes() for name in kit.files}
    contents |= {f"proof/{p['name']}": s.image_path.read_bytes() for p, s in zip(proof, chosen, strict=True)}
    manifest = {
        "format_version": FORMAT_VERSION,
        "category": category,
        "provenance": provenance,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
        "proof": proof,
    }
    with written_whole(target) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
        described = json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False).encode()
        for name, content in {MANIFEST: described, **contents}.items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN_AT), content)


def open_export(config: EagleConfig, source: Path) -> Carried:
    """Check an exported file, score its images again, and only then give it out.

    Args:
        config: Its device, threads and cache are used.
        source: What ``eagle export`` wrote.

    Raises:
        DataError: It is no such file, damaged, of another version, or its images get other scores here.
        WeightsError: The network that it was fitted with is not here.
    """
    try:
        digest = file_sha256(source)
        folder = config.run.cache_dir / "carried" / digest
        if not folder.is_dir():
            _unpack(source, folder)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{source} cannot be read as an exported expert ({error}); write it again with `eagle export`") from error
    kit = read_kit(folder)
    samples = [kit.sample(folder / "proof" / each["name"], each["name"], manifest["category"]) for each in manifest["proof"]]
    _refuse_other_scores(config, kit, samples, [each["score"] for each in manifest["proof"]], str(source))
    return Carried(manifest["category"], kit, folder, digest, manifest["provenance"])


def _refuse_other_scores(config: EagleConfig, kit: Kit, samples: Sequence[Sample], expected: Sequence[float], file: str) -> None:
    for sample, score, wanted in zip(samples, _scores(config, kit, samples), expected, strict=True):
        if abs(score - wanted) > TOLERANCE * max(kit.threshold.tau, 1e-12):
            runtime = kit.extractor.runtime if kit.extractor else "torch"
            raise DataError(
                f"{file} does not judge here as where it was made: its image {sample.image_id} gets {score:.6g} by {runtime}, not "
                f"{wanted:.6g}; install the versions of its provenance, or fit the category here"
            )


def _unpack(source: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = _manifest(archive, source)
            _write(archive, MANIFEST, aside)
            for name, expected in manifest["files"].items():
                _write(archive, name, aside)
                if file_sha256(aside / name) != expected:
                    raise DataError(f"{source}: {name} is damaged (checksum); copy the file again")
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _manifest(archive: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    if MANIFEST not in archive.namelist():
        raise DataError(f"{source} is no exported expert: there is no {MANIFEST} in it; write one with `eagle export`")
    manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise DataError(f"{source} has format version {version}, this is {FORMAT_VERSION}; export it again with this version of Eagle")
    missing = [name for name in FILES if name not in manifest["files"]]
    if missing or not manifest["proof"]:
        raise DataError(f"{source} lacks {', '.join(missing) or 'images to prove itself by'}; export it again")
    if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
        raise DataError(f"{source} unpacks to more than {MOST_BYTES >> 30} GiB; export it again")
    return manifest


def _write(archive: zipfile.ZipFile, name: str, folder: Path) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) > 2:
        raise DataError(f"a file of this name would lie outside its folder: {name!r}; this is no file that Eagle wrote")
    target = folder / path
    target.parent.mkdir(exist_ok=True)
    try:
        content = archive.read(name)
    except KeyError as error:
        raise DataError(f"{archive.filename} lacks {name}; copy the file again") from error
    target.write_bytes(content)


def _scores(config: EagleConfig, kit: Kit, samples: Sequence[Sample]) -> list[float]:
    limit_threads(config)
    scores = []
    for reading in predict(kit.expert, kit.network(config), samples, batch_size=1):
        if isinstance(reading, Failure):
            raise DataError(f"{reading.image_id} cannot prove anything: {reading.reason}")
        scores.append(reading.score)
    return scores
