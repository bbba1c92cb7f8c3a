"""What ends a run: its folder, its page, what MLflow is told. No stage that others read."""
