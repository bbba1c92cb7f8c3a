"""What whoever reads a verdict must know of the normal images behind it."""

from __future__ import annotations

from eagle_core.config import EagleConfig
from eagle_core.data.remarks import remarks_about
from eagle_core.evaluation.unread import UnreadImage, unread_notes
from tasks.machinery.inputs import category_of
from tasks.stages import expert


def known_remarks(config: EagleConfig, dataset: str, category: str) -> tuple[str, ...]:
    """Sentences: training images that could not be read, what is never looked at, how files were understood.

    The expert is taken from the store, or fitted.
    """
    failures = expert.training_failures(expert.fit(config, dataset, category))
    unread = unread_notes([UnreadImage(dataset, category, failure.image_id, failure.reason) for failure in failures])
    return (*unread, *remarks_about(category_of(config, dataset, category), config.expert.preprocessing))
