"""What importing a part of the core brings, seen in a fresh process; and that judging an image brings no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import timm
from safetensors.torch import save_file

PROJECT = Path(__file__).parents[2]
ORCHESTRATION = {"prefect", "mlflow", "dvc"}
PLOTTING = {"matplotlib", "plotly"}
FITTING = {"anomalib", "lightning", "torchmetrics", "sklearn", "pandas", "faiss"}
NETWORKS = {"torch", "torchvision", "timm", "transformers"}
SCRIPT = "import gc, json, sys\ngc.disable()\n{}\nprint(json.dumps(sorted(name for name in sys.modules if '.' not in name)))\ngc.freeze()"
"""A process that only imports need not look for garbage, a third of its time."""

JUDGE = """
import numpy as np
from pathlib import Path
from PIL import Image
from eagle_core.config import BackboneConfig, ExpertConfig
from eagle_core.expert.bundle import load_expert
from eagle_core.expert.backbone import load_backbone
from eagle_core.expert.scoring import predict
from eagle_core.records import Sample
expert = load_expert(Path(sys.argv[1]))
[judged] = predict(expert, load_backbone(expert.config.backbone), [Sample("d", "c", "i", Path(sys.argv[2]), "test", None)], batch_size=1)
assert judged.score > 0
"""


def imported(code: str, *arguments: str) -> set[str]:
    """Top-level modules of a fresh process after ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(code), *arguments],
        env=os.environ | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("eagle_core.expert.scoring, eagle_core.expert.backbone, eagle_core.expert.bundle", FITTING | {"transformers"}),
        ("eagle_core.expert.fit", FITTING | {"transformers"}),
        ("eagle_core.threshold.fit, eagle_core.threshold.gate, eagle_core.threshold.shift", FITTING | NETWORKS),
        ("eagle_core.guidance.prompt, eagle_core.guidance.boxes, eagle_core.guidance.overlay", FITTING | NETWORKS),
        ("eagle_core.attention.scope, eagle_core.attention.ratio, eagle_core.attention.lens", FITTING | {"timm"}),
        ("eagle_core.mllm.loading, eagle_core.mllm.registry, eagle_core.mllm.answering", FITTING | {"timm"}),
        ("eagle_core.evaluation.summary, eagle_core.evaluation.localisation", {"anomalib", "lightning", "torchmetrics", "torchvision"}),
        ("tasks.machinery.params, tasks.preflight.data, tasks.preflight.variety", FITTING | NETWORKS),
        ("tasks.inspection.judging, tasks.inspection.remarks", (FITTING - {"faiss"}) | (NETWORKS - {"torch"})),
    ],
)
def test_an_import_brings_only_what_it_needs(modules: str, absent: set[str]) -> None:
    found = imported(f"import {modules}")
    assert sorted(found & (ORCHESTRATION | PLOTTING | absent)) == []


def test_a_run_that_finds_everything_in_the_store_waits_for_no_network_no_plot_and_no_statistics() -> None:
    """What only computing needs is imported where something is computed."""
    found = imported("import flows.eagle, flows.cli.results; assert 'scipy.stats' not in sys.modules")
    assert sorted(found & (NETWORKS | PLOTTING | FITTING - {"pandas"})) == []
    assert {"prefect", "mlflow", "pandas"} <= found


def test_judging_an_image_needs_no_anomalib(image_to_judge: tuple[Path, Path]) -> None:
    folder, image = image_to_judge
    found = imported(JUDGE, str(folder), str(image))
    absent = {"transformers"} if "resnet" in str(folder) else NETWORKS - {"torch"}
    assert sorted(found & (ORCHESTRATION | PLOTTING | FITTING | absent)) == []


@pytest.fixture(params=["test_resnet", "tf_efficientnet_lite0"])
def image_to_judge(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A folder with a fitted expert, and an image. The weights that are installed need no timm either."""
    import numpy as np
    from PIL import Image

    from eagle_core.config import BackboneConfig, CoresetConfig, ExpertConfig, PreprocessingConfig
    from eagle_core.expert.bundle import save_expert
    from eagle_core.expert.fit import fit_expert
    from eagle_core.records import Sample

    save_file({k: v for k, v in timm.create_model("test_resnet").state_dict().items() if "num_batches" not in k}, tmp_path / "w.safetensors")
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for path in paths:
        Image.fromarray(generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    config = ExpertConfig(
        preprocessing=PreprocessingConfig(resize=64),
        backbone=BackboneConfig(name=request.param, weights="packaged" if "lite" in request.param else str(tmp_path / "w.safetensors")),
        coreset=CoresetConfig(ratio=0.2, projection_dim=32),
    )
    samples = [Sample("d", "c", path.name, path, "train", is_defective=False) for path in paths]
    folder = tmp_path / f"expert-{request.param}"
    save_expert(fit_expert(samples, config, seed=0), folder)
    return folder, paths[0]
