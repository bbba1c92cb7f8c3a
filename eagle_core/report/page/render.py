"""The page as one HTML text."""

from __future__ import annotations

from eagle_core.report.page.content import OUTCOME_NAMES, Page
from eagle_core.report.page.plots import library
from eagle_core.report.page.sliders import anchor_of
from eagle_core.report.page.templates import layout_text, template


def render(page: Page) -> str:
    """``page`` as HTML with its style, its scripts and its images inside; every text is escaped."""
    whos = {verdict.who: verdict.name for card in page.cards for verdict in card.verdicts}
    present = {tag for card in page.cards for verdict in card.verdicts for tag in verdict.outcomes}
    return template("page.html.j2").render(
        page=page,
        style=layout_text("page.css"),
        script=layout_text("gallery.js"),
        slider_script=layout_text("sliders.js"),
        scores=[slider.data() for slider in page.sliders],
        anchors=anchor_of,
        plot_library=library() if page.plots else "",
        whos=whos,
        outcomes={tag: name for tag, name in OUTCOME_NAMES.items() if tag in present},
        categories=list(dict.fromkeys(f"{card.dataset}/{card.category}" for card in page.cards)),
    )
