"""Whether weights can be had from the model hub, asked once: the hub's own client tries for half a minute before it gives up."""

from __future__ import annotations

from typing import Any

from eagle_core.errors import WeightsError

REMEDY = (
    "set backbone.weights to packaged (backbone.name tf_efficientnet_lite0, which is installed with Eagle), to a local "
    "safetensors file, or to pretrained on a machine that can reach the model hub"
)
FILE = "model.safetensors"
"""What timm asks the hub for first."""
SECONDS = 5
"""For one question to the hub."""


def why_unreachable(model: str) -> str | None:
    """Why timm's weights of ``model`` cannot be had: the first line of the error; None: they lie in the local cache, or the hub answers.

    Models that timm downloads from elsewhere are not looked for.
    """
    # These take seconds to import, for which a configuration that names packaged weights need not wait.
    import httpx2
    import huggingface_hub
    import timm
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    known: Any = timm.get_pretrained_cfg(model)
    if known is None or not known.hf_hub_id:
        return None
    file = known.hf_hub_filename or FILE
    if isinstance(huggingface_hub.try_to_load_from_cache(known.hf_hub_id, file), str):
        return None
    try:
        huggingface_hub.get_hf_file_metadata(huggingface_hub.hf_hub_url(known.hf_hub_id, file), timeout=SECONDS)
    except (HfHubHTTPError, OfflineModeIsEnabled, httpx2.TransportError, OSError) as error:
        return reason_of(error)
    return None


def reason_of(error: Exception) -> str:
    """Its kind and first line: what the hub's client and timm raise goes on for several."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def no_weights(model: str, reason: str) -> WeightsError:
    """Weights that were asked for by name and cannot be had, with the remedy."""
    return WeightsError(f"pretrained weights of {model} cannot be had here ({reason}); {REMEDY}")
