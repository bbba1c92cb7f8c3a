"""Are the libraries that a run imports installed whole? Told from what their wheels listed: importing them takes many seconds."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from tasks.preflight.finding import Finding

NEEDED = ("timm", "torchvision", "anomalib", "transformers", "scikit-learn", "prefect", "mlflow", "dvc")
"""Beside torch, which is imported here to know the accelerators."""
CODE = (".py", ".so")


def library_findings() -> Iterator[Finding]:
    """A line for each that is missing or damaged, and one for all others: every file of code is there with its size."""
    whole = []
    for name in NEEDED:
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            yield Finding("libraries", f"{name} is not installed; reinstall Eagle: pip install -c constraints.txt .", fault=True)
            continue
        damaged = _damaged_file(installed)
        if damaged is None:
            whole.append(f"{name} {installed.version}")
        else:
            remedy = f"pip install --force-reinstall --no-deps {name}=={installed.version}"
            yield Finding("libraries", f"{name} {installed.version}: {damaged} is not as it was installed; {remedy}", fault=True)
    if whole:
        yield Finding("libraries", f"{', '.join(whole)}: installed whole")


def _damaged_file(installed: Distribution) -> str | None:
    for file in installed.files or ():
        if file.size is None or file.suffix not in CODE:
            continue
        try:
            size = installed.locate_file(file).stat().st_size  # type: ignore[attr-defined]  # of a wheel it is a path
        except OSError:
            return str(file)
        if size != file.size:
            return str(file)
    return None
