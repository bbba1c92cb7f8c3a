"""Prefect tasks and what they need, a room for each thing they serve; no computation, which belongs to eagle_core."""
