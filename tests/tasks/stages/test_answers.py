"""How questions are put together before they are asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.stages.answers import _batches


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.integers(1, 5), st.data())
def test_nothing_is_lost_and_an_images_questions_stay_together(questions_of_each, images, data):
    keys = [{"images": [f"image-{n}"]} for n, count in enumerate(questions_of_each) for _ in range(count)]
    missing = sorted(data.draw(st.sets(st.sampled_from(range(len(keys))))))
    batches = list(_batches(keys, missing, images))
    assert [i for batch in batches for i in batch] == missing
    shown = [{keys[i]["images"][0] for i in batch} for batch in batches]
    assert all(1 <= len(seen) <= images for seen in shown)
    assert all(len(seen) == images for seen in shown[:-1])
    assert not any(one & other for n, one in enumerate(shown) for other in shown[n + 1 :])
