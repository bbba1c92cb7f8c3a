"""The page as one HTML text."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from eagle_core.report.page.content import OUTCOME_NAMES, Page
from eagle_core.report.page.plots import library
from eagle_core.report.page.sliders import anchor_of


def render(page: Page) -> str:
    """``page`` as HTML with its style, its scripts and its images inside; every text is escaped."""
    environment = Environment(
        loader=PackageLoader("eagle_core.report.page", "layout"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    layout = files("eagle_core.report.page") / "layout"
    whos = {verdict.who: verdict.name for card in page.cards for verdict in card.verdicts}
    present = {tag for card in page.cards for verdict in card.verdicts for tag in verdict.outcomes}
    return environment.get_template("page.html.j2").render(
        page=page,
        style=(layout / "page.css").read_text(encoding="utf-8"),
        script=(layout / "gallery.js").read_text(encoding="utf-8"),
        slider_script=(layout / "sliders.js").read_text(encoding="utf-8"),
        scores=[slider.data() for slider in page.sliders],
        anchors=anchor_of,
        plot_library=library() if page.plots else "",
        whos=whos,
        outcomes={tag: name for tag, name in OUTCOME_NAMES.items() if tag in present},
        categories=list(dict.fromkeys(f"{card.dataset}/{card.category}" for card in page.cards)),
    )
