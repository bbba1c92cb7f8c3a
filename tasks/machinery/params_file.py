"""The only writer of params.yaml: puts in what a command found out, and leaves comments and order as they are."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter

from eagle_core.errors import ConfigurationError
from eagle_core.whole_file import written_whole

WIDTH = 120
"""Characters a line: longer flow mappings are folded."""


def add_dataset(path: Path, name: str, dataset: Mapping[str, Any], *, make_default: bool) -> tuple[str, ...]:
    """Enter ``datasets.<name>`` into ``path``; one of that name is replaced.

    With ``make_default`` it is the only one that a plain ``eagle run`` reads: the others leave the base section.
    A profile that takes the demo out (``datasets: {demo: null, …}``) is right before and after.

    Args:
        path: An existing params.yaml.
        name: Key under ``datasets``.
        dataset: Its value as in the file, such as ``{"format": "folder", "root": "data/line3"}``.

    Returns:
        The entries that left, as they stood in the file.

    Raises:
        ConfigurationError: The file is missing, no YAML mapping, or its ``datasets`` is none.
    """
    editor = _editor()
    tree = _read(editor, path)
    if tree.get("datasets") is None:
        tree["datasets"] = CommentedMap()
    datasets = tree["datasets"]
    if not isinstance(datasets, CommentedMap):
        raise ConfigurationError(f"{path}: datasets must be a mapping of names to datasets")
    entry = CommentedMap(dataset)
    entry.fa.set_flow_style()
    others = [key for key in datasets if key != name] if make_default else []
    left = tuple(f"{other}: {json.dumps(datasets[other], ensure_ascii=False, default=str)}" for other in others)
    for other in others:
        del datasets[other]
    datasets[name] = entry
    _write(editor, tree, path)
    return left


class _Representer(RoundTripRepresenter):
    """Writes an absent value as the word, as people do; ruamel's own form is an empty place."""


_Representer.add_representer(type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null"))


def _editor() -> YAML:
    editor = YAML()
    editor.Representer = _Representer
    editor.width = WIDTH
    editor.preserve_quotes = True
    editor.indent(mapping=2, sequence=4, offset=2)
    return editor


def _keep_anchors(node: Any) -> None:
    """An anchor that nothing refers to stays; ruamel drops it otherwise."""
    if isinstance(node, CommentedMap):
        if node.anchor.value:
            node.anchor.always_dump = True
        for child in node.values():
            _keep_anchors(child)


def _read(editor: YAML, path: Path) -> CommentedMap:
    try:
        tree = editor.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path} does not exist; make one with `eagle init`, or pass --params") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as a text file: {error}") from error
    except YAMLError as error:
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(tree, CommentedMap):
        raise ConfigurationError(f"{path} must hold a mapping of sections")
    return tree


def _write(editor: YAML, tree: CommentedMap, path: Path) -> None:
    _keep_anchors(tree)
    text = io.StringIO()
    editor.dump(tree, text)
    with written_whole(path) as aside:
        aside.write_text(text.getvalue(), encoding="utf-8")
