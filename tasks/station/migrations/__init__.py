"""The station's tables, version by version. Only Alembic imports these, nothing else."""
