"""Changes of the code that the tests must notice (``make mutants``).

Each mutant is one small mistake in the papers' method, made in a copy of the project; the tests named with it run there
and must fail. Run it before and after reworking tests: a mutant that survives is an assertion that was lost.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT = Path(__file__).parents[1]
LIBRARIES = ("torch", "scipy.stats", "sklearn", "pandas", "pyarrow.parquet", "hypothesis", "transformers", "dvc.repo", "prefect")
COPIED = ("eagle_core", "tasks", "flows", "tests", "pyproject.toml", "params.yaml")


class Mutant(NamedTuple):
    """``old`` stands once in ``file``."""

    file: str
    old: str
    new: str
    tests: str
    """Below tests/."""


CORESET, CORESET_TESTS = "eagle_core/expert/coreset.py", "eagle_core/expert/test_coreset.py"
DBT, DBT_TESTS = "eagle_core/expert/training_scores.py", "eagle_core/expert/test_training_scores.py"
SCALING, SCALING_TESTS = "eagle_core/attention/scaling.py", "eagle_core/attention/test_scaling.py"
PROMPT, PROMPT_TESTS = "eagle_core/guidance/prompt.py", "eagle_core/methods/test_plan.py"
SCORING, SCORING_TESTS = "eagle_core/mmad/scoring.py", "eagle_core/mmad/test_scoring.py"
STORE, STORE_TESTS = "tasks/machinery/store.py", "tasks/machinery/test_store.py"
GATE, GATE_TESTS = "eagle_core/threshold/gate.py", "eagle_core/threshold/test_gate.py"
RULES_TESTS = "eagle_core/threshold/test_rules.py"
GEOMETRY, GEOMETRY_TESTS = "eagle_core/geometry.py", "eagle_core/test_geometry.py"

MUTANTS = (
    # The coreset picks the nearest point; believes its block to the end; forgets distances to later centres.
    Mutant(CORESET, "best = int(left.argmax())", "best = int(left.argmin())", CORESET_TESTS),
    Mutant(CORESET, "if left[best] <= 0 or left[best] < outside_best:", "if left[best] <= 0:", CORESET_TESTS),
    Mutant(CORESET, "np.minimum(left, between[best], out=left)", "np.maximum(left, between[best], out=left)", CORESET_TESTS),
    # DBT scores an image against its own patches; with its sampled ones; by its least suspicious patch.
    Mutant("eagle_core/expert/nearest.py", "ranks[:, without] = torch.inf", "ranks[:, without] += 0", DBT_TESTS),
    Mutant(DBT, "patches[index][~sampled[index]]", "patches[index]", DBT_TESTS),
    Mutant("eagle_core/expert/pooling.py", "worst = int(patches.argmax())", "worst = int(patches.argmin())", DBT_TESTS),
    # CAAS dampens instead; moves the mean too; takes the factor for its logarithm; scales what was generated.
    Mutant(SCALING, "key * factors, value", "key / factors, value", SCALING_TESTS),
    Mutant(SCALING, "(factors - 1) * (key", "factors * (key", SCALING_TESTS),
    Mutant(SCALING, "factors.float().log()", "factors.float()", SCALING_TESTS),
    Mutant(SCALING, "rows, length, fill=1.0)", "rows, length, fill=2.0)", SCALING_TESTS),
    # Prompts say the other verdict; put options on lines; speak of a box that is not shown.
    Mutant(PROMPT, "ANOMALOUS_PRIOR if predicted_anomalous", "ANOMALOUS_PRIOR if not predicted_anomalous", PROMPT_TESTS),
    Mutant(PROMPT, 'return " ".join([question.text', 'return "\\n".join([question.text', PROMPT_TESTS),
    Mutant(PROMPT, 'if boxed_query is not None:\n        parts.append(TextPart("box_sentence"', 'if True:\n        parts.append(TextPart("box_sentence"', PROMPT_TESTS),
    # MMAD's scores balance every type by label; count what was not answered as right.
    Mutant(SCORING, 'is_normal and question_type == "anomaly_detection"', "is_normal", SCORING_TESTS),
    Mutant(SCORING, "answer.letter is not None and", "answer.letter is None or", SCORING_TESTS),
    # The store takes another version's result; does not look at the bytes.
    Mutant(STORE, '"version": version, "inputs": inputs}, sort_keys', '"inputs": inputs}, sort_keys', STORE_TESTS),
    Mutant(STORE, "(folder / name) != expected", '(folder / name) == ""', STORE_TESTS),
    # The gate is open at the upper end only; outside the band.
    Mutant(GATE, "return threshold.tau <= score <= threshold.s_max", "return score <= threshold.s_max", GATE_TESTS),
    Mutant(GATE, "<= config.gate_width *", ">= config.gate_width *", GATE_TESTS),
    # Thresholds one order statistic lower; with the sample's deviation; at the other end.
    Mutant("eagle_core/threshold/conformal.py", "rank = count + 1 - floor", "rank = count - floor", RULES_TESTS),
    Mutant("eagle_core/threshold/kappa_sigma.py", ".std(axis=-1)", ".std(axis=-1, ddof=1)", RULES_TESTS),
    Mutant("eagle_core/threshold/quantile.py", "1 - false_alarm_rate", "false_alarm_rate", RULES_TESTS),
    # Pixels' corners for their centres; a crop that is forgotten on the way back.
    Mutant(GEOMETRY, "(np.arange(size) + 0.5)", "(np.arange(size) + 0.0)", GEOMETRY_TESTS),
    Mutant(GEOMETRY, "(self.crop_origin[axis] + position)", "(0 * self.crop_origin[axis] + position)", GEOMETRY_TESTS),
    # A patch at the threshold has no box; attention ratio over all tokens; "no" says defective.
    Mutant("eagle_core/guidance/boxes.py", "patch_scores >= tau", "patch_scores > tau", "eagle_core/guidance/test_boxes.py"),
    Mutant("eagle_core/attention/ratio.py", "(weights * region).sum(dim=-1) / total", "(weights * region).sum(dim=-1) / weights.sum(dim=-1)", "eagle_core/attention/test_ratio.py"),
    Mutant("eagle_core/mllm/parsing.py", 'return by_text["yes"]', 'return by_text["no"]', "eagle_core/mllm/test_answering.py"),
)  # fmt: skip


def tested(root: Path, tests: str) -> tuple[int, str]:
    """Exit code and output of pytest in a fork of this process, which has the libraries but no module of the project."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            os.chdir(root)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            sys.dont_write_bytecode = True
            os._exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", f"tests/{tests}"]))
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode()


def main() -> int:
    """Make each mutant, run its tests, and print whether they noticed. Exit code: how many mutants survived."""
    os.environ["OMP_NUM_THREADS"] = "1"
    for library in LIBRARIES:
        import_module(library)
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copyfile
            copy(PROJECT / name, root / name)
        for number, mutant in enumerate(MUTANTS, start=1):
            file = root / mutant.file
            original = file.read_text(encoding="utf-8")
            assert original.count(mutant.old) == 1, f"{mutant.file} holds {mutant.old!r} {original.count(mutant.old)} times"
            file.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
            code, output = tested(root, mutant.tests)
            file.write_text(original, encoding="utf-8")
            assert code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), output
            survivors += code == pytest.ExitCode.OK
            noticed = next((line for line in output.splitlines() if line.startswith("FAILED")), "SURVIVED")
            print(f"{number:2} {mutant.file}: {mutant.old.splitlines()[0]} -> {mutant.new.splitlines()[0]}\n   {noticed}", flush=True)
    print(f"{len(MUTANTS) - survivors} of {len(MUTANTS)} mutants were noticed")
    return survivors


if __name__ == "__main__":
    sys.exit(main())
