"""The only reader of params.yaml: base, then profile, then single values, checked once and passed down."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from eagle_core.config import EagleConfig, ServiceConfig
from eagle_core.config.ineffective import without_effect
from eagle_core.config.renamed import RENAMED
from eagle_core.data.text_file import read_text
from eagle_core.errors import ConfigurationError, DataError
from eagle_core.expert.automatic import settle, stand_in_notice

LOG = logging.getLogger("eagle.params")
SQLITE_PREFIX = "sqlite:///"
PLAIN = "demo"
"""The profile that commands take by default; a file that says everything in its base section need not have it."""


def load_params(path: Path, profile: str = "demo", overrides: Mapping[str, Any] | None = None) -> EagleConfig:
    """Read ``path``, lay ``profile`` and then ``overrides`` (dotted key -> value) over it, and check it.

    Several profiles may be laid over each other, the last on top: ``mvtec+eagle-table3``. Relative paths are resolved
    against the folder of ``path``.

    Raises:
        ConfigurationError: The file is missing or no YAML mapping, or a profile or key is unknown or wrong.
    """
    tree = _read(path)
    profiles = _profiles(tree.pop("profiles", None), path)
    asked = list(overrides or {})
    for name in profile.split("+"):
        if name not in profiles and name != PLAIN:
            known = f"there are: {', '.join(sorted(profiles))}" if profiles else "it has none: leave --profile out"
            raise ConfigurationError(f"{path}: no profile {name!r}; {known}")
        asked += _leaves(profiles.get(name) or {})
        tree = _merge(tree, profiles.get(name) or {})
    config = checked(tree, overrides or {})
    for sentence in without_effect(config, asked):
        LOG.warning("%s", sentence)
    return _settle_backbone(_resolve_paths(config, path.resolve().parent))


def checked(tree: dict[str, Any], overrides: Mapping[str, Any]) -> EagleConfig:
    """The parameters of ``tree`` with ``overrides`` (dotted key -> value) laid over it; paths stay as they are.

    Raises:
        ConfigurationError: A key is unknown or wrong.
    """
    for key, value in overrides.items():
        _set(tree, key, value)
    try:
        return EagleConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from error


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted keys of everything that a profile sets."""
    found = []
    for key, value in tree.items():
        inside = _leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else []
        found += inside or [f"{prefix}{key}"]
    return found


def _settle_backbone(config: EagleConfig) -> EagleConfig:
    """``auto`` replaced by what it means on this machine; where that is not the paper's backbone, it is said.

    Without any data nothing can be run: then the question, which takes seconds, is left open.
    """
    if not any(dataset.root.is_dir() for dataset in config.datasets.values()):
        return config
    backbone = settle(config.expert.backbone)
    if backbone.stands_in_for is not None:
        LOG.warning("%s", stand_in_notice(backbone))
    return config.model_copy(update={"expert": config.expert.model_copy(update={"backbone": backbone})})


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """Turn ``["caas.alpha=0.3", …]`` into {dotted key: value}; values are YAML.

    Raises:
        ConfigurationError: One has no ``=`` or its value is no YAML.
    """
    parsed = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigurationError(f"--set {text!r}: write it as key=value, such as caas.alpha=0.3")
        try:
            parsed[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigurationError(f"--set {text!r}: the value is not valid YAML: {error}") from error
    return parsed


def flatten(section: BaseModel) -> dict[str, Any]:
    """Every leaf of a section under its dotted params.yaml key, as JSON values."""
    flat: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, child in value.items():
                walk(f"{prefix}.{key}" if prefix else str(key), child)
        else:
            flat[prefix] = value

    walk("", section.model_dump(mode="json"))
    return flat


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ConfigurationError(f"{path} does not exist; run eagle in the project folder or pass --params")
    try:
        tree = yaml.safe_load(read_text(path))
    except DataError as error:
        raise ConfigurationError(f"{error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(tree, dict):
        raise ConfigurationError(f"{path} must hold a mapping of sections")
    return tree


def _profiles(value: Any, path: Path) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{path}: profiles must be a mapping of names to overlays")
    for name, overlay in value.items():
        if overlay is not None and not isinstance(overlay, dict):
            raise ConfigurationError(f"{path}: profiles.{name} must be a mapping of sections")
    return value


def _merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """``overlay`` over ``base``, mappings key by key, everything else replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _set(tree: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    node = tree
    for name in path:
        child = node.get(name)
        node[name] = dict(child) if isinstance(child, dict) else {}
        node = node[name]
    node[last] = _merge(node[last], value) if isinstance(node.get(last), dict) and isinstance(value, dict) else value


def _explain(error: ValidationError) -> str:
    """One line per problem, each naming the dotted key; for an unknown key its new name, or the valid ones."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "params"
        if key in RENAMED:
            lines.append(f"{key} is now {RENAMED[key]}")
        elif problem["type"] == "extra_forbidden":
            known = _known_keys(problem["loc"][:-1])
            lines.append(f"{key}: unknown key" + (f"; valid here: {', '.join(known)}" if known else ""))
        else:
            lines.append(f"{key}: {problem['msg']} (got {problem['input']!r})")
    return "; ".join(lines)


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    model: Any = EagleConfig
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            annotation = model.model_fields[str(part)].annotation
            values = getattr(annotation, "__args__", None)
            model = values[-1] if values else annotation
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _resolve_paths(config: EagleConfig, folder: Path) -> EagleConfig:
    datasets = {
        k: d.model_copy(
            update={
                "root": folder / d.root,
                "groups": d.groups.model_copy(update={"file": d.groups.file and folder / d.groups.file}),
            }
        )
        for k, d in config.datasets.items()
    }
    run = config.run.model_copy(
        update={"output_dir": folder / config.run.output_dir, "cache_dir": folder / config.run.cache_dir}
    )
    service = _resolve_service_paths(config.service, folder)
    tracking = config.tracking.model_copy(update={"tracking_uri": _resolve_uri(config.tracking.tracking_uri, folder)})
    return config.model_copy(update={"datasets": datasets, "run": run, "service": service, "tracking": tracking})


def _resolve_service_paths(service: ServiceConfig, folder: Path) -> ServiceConfig:
    given = {"folder": service.folder, "results_folder": service.results_folder, "results_csv": service.results_csv}
    watch = tuple(each.model_copy(update={"folder": folder / each.folder}) for each in service.watch)
    return service.model_copy(update={k: folder / v for k, v in given.items() if v is not None} | {"watch": watch})


def _resolve_uri(uri: str, folder: Path) -> str:
    """A relative SQLite file is put beside params.yaml; every other URI stays as it is."""
    if uri.startswith(SQLITE_PREFIX) and not Path(uri.removeprefix(SQLITE_PREFIX)).is_absolute():
        return SQLITE_PREFIX + str(folder / uri.removeprefix(SQLITE_PREFIX))
    return uri


def as_yaml(parameters: Mapping[str, Any]) -> str:
    """Parameters in the form of params.yaml, for people to read."""
    return str(yaml.safe_dump(dict(parameters), sort_keys=False, allow_unicode=True))
