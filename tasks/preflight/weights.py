"""Can the weights be had that the job asks for, does the endpoint answer, and does everything fit into memory?"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil

from eagle_core.config import EagleConfig, EndpointConfig, EngineConfig, MllmConfig
from eagle_core.errors import EagleError, ModelError
from eagle_core.mllm.model_files import locate
from tasks.machinery.inputs import dataset_of
from tasks.preflight.finding import Finding

GIB = 2**30
ENDPOINT_SECONDS = 5.0
KILLED_AT = 0.95
"""Of its limit: where Dask ends a process."""


def asks_mllm(config: EagleConfig) -> bool:
    """Whether any method does more than ask the expert."""
    return any(method != "expert" for method in config.methods)


def expert_findings(config: EagleConfig) -> Iterator[Finding]:
    """Whether the backbone's weights are there. Imports torch and timm."""
    from eagle_core.expert.automatic import settle
    from eagle_core.expert.backbone import load_backbone

    try:
        fingerprint = load_backbone(settle(config.expert.backbone), "cpu").fingerprint
        yield Finding("expert", f"backbone {config.expert.backbone.name} ({fingerprint[:12]})")
    except EagleError as error:
        yield Finding("expert", str(error), fault=True)


def mllm_findings(config: EagleConfig) -> Iterator[Finding]:
    """A line for each MLLM: its weights are here, or its server answers. Imports nothing heavy for what is here."""
    for name, mllm in config.mllms.items():
        if mllm.endpoint is not None:
            yield _endpoint(name, mllm, mllm.endpoint)
            continue
        try:
            yield Finding("MLLM", f"{name}: {locate(mllm)}")
        except EagleError as error:
            yield Finding("MLLM", f"{name}: {error}", fault=True)


def refuse_absent(config: EagleConfig, mllm: str) -> None:
    """For a job that nothing is left of without ``mllms.<mllm>``.

    Raises:
        ModelError: Its weights are not here, or its server does not answer; says what to do.
    """
    only = config.model_copy(update={"mllms": {mllm: config.mllms[mllm]}})
    for finding in mllm_findings(only):
        if finding.fault:
            raise ModelError(finding.text)


def memory_findings(config: EagleConfig) -> Iterator[Finding]:
    """What the weights and fitting the largest category of each dataset take, against what is free. Imports torch."""
    from eagle_core.expert.memory import estimate_fit_bytes

    available = _memory_of_a_process(config.run.engine, psutil.virtual_memory().available)
    for name in config.datasets:
        try:
            largest = max(len(category.train) for category in dataset_of(config, name).categories.values())
            needed = estimate_fit_bytes(largest, config.expert)
        except EagleError:
            # Told by the findings about data and expert.
            continue
        text = f"{name}: fitting needs about {needed / GIB:.2f} GiB"
        if needed > available:
            text += f", and {available / GIB:.2f} GiB are free{_to_each(config.run.engine)}; lower expert.preprocessing.resize or use "
            text += "fewer training images" + (", or lower run.engine.workers" if config.run.engine.workers > 1 else "")
        yield Finding("memory", text, fault=needed > available)
    if asks_mllm(config):
        local = ((name, mllm) for name, mllm in config.mllms.items() if mllm.endpoint is None)
        yield from filter(None, (_weights_in_memory(name, mllm) for name, mllm in local))


def _memory_of_a_process(engine: EngineConfig, available: int) -> float:
    """Bytes that one process of the engine may take: of a cluster that is started here, what Dask does not kill it for."""
    if engine.kind != "dask" or engine.address is not None:
        return available
    from dask.utils import parse_bytes

    share = psutil.virtual_memory().total / engine.workers if engine.memory_limit is None else parse_bytes(engine.memory_limit)
    return float(min(available / engine.workers, KILLED_AT * share))


def _to_each(engine: EngineConfig) -> str:
    return f" to each of {engine.workers} processes" if engine.kind == "dask" and engine.address is None else ""


def _weights_in_memory(name: str, mllm: MllmConfig) -> Finding | None:
    """None where the weights are not here, which is told elsewhere."""
    from eagle_core.mllm.memory import check_memory, weight_bytes

    try:
        folder = locate(mllm).folder
    except EagleError:
        return None
    try:
        check_memory(name, folder, mllm)
    except EagleError as error:
        return Finding("memory", str(error), fault=True)
    return Finding("memory", f"{name}: weights of {weight_bytes(folder, mllm) / GIB:.2f} GiB on {mllm.device}")


def _endpoint(name: str, mllm: MllmConfig, endpoint: EndpointConfig) -> Finding:
    """Any answer of HTTP will do: what the server serves, and whether it lets us in, is seen when it is asked."""
    try:
        with urlopen(f"{endpoint.url}/models", timeout=ENDPOINT_SECONDS):
            pass
    except HTTPError:
        pass
    except (URLError, OSError) as error:
        remedy = f"start the server, or set mllms.{name}.endpoint.url"
        return Finding("MLLM", f"{name}: {endpoint.url} does not answer ({error}); {remedy}", fault=True)
    return Finding("MLLM", f"{name}: {mllm.model}, served at {endpoint.url}")
