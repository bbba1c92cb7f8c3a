"""Prefect tasks and what they need, a room for each thing they serve; computation belongs to eagle_core."""
