"""Training scenes: deterministic, described truly; of the demo only some families, and never its parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import label

from eagle_core.data.demo import defects as demo_defects
from eagle_core.data.demo import objects as demo_objects
from eagle_core.data.demo import textures as demo_textures
from eagle_core.data.demo.camera import photograph
from eagle_core.data.demo.scenery import Product
from eagle_core.data.scene import place_of
from eagle_core.training.images import draw_images
from eagle_core.training.scenes.canvas import color_word
from eagle_core.training.scenes.categories import (
    FAMILIAR_SHARE,
    HELD_OUT_OBJECTS,
    HELD_OUT_TEXTURES,
    PRODUCT_NAMES,
    SEEN_PRODUCT_NAMES,
    SHIFTS,
    SILHOUETTES,
    SURFACES,
    TURNS,
    Category,
    draw_category,
)
from eagle_core.training.scenes.defects import CHIP, PART_DEFECTS, TRAINING_KINDS
from eagle_core.training.scenes.textures import TILES
from eagle_core.training.tokenizer import OBJECT_NAMES


def test_same_seed_same_images_whatever_the_workers() -> None:
    one, two = draw_images(5, 4, workers=1), draw_images(5, 4, workers=2)
    for name in ("templates", "normals", "defectives", "masks"):
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
        assert scene.record.defect.place == place_of((x0 + x1) / 2, (y0 + y1) / 2, 224, 224)
        if found == 5:
            return
    raise AssertionError(f"too few images of {kind}")


def test_parts_defects_befall_objects_with_parts_and_surfaces_with_tiles_only() -> None:
    tiled = 0
    for seed in range(200):
        category = draw_category(np.random.default_rng(seed))
        assert set(PART_DEFECTS) <= set(category.kinds) if category.has_parts else not set(PART_DEFECTS) & set(category.kinds)
        assert not category.parts or category.family == "object"
        tiled += category.has_parts and category.family == "texture"
    assert tiled >= 3, "kinds must not follow from the family"


@pytest.mark.parametrize("texture", TILES)
@pytest.mark.parametrize("kind", PART_DEFECTS)
def test_a_changed_tile_is_one_tile_and_nothing_else_changes(monkeypatch: pytest.MonkeyPatch, texture: str, kind: str) -> None:
    monkeypatch.setattr(Category, "_nuisance", lambda self, image, rng: image)
    drawn = (draw_category(np.random.default_rng(seed), held_out=texture in HELD_OUT_TEXTURES) for seed in range(300))
    category = next(c for c in drawn if c.family == "texture" and c.texture == texture and c.has_parts)
    struck, whole = category.render(np.random.default_rng(0), kind), category.render(np.random.default_rng(0))
    labels, _ = label(struck.mask)
    assert np.bincount(labels.ravel())[1:].max() > 0.9 * struck.mask.sum() and 9 < struck.mask.sum() < 0.15 * struck.mask.size
    assert np.array_equal(struck.image[~struck.mask], whole.image[~struck.mask])
    assert np.mean(struck.image[struck.mask] != whole.image[struck.mask]) > 0.8


def names(products: dict[str, Product]) -> set[str]:
    return {product.object_name for product in products.values()}


def test_of_the_demos_families_two_and_of_its_kinds_three_are_never_drawn_and_the_others_with_random_parameters() -> None:
    demo = names(demo_textures.TEXTURES) | names(demo_objects.OBJECTS)
    assert demo - set(PRODUCT_NAMES) == {"herringbone tiles", "blister of tablets"} and demo.isdisjoint(OBJECT_NAMES)
    assert set(demo_defects.DEFECTS) - set(TRAINING_KINDS) == {"crack", "distortion", "misplacement"}
    drawn = [draw_category(np.random.default_rng(seed)) for seed in range(400)]
    for name in demo & set(PRODUCT_NAMES):
        alike = [category for category in drawn if category.object_name == name]
        assert len(alike) >= 15
        assert len({tuple(category.colors[0].round()) for category in alike}) == len(alike), "colours are drawn"
    assert np.mean([category.object_name in demo for category in drawn]) == pytest.approx(FAMILIAR_SHARE, abs=0.07)


def test_a_familiar_image_is_no_image_of_the_demo() -> None:
    """A photograph of the demo's own product is nearer to another photograph of it than to anything that training draws."""
    rng = np.random.default_rng(0)
    for name, product in (demo_textures.TEXTURES | demo_objects.OBJECTS).items():
        if product.object_name not in PRODUCT_NAMES:
            continue
        colors = [photograph(name, product, None, (99, seed)).pixels.reshape(-1, 3).mean(0) for seed in range(3)]
        drawn = [category for category in map(draw_category, [rng] * 150) if category.object_name == product.object_name]
        away = [np.linalg.norm(category.render(rng).image.reshape(-1, 3).mean(0) - colors[0]) for category in drawn]
        assert np.median(away) > 3 * np.linalg.norm(colors[1] - colors[2])


def test_in_some_categories_products_lie_alike_and_in_others_loosely() -> None:
    drawn = [draw_category(np.random.default_rng(seed)) for seed in range(400)]
    for values, (least, most) in (([c.shift for c in drawn], SHIFTS), ([c.turn for c in drawn], TURNS)):
        assert least <= min(values) < 1.3 * least and 0.8 * most < max(values) <= most
        assert np.median(values) == pytest.approx(np.sqrt(least * most), rel=0.2)
    object_ = next(c for c in drawn if c.object_name == "pin connector")
    surface = next(c for c in drawn if c.texture == "quilt" and c.family == "texture")
    for category in (object_, surface):
        close = replace(category, shift=SHIFTS[0], turn=TURNS[0], lies_alike=True)
        loose = replace(category, shift=SHIFTS[1], turn=TURNS[1], lies_alike=category is object_)
        assert likeness(close) > likeness(loose) + 0.1


def likeness(category: Category) -> float:
    """Mean correlation of two normal images' grey values."""
    rng = np.random.default_rng(0)
    pairs = [[category.render(rng).image.mean(-1).ravel() for _ in range(2)] for _ in range(8)]
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))


def test_held_out_families_are_drawn_only_where_they_are_asked_for() -> None:
    held_out = {SURFACES[name][0] for name in HELD_OUT_TEXTURES} | {SILHOUETTES[name][0] for name in HELD_OUT_OBJECTS}
    assert held_out.isdisjoint(SEEN_PRODUCT_NAMES) and held_out | set(SEEN_PRODUCT_NAMES) == set(PRODUCT_NAMES)
    for asked in (False, True):
        drawn = {draw_category(np.random.default_rng(seed), held_out=asked).object_name for seed in range(300)}
        assert drawn == (held_out if asked else set(SEEN_PRODUCT_NAMES))
    images = draw_images(7, 3, held_out=True)
    assert {scene.object_name for pair in images.scenes for scene in pair} <= held_out


@pytest.mark.parametrize("kind", PART_DEFECTS)
def test_a_stronger_part_defect_changes_more(kind: str) -> None:
    category = next(c for c in (draw_category(np.random.default_rng(seed)) for seed in range(99)) if c.object_name == "pin connector")
    changed, strengths = [], []
    for seed in range(60):
        scene = category.render(np.random.default_rng(seed), kind)
        assert scene.record.defect is not None
        changed.append(float(np.linalg.norm(scene.image[scene.mask].mean(0) - category.parts[0].color)))
        strengths.append(scene.record.defect.strength)
    weak, strong = (np.mean([c for c, s in zip(changed, strengths, strict=True) if (s > 0.6) == much]) for much in (False, True))
    assert strong > 1.15 * weak, "the stronger, the farther from the pins' own color"


def test_the_color_that_is_said_is_the_one_that_is_seen() -> None:
    right = 0
    for seed in range(60):
        rng = np.random.default_rng([3, seed])
        scene = draw_category(rng).render(rng)
        center = np.median(scene.image[72:152, 72:152].reshape(-1, 3), axis=0)
        right += color_word(center) == scene.record.color
    assert right > 36, "the middle of an image mostly has the product's color"


def test_every_kind_is_drawn_and_chips_befall_objects_only() -> None:
    drawn = set()
    for seed in range(60):
        category = draw_category(np.random.default_rng(seed))
        drawn |= set(category.kinds)
        assert (CHIP in category.kinds) == (category.family == "object")
    assert drawn == set(TRAINING_KINDS)
