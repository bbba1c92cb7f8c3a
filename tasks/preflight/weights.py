"""Can the weights be had that the job asks for, does the endpoint answer, and does everything fit into memory?"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil

from eagle_core.config import EagleConfig, EndpointConfig, MllmConfig
from eagle_core.data.catalogue import load_dataset
from eagle_core.errors import EagleError
from tasks.preflight.finding import Finding

GIB = 2**30
ENDPOINT_SECONDS = 5.0


def asks_mllm(config: EagleConfig) -> bool:
    """False for the expert alone."""
    return any(method != "expert" for method in config.methods)


def expert_findings(config: EagleConfig) -> Iterator[Finding]:
    """Whether the backbone's weights are there. Imports torch and timm."""
    from eagle_core.expert.backbone import load_backbone

    try:
        fingerprint = load_backbone(config.expert.backbone, "cpu").fingerprint
        yield Finding("expert", f"backbone {config.expert.backbone.name} ({fingerprint[:12]})")
    except EagleError as error:
        yield Finding("expert", str(error), fault=True)


def mllm_findings(config: EagleConfig) -> Iterator[Finding]:
    """A line for each MLLM: its weights are here and fit into memory, or its server answers."""
    for name, mllm in config.mllms.items():
        if mllm.endpoint is not None:
            yield _endpoint(name, mllm, mllm.endpoint)
            continue
        try:
            yield _local(name, mllm)
        except EagleError as error:
            yield Finding("MLLM", f"{name}: {error}", fault=True)


def memory_findings(config: EagleConfig) -> Iterator[Finding]:
    """What fitting the largest category of each dataset takes, against what is free."""
    from eagle_core.expert.memory import estimate_fit_bytes

    available = psutil.virtual_memory().available
    for name, dataset in config.datasets.items():
        try:
            largest = max(len(category.train) for category in load_dataset(dataset).categories.values())
            needed = estimate_fit_bytes(largest, config.expert)
        except EagleError:
            # Told by the findings about data and expert.
            continue
        text = f"{name}: fitting needs about {needed / GIB:.2f} GiB"
        if needed > available:
            text += f", and {available / GIB:.2f} GiB are free; lower expert.preprocessing.resize or use fewer training images"
        yield Finding("memory", text, fault=needed > available)


def _local(name: str, mllm: MllmConfig) -> Finding:
    from eagle_core.mllm.memory import check_memory, weight_bytes
    from eagle_core.mllm.model_files import locate

    found = locate(mllm)
    check_memory(name, found.folder, mllm)
    size = weight_bytes(found.folder, mllm) / GIB
    return Finding("MLLM", f"{name}: {found}; weights of {size:.2f} GiB on {mllm.device}")


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
