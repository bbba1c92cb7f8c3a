"""What Prometheus reads at ``/metrics``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tasks.station.observing import Stage

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One registry for each app, so that two in one process count apart. Observes a station."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.parts = Counter("eagle_parts", "Judged parts.", ["category", "verdict"], registry=self.registry)
        self.seconds = Histogram(
            "eagle_part_seconds", "From received bytes to the kept verdict.", buckets=SECONDS, registry=self.registry
        )
        self.stages = Histogram(
            "eagle_stage_seconds",
            "Stages of a part: store, wait, decode, expert, check, persist; mllm, which comes after the verdict.",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.queue = Gauge("eagle_queue_parts", "Parts being judged or waiting.", registry=self.registry)
        self.refused = Counter("eagle_refused_parts", "Parts refused because too many were waiting.", registry=self.registry)
        self.processes = Gauge("eagle_judging_processes", "Processes that judge.", registry=self.registry)
        self.effect = Gauge(
            "eagle_drift_effect",
            "Share of pairs in which one of the newest parts is farther from its nearest good image than good images are from each other.",
            ["category"],
            registry=self.registry,
        )
        self.moved = Gauge("eagle_drift_moved", "1: the newest parts look unlike the good images.", ["category"], registry=self.registry)

    def stage(self, name: Stage, seconds: float) -> None:
        """A stage of one part ended."""
        self.stages.labels(name).observe(seconds)

    def judged(self, category: str, verdict: str, seconds: float) -> None:
        """A part was kept, wherever it came from."""
        self.parts.labels(category, verdict).inc()
        self.seconds.observe(seconds)

    def drifted(self, category: str, effect: float, moved: bool) -> None:
        """The newest parts were compared with the good images."""
        self.effect.labels(category).set(effect)
        self.moved.labels(category).set(moved)

    def text(self) -> bytes:
        """In Prometheus' exposition format."""
        return generate_latest(self.registry)
