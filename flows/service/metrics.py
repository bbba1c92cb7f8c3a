"""What Prometheus reads at ``/metrics``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry for each app, so that two in one process count apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.parts = Counter("eagle_parts", "Judged parts.", ["category", "verdict"], registry=self.registry)
        self.seconds = Histogram(
            "eagle_part_seconds", "From received bytes to the kept verdict.", buckets=SECONDS, registry=self.registry
        )
        self.queue = Gauge("eagle_queue_parts", "Parts being judged or waiting.", registry=self.registry)
        self.refused = Counter("eagle_refused_parts", "Parts refused because too many were waiting.", registry=self.registry)

    def text(self) -> bytes:
        """In Prometheus' exposition format."""
        return generate_latest(self.registry)
