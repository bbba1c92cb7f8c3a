"""The files of ``layout/``: templates that escape every text and refuse an unknown name, and what pages hold as it is."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

PACKAGE = "eagle_core.report.page"
FOLDER = "layout"


def template(name: str) -> Template:
    """A page's template."""
    loader = PackageLoader(PACKAGE, FOLDER)
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template(name)


def layout_text(name: str) -> str:
    """A style sheet or a script."""
    return (files(PACKAGE) / FOLDER / name).read_text(encoding="utf-8")
