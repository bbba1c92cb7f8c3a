"""Verdicts on single images outside a benchmark: the same stages, without Prefect and MLflow."""
