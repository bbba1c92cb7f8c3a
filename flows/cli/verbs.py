"""The verbs of ``eagle``, each imported only when it is asked for: help must not wait for torch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

VERBS = {
    "init": "Start a project for your own images.",
    "run": "Run the benchmark of a profile: data, expert, threshold, MLLM, metrics, MLflow.",
    "inspect": "Judge single images: verdict, score, boxes, explanation.",
    "export": "Write a fitted category as one file that judges elsewhere.",
    "serve": "Open the inspection station: judge parts over HTTP, with a page for people.",
    "station": "Back up, restore and export what an inspection station keeps.",
    "sweep": "Run every point of a grid of parameters for little more than one run.",
    "report": "Write the page of a run once more, or of the latest.",
    "models": "List the MLLMs: hub id, size, memory, weights here, what was verified.",
    "doctor": "Check this machine against the configured job.",
    "cache": "Show what the store of results holds, and prune it.",
    "data": "Fetch, import and check datasets.",
    "experiment": "Named experiments: every table, figure and ablation is one command.",
    "mmad": "MMAD: score answers files, audit the data, convert.",
}
"""By the name of their module in ``flows.cli``: a verb is its function of that name, or its ``app`` of several."""


class Verbs(TyperGroup):
    """A group that lists its verbs without importing them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": {name: _listed(name) for name in VERBS}})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb that is to run, imported now."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else _imported(name), rest


def _listed(name: str) -> Any:
    verb = typer.Typer()
    verb.command(name, help=VERBS[name])(lambda: None)
    return get_command(verb)


def _imported(name: str) -> Any:
    module = import_module(f"flows.cli.{name}")
    several = getattr(module, "app", None)
    if several is None:
        several = typer.Typer(rich_markup_mode="rich", add_completion=False)
        several.command(name)(getattr(module, name))
    return get_command(several)
