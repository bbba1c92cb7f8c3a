"""Stage that turns the expert's predictions into records: the method ``expert``, without an MLLM."""

from __future__ import annotations

from pathlib import Path

from eagle_core.config import EagleConfig
from eagle_core.record_table import NO_MLLM, Record, write_records
from tasks.machinery.inputs import category_of, image_hashes, limit_threads, store_of
from tasks.machinery.store import Entry
from tasks.stages.predictions import read_predictions
from tasks.stages.threshold import read_threshold

VERSION = 1


def write(config: EagleConfig, dataset: str, category: str, predictions: Entry, threshold: Entry) -> Entry:
    """One record per test image: anomalous where the score reaches tau."""
    samples = category_of(config, dataset, category).test
    inputs = {
        "dataset": dataset,
        "upstream": [predictions.key, threshold.key],
        "images": image_hashes(samples),
        "guidance": config.guidance.model_dump(mode="json"),
        "gate": config.caas.model_dump(mode="json", include={"gate", "gate_width"}),
        "preprocessing": config.expert.preprocessing.model_dump(mode="json"),
    }

    def compute(folder: Path) -> None:
        from eagle_core.methods.expert import guide
        from eagle_core.methods.outcome import expert_record, failed_record

        limit_threads(config)
        fitted, read = read_threshold(threshold), read_predictions(predictions.path)
        unreadable = {failure.image_id: failure.reason for failure in read.failures}
        records: list[Record] = []
        for sample in samples:
            prediction = read.by_image.get(sample.image_id)
            if prediction is None:
                reason = unreadable[sample.image_id]
                records.append(
                    failed_record(sample=sample, mllm=NO_MLLM, method="expert", threshold=fitted, error=reason)
                )
            else:
                guidance = guide(prediction, fitted, config, is_defective=sample.is_defective)
                records.append(
                    expert_record(sample=sample, prediction=prediction, threshold=fitted, guidance=guidance)
                )
        write_records(records, folder / "records.parquet")

    return store_of(config).get_or_compute("expert_records", VERSION, inputs, compute)
