"""A GPU machine may lack anomalib and the orchestration: attention and mllm must not need them."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
for name in ("anomalib", "prefect", "mlflow", "dvc", "faiss", "lightning"):
    sys.modules[name] = None
import eagle_core.attention.lens, eagle_core.attention.mass, eagle_core.attention.ratio, eagle_core.attention.scope
import eagle_core.mllm.loading, eagle_core.mllm.registry
"""


def test_attention_and_mllm_import_without_the_rest():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
