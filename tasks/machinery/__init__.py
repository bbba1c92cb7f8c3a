"""What every stage stands on: store, stages as Prefect tasks, parameters, provenance, progress, MLflow, DVC. No stage of the DAG."""
