"""Where published datasets are fetched from: address and checksum as anomalib states them, never our own."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal

from eagle_core.errors import DataError

Published = Literal["mvtec_ad", "visa", "mmad"]
_ANOMALIB_MODULES = {
    "mvtec_ad": "anomalib.data.datamodules.image.mvtecad",
    "visa": "anomalib.data.datamodules.image.visa",
}


@dataclass(frozen=True, slots=True)
class Source:
    """An archive to download."""

    url: str
    sha256: str


def import_command(name: Published) -> str:
    """The command that takes over a dataset which was fetched and unpacked by hand."""
    return f"eagle data import DIR --name {name}" + (" --no-check" if name == "mmad" else "")


def find_source(name: Published, url: str | None = None, sha256: str | None = None) -> Source:
    """The source of a dataset; what the user gives (a mirror, another version) goes before what anomalib states.

    Raises:
        DataError: Nothing that is installed states the address or the checksum, and the user gave none.
    """
    if url is None or sha256 is None:
        module = _ANOMALIB_MODULES.get(name)
        if module is None:
            missing = " and ".join(
                option for option, value in (("--url", url), ("--sha256", sha256)) if value is None
            )
            raise DataError(
                f"{name}: no installed package states where its archive lies or its checksum; copy them from its "
                f"publisher's page and give {missing}, or unpack it by hand and run `{import_command(name)}`"
            )
        stated = importlib.import_module(module).DOWNLOAD_INFO
        url = stated.url if url is None else url
        sha256 = stated.hashsum if sha256 is None else sha256
    return Source(url, sha256)
