"""Options that several verbs share, as one parameter each: a dataclass whose fields are options of the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Any, get_type_hints

import typer

from eagle_core.config import EagleConfig
from flows.cli.options import (
    PARAMS,
    PARTIAL,
    AllowPartialOption,
    CheckOption,
    ParamsOption,
    ProfileOption,
    SetOption,
    TimingsOption,
)
from tasks.machinery.params import load_params, parse_assignments

Command = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which parameters hold."""

    profile: ProfileOption = "demo"
    assignments: SetOption = None
    params: ParamsOption = PARAMS

    @property
    def overrides(self) -> dict[str, Any]:
        """Dotted key -> value."""
        return parse_assignments(self.assignments or [])

    @property
    def project(self) -> Path:
        """The folder of params.yaml."""
        return self.params.resolve().parent

    def config(self) -> EagleConfig:
        """Read now, and checked."""
        return load_params(self.params, self.profile, self.overrides)


@dataclass(frozen=True, kw_only=True)
class Computing:
    """What a verb that computes does before and after."""

    check: CheckOption = False
    timings: TimingsOption = False
    allow_partial: AllowPartialOption = False

    def end(self, timings: Any, missing: Any) -> None:
        """Print where the seconds went if asked to; the exit code tells of what is missing."""
        if self.timings:
            from flows.cli.preflight import seconds_since_start
            from flows.cli.results import show_timings

            show_timings(timings, seconds_since_start())
        if missing and not self.allow_partial:
            raise typer.Exit(PARTIAL)


def with_shared_options(command: Command) -> Command:
    """``command`` for typer: a parameter whose type is one of the dataclasses above becomes that class's options."""
    hints = get_type_hints(command, include_extras=True)
    hints.pop("return", None)
    shared: dict[str, type[Any]] = {name: hint for name, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)}
    parameters = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in shared:
            kinds = get_type_hints(shared[parameter.name], include_extras=True)
            parameters += [_keyword(field.name, kinds[field.name], field.default) for field in fields(shared[parameter.name])]
        else:
            parameters.append(_keyword(parameter.name, hints[parameter.name], parameter.default))

    @wraps(command)
    def called(**given: Any) -> None:
        for name, kind in shared.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
