"""What MLflow is told about a run: dotted parameters, fitted values and metrics, provenance, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from eagle_core.attention.settings import AttentionSettings
from eagle_core.config import EagleConfig
from eagle_core.evaluation.promises import KeptPromise
from eagle_core.names import short_name
from eagle_core.record_table import write_table
from eagle_core.records import Threshold
from tasks.graph.values import CategoryResult, MethodResult
from tasks.machinery.holders import identity_of
from tasks.machinery.params import flatten
from tasks.machinery.provenance import Provenance
from tasks.machinery.store import Entry
from tasks.machinery.tracking import RunContent
from tasks.report.promises import promise_metrics, promise_tags
from tasks.report.timings import Timing, as_metrics
from tasks.stages.asking import GUIDED_METHODS
from tasks.stages.data import CategoryName
from tasks.stages.expert import training_failures
from tasks.stages.threshold import read_threshold

UNLOGGED = ("run.output_dir", "run.cache_dir", "run.engine.", "tracking.", "report.", "service.")


def parent_content(
    config: EagleConfig, provenance: Provenance, summary: pd.DataFrame, folder: Path, timings: Sequence[Timing] = ()
) -> RunContent:
    """The benchmark's own run: macro and pooled metrics of every method, by ``mllm/method/metric``; pictures of all categories."""
    wide = summary[summary.scope.isin(("macro", "pooled")) & summary.value.notna()]
    results = [folder / name for name in ("records.parquet", "summary.json", "report.html") if (folder / name).is_file()]
    pictures = sorted((folder / "figures").rglob("*.png"))
    return RunContent(
        identity=provenance.run_id,
        name=f"benchmark {provenance.run_id}",
        params=logged_params(config),
        metrics={f"{r.dataset}/{r.mllm}/{r.method}/{r.metric}": float(r.value) for r in wide.itertuples()} | as_metrics(timings),
        tags=_tags(provenance),
        artifacts=[*((file, "") for file in results), *((picture, picture.parent.relative_to(folder).as_posix()) for picture in pictures)],
    )


def child_identity(provenance: Provenance, name: CategoryName, done: MethodResult) -> str:
    """What one method of one category is found again by."""
    return f"{provenance.run_id}/{name.dataset}/{name.category}/{done.mllm}/{done.method}"


def child_content(
    config: EagleConfig,
    provenance: Provenance,
    summary: pd.DataFrame,
    result: CategoryResult,
    done: MethodResult,
    records: pd.DataFrame,
    promise: KeptPromise | None,
    folder: Path,
) -> RunContent:
    """One (dataset, category, MLLM, method): its metrics, tau, s_max, gate, layers and records."""
    dataset, category, mllm, method = result.name.dataset, result.name.category, done.mllm, done.method

    def mine(table: pd.DataFrame) -> pd.Series:
        return (table.dataset == dataset) & (table.mllm == mllm) & (table.method == method)

    own = summary[mine(summary) & (summary.scope == category) & summary.value.notna()]
    rows = records[mine(records) & (records.category == category)]
    metrics = {r.metric: float(r.value) for r in own.itertuples()}
    metrics |= {f"{r.metric}_low": float(r.low) for r in own.itertuples() if pd.notna(r.low)}
    metrics |= {f"{r.metric}_high": float(r.high) for r in own.itertuples() if pd.notna(r.high)}
    assert isinstance(result.threshold, Entry)  # or there would be no records
    threshold = read_threshold(result.threshold)
    metrics |= {
        "tau": threshold.tau,
        "tau_low": threshold.tau_low,
        "tau_high": threshold.tau_high,
        "s_max": threshold.s_max,
        "interval_mass": threshold.interval_mass,
        **_shift(threshold),
        "unread_training_images": float(len(training_failures(result.expert)) if isinstance(result.expert, Entry) else 0),
        **promise_metrics(threshold, promise),
        "defective_count": float(rows[rows.question_type == "anomaly_detection"].verdict_defective.fillna(value=False).sum()),
        "gate_open_count": float(rows[rows.question_type == "anomaly_detection"].gate_open.fillna(value=False).sum()),
        "unparsed_count": float((rows.status == "unparsed").sum()),
        "failed_count": float((rows.status == "failed").sum()),
    }
    own_records = folder / "records" / f"{short_name(f'{dataset}-{category}-{mllm}')}-{method}.parquet"
    own_records.parent.mkdir(exist_ok=True)
    write_table(rows, own_records)
    params = logged_params(config) | {"dataset": dataset, "category": category, "mllm": mllm, "method": method}
    if method in GUIDED_METHODS:
        depth = identity_of(config, mllm).depth
        layers = () if depth is None else AttentionSettings.from_config(config.caas).layers_for(depth)
        params["caas.layers"] = " ".join(map(str, layers))
    return RunContent(
        identity=child_identity(provenance, result.name, done),
        name=f"{dataset}/{category} {method}" + (f" ({mllm})" if mllm != "none" else ""),
        params=params,
        metrics=metrics,
        tags=_tags(provenance) | promise_tags(threshold) | {f"warning.{i}": w for i, w in enumerate(threshold.warnings)},
        artifacts=[(own_records, "")],
    )


def _shift(threshold: Threshold) -> dict[str, float]:
    if threshold.shift is None:
        return {}
    check = threshold.shift
    likeness = {
        "likeness_before": check.likeness_before,
        "likeness_after": check.likeness_after,
        "likeness_effect": check.likeness_effect,
    }
    return {k: v for k, v in likeness.items() if v is not None} | {
        "shift_effect": check.effect,
        "shift_p_value": check.p_value,
        "shift_score_scale": check.score_scale,
        "shifted": float(check.shifted),
    }


def logged_params(config: EagleConfig) -> dict[str, Any]:
    """Every parameter that is logged, by dotted key; not where files lie."""
    flat = flatten(config)
    return {k: v for k, v in flat.items() if not k.startswith(UNLOGGED) and not k.endswith(".root")}


def _tags(provenance: Provenance) -> dict[str, str]:
    return (
        {
            "eagle.run_id": provenance.run_id,
            "git_commit": provenance.git_commit,
            "params_sha256": provenance.params_sha256,
        }
        | {f"dvc.{name}": digest for name, digest in provenance.data_hashes.items()}
        | {f"version.{name}": version for name, version in provenance.versions.items()}
    )
