"""Every key of params.yaml, broken in turn: refused by its name, or read as something sensible. Never a traceback."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eagle_core.config import EagleConfig
from eagle_core.errors import ConfigurationError
from tasks.machinery.params import load_params

PARAMS = Path(__file__).parents[3] / "params.yaml"
WRONG: list[Any] = [None, [], {}, "", "no such value", -1, 0, 1.5, 10**30, True, [[]], {"x": 1}, "../..", "\x00"]


def keys(tree: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every section and every value of a tree."""
    if not isinstance(tree, dict):
        return []
    return [path for key, value in tree.items() for path in ((*above, str(key)), *keys(value, (*above, str(key))))]


def wrong_for(key: tuple[str, ...]) -> list[Any]:
    """Three of the wrong values, others for each key, so that all are tried on many keys in little time."""
    first = sum(map(ord, "".join(key)))
    return [WRONG[(first + 5 * step) % len(WRONG)] for step in range(3)]


TREE = EagleConfig.model_validate(
    {k: v for k, v in yaml.safe_load(PARAMS.read_text(encoding="utf-8")).items() if k != "profiles"}
).model_dump(mode="json")
# Weights that are installed: what a broken name does is to be seen without asking a network.
TREE["expert"]["backbone"] |= {"name": "tf_efficientnet_lite0", "weights": "packaged"}


@pytest.mark.parametrize("key", keys(TREE), ids=".".join)
def test_a_broken_key_is_named(tmp_path: Path, key: tuple[str, ...]) -> None:
    for wrong in wrong_for(key):
        tree = copy.deepcopy(TREE)
        node = tree
        for part in key[:-1]:
            node = node[part]
        node[key[-1]] = wrong
        path = tmp_path / "params.yaml"
        path.write_text(json.dumps(tree | {"profiles": {"demo": {}}}), encoding="utf-8")
        try:
            load_params(path)
        except ConfigurationError as error:
            assert key[0] in str(error)


@pytest.mark.parametrize("section", [key for key in keys(TREE) if len(key) < 3], ids=".".join)
def test_an_unknown_key_is_named_wherever_it_stands(tmp_path: Path, section: tuple[str, ...]) -> None:
    tree = copy.deepcopy(TREE)
    node = tree
    for part in section:
        node = node[part]
    if not isinstance(node, dict) or section in (("datasets",), ("mllms",)):
        tree["unknown_key"] = 1
    else:
        node["unknown_key"] = 1
    path = tmp_path / "params.yaml"
    path.write_text(json.dumps(tree | {"profiles": {"demo": {}}}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="unknown_key"):
        load_params(path)


@given(st.text(max_size=80) | st.binary(max_size=80))
def test_any_text_is_parameters_or_a_named_error(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        load_params(path)
    except ConfigurationError as error:
        assert "params.yaml" in str(error) or "datasets" in str(error)
