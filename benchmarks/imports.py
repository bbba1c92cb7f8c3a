"""What importing each part costs: processor seconds of a fresh interpreter, and which large libraries come with it.

Processor time rather than wall time, so that other work on the machine matters less; the bare interpreter's own is taken
off. Files are in the page cache: each import runs once before it is measured.

    python benchmarks/imports.py
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys

REPEATS = 3
LARGE = ("torch", "torchvision", "timm", "transformers", "anomalib", "sklearn", "pandas", "matplotlib", "prefect", "mlflow", "dvc")
IMPORTS = (
    "eagle_core.guidance.prompt",
    "eagle_core.threshold.fit",
    "eagle_core.expert.scoring",
    "eagle_core.expert.fit",
    "eagle_core.expert.patchcore",
    "eagle_core.attention.scope",
    "eagle_core.mllm.loading",
    "eagle_core.evaluation.summary",
    "tasks.inspection.judging",
    "flows.eagle",
    "flows.cli.main",
)


def measured(module: str) -> tuple[float, list[str]]:
    """Processor seconds of a process that imports ``module``, and the large libraries that it then has."""
    code = f"import json, sys\nimport {module}\nprint(json.dumps([name for name in {LARGE!r} if name in sys.modules]))"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print a table, then one line of JSON."""
    bare = statistics.median(measured("os")[0] for _ in range(REPEATS))
    found = {}
    print(f"{'import':32} {'CPU s':>6}  brings")
    for module in IMPORTS:
        measured(module)
        runs = [measured(module) for _ in range(REPEATS)]
        seconds = statistics.median(seconds for seconds, _ in runs) - bare
        found[module] = round(seconds, 2)
        print(f"{module:32} {seconds:6.2f}  {' '.join(runs[0][1]) or '-'}", flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
