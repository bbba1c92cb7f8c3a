"""Code that a model folder brings along: found without running it, and refused until the user has asked for it.

transformers runs a folder's own Python files where a configuration names them under ``auto_map``. Nothing in this
module imports or runs them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from eagle_core.config import MllmConfig
from eagle_core.errors import ModelError

ELSEWHERE = "--"
"""``owner/name--module.Class`` in an auto_map names code of another repository."""
COMMIT = re.compile(r"[0-9a-f]{40}")
BRING_CODE = frozenset(
    {"openbmb/MiniCPM-V-4_5", "openbmb/MiniCPM-V-2_6", "OpenGVLab/InternVL2-4B", "OpenGVLab/InternVL2-8B"}
)
"""Hub ids that are known to bring code, so that it can be said before anything of them is here."""


def own_code(folder: Path) -> tuple[str, ...]:
    """What the folder's configurations name under ``auto_map``, such as ``modeling_x.Model``; empty: no code of its own.

    Raises:
        ModelError: A configuration is no JSON object, so that what it would run is not known.
    """
    return tuple(sorted({name for path in sorted(folder.glob("*config.json")) for name in _named(path)}))


def refuse_untrusted(folder: Path, config: MllmConfig) -> bool:
    """Whether the folder brings code and the user has asked to run it; False: it brings none.

    Raises:
        ModelError: It brings code and ``trust_remote_code`` is not set, or code of another repository, which the
            revision does not pin.
    """
    code = own_code(folder)
    elsewhere = [name for name in code if ELSEWHERE in name]
    if elsewhere:
        raise ModelError(
            f"{config.model}: {elsewhere[0]} is code of another repository, which no revision pins; copy the files "
            "into the model's folder, read them, and take the part before '--' out of its auto_map"
        )
    if code and not config.trust_remote_code:
        raise ModelError(
            f"{config.model}: the model brings code of its own ({', '.join(code)}), which is not run unless you ask "
            "for it: read it, then set mllm.trust_remote_code: true"
            + ("" if Path(config.model).expanduser().is_dir() else " and mllm.revision: the commit that you read")
        )
    return bool(code)


def opt_in(config: MllmConfig) -> str:
    """What is to be passed beside the weights, where the model is known to bring code and nobody has asked to run it."""
    if config.model not in BRING_CODE or config.trust_remote_code:
        return ""
    return (
        "; it brings code of its own: read that, and set trust_remote_code: true and revision: the full commit that you "
        "read (docs/remote_code.md)"
    )


def refuse_unpinned(config: MllmConfig) -> None:
    """Code of a hub id is run at one commit only.

    Raises:
        ModelError: ``trust_remote_code`` is set and ``revision`` is absent, or is a name that can move.
    """
    if not config.trust_remote_code:
        return
    if config.revision is None:
        raise ModelError(f"mllm.trust_remote_code: pin the code of {config.model} that you read with mllm.revision")
    if not COMMIT.fullmatch(config.revision):
        raise ModelError(
            f"mllm.revision: {config.revision!r} can move to other code; with mllm.trust_remote_code give the full "
            "commit that you read, 40 hexadecimal digits"
        )


def _named(path: Path) -> Iterator[str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}") from error
    yield from _auto_maps(content)


def _auto_maps(value: object) -> Iterator[str]:
    """Names under every ``auto_map`` at any depth: a composite model's parts have configurations of their own."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner) if key == "auto_map" else _auto_maps(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _auto_maps(inner)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
