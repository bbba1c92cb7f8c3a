"""Training scenes: deterministic, described truly, and nothing of the demo's."""

from __future__ import annotations

import numpy as np
import pytest

from eagle_core.data.demo import defects as demo_defects
from eagle_core.data.demo import objects as demo_objects
from eagle_core.data.demo import textures as demo_textures
from eagle_core.data.scene import place_of
from eagle_core.training.images import draw_images
from eagle_core.training.scenes.categories import draw_category
from eagle_core.training.scenes.defects import PART_DEFECTS, TRAINING_KINDS
from eagle_core.training.scenes.objects import OBJECTS
from eagle_core.training.scenes.textures import TEXTURES


def test_same_seed_same_images_whatever_the_workers() -> None:
    one, two = draw_images(5, 4, workers=1), draw_images(5, 4, workers=2)
    for name in ("templates", "normals", "defectives", "defect_pixels"):
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert one.scenes == two.scenes
    assert not np.array_equal(one.normals, draw_images(6, 4).normals)


@pytest.mark.parametrize("kind", TRAINING_KINDS)
def test_a_defect_changes_pixels_under_its_mask_and_is_described(kind: str) -> None:
    found = 0
    for seed in range(60):
        category = draw_category(np.random.default_rng([1, seed]))
        if kind not in category.kinds:
            continue
        scene = category.render(np.random.default_rng(seed), kind)
        if not scene.mask.any() or scene.record.defect is None:
            continue
        found += 1
        rows, columns = np.nonzero(scene.mask)
        x0, y0, x1, y1 = scene.record.defect.box
        assert (x0, y0, x1, y1) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert scene.record.defect.place == place_of(columns.mean(), rows.mean(), 224, 224)
        if found == 5:
            return
    raise AssertionError(f"too few images of {kind}")


def test_parts_defects_befall_objects_with_parts_only() -> None:
    for seed in range(40):
        category = draw_category(np.random.default_rng(seed))
        assert set(PART_DEFECTS) <= set(category.kinds) if category.parts else not set(PART_DEFECTS) & set(category.kinds)
        assert not category.parts or category.family == "object"


def test_the_demo_and_the_training_generator_share_no_surface_no_object_and_at_most_half_of_the_kinds() -> None:
    demo_scenery = {*demo_textures.TEXTURES, *demo_objects.OBJECTS}
    assert not demo_scenery & {*TEXTURES, *OBJECTS}
    kinds = {kind.replace("_", " ") for kind in demo_defects.DEFECTS}
    assert len(kinds & set(TRAINING_KINDS)) <= len(kinds) / 2
    assert kinds - set(TRAINING_KINDS)
