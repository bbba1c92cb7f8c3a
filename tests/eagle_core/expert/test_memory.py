"""The memory estimate against arithmetic, and the refusal."""

from __future__ import annotations

import pytest
import torch

from eagle_core.config import BackboneConfig, CoresetConfig, ExpertConfig, PreprocessingConfig
from eagle_core.errors import FitError
from eagle_core.expert.fit import fit_expert
from eagle_core.expert.memory import available_bytes, check_memory, estimate_fit_bytes
from eagle_core.records import Sample


def paper_config(ratio: float = 0.1) -> ExpertConfig:
    return ExpertConfig(
        preprocessing=PreprocessingConfig(resize=256, fit="short_side", center_crop=224),
        backbone=BackboneConfig(name="wide_resnet50_2", weights="pretrained"),
        coreset=CoresetConfig(ratio=ratio),
        calibration="unsampled",
    )


def test_estimate_of_the_papers_setting():
    """WideResNet-50, layers 2 and 3: 512 + 1024 channels, 28 x 28 patches. 391 images (MVTec's largest, hazelnut)
    hold 306,544 patches: 1.88 GB of features; a batch of 8 takes 40 floats a pixel; scoring adds a bank of a
    tenth twice and 784 rows against it."""
    patches, bank = 391 * 784, 30_654
    expected = 4 * (patches * 1536 + 8 * 224 * 224 * 40 + 2 * bank * 1536 + 784 * bank)
    assert estimate_fit_bytes(391, paper_config()) == expected


def test_sampling_dominates_with_a_small_bank():
    features = 391 * 784 * 1536
    sampling = 2 * 391 * 784 * 128 + (2 * 1024 + 4096) * 1024
    extraction = 8 * 224 * 224 * 40
    assert estimate_fit_bytes(391, paper_config(ratio=0.001)) == 4 * (features + extraction + sampling)


def test_folds_sample_from_a_copy_of_the_others():
    folds = paper_config().model_copy(update={"calibration": "cross_fitted", "folds": 4})
    sampling = 391 * 784 * (1536 + 2 * 128) * 3 // 4 + (2 * 1024 + 4096) * 1024
    assert estimate_fit_bytes(391, folds) == 4 * (391 * 784 * 1536 + 8 * 224 * 224 * 40 + sampling)


def test_more_images_or_pixels_need_more(config):
    larger = config.model_copy(update={"preprocessing": PreprocessingConfig(resize=128)})
    assert estimate_fit_bytes(20, config) > estimate_fit_bytes(10, config)
    assert estimate_fit_bytes(1000, larger) > 3 * estimate_fit_bytes(1000, config)


def test_refusal_says_how_much_and_what_to_do():
    cpu = torch.device("cpu")
    check_memory(1, cpu)
    with pytest.raises(FitError, match=r"GiB are available on cpu; lower expert\.preprocessing\.resize"):
        check_memory(2 * available_bytes(cpu) + 2**40, cpu)


def test_fit_refuses_before_it_reads_an_image(config, tmp_path):
    enormous = config.model_copy(update={"preprocessing": PreprocessingConfig(resize=2**20)})
    sample = Sample("tiny", "stripes", "gone.png", tmp_path / "gone.png", "train", is_defective=False)
    with pytest.raises(FitError, match="fitting needs about"):
        fit_expert([sample], enormous, seed=0)
