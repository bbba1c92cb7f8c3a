"""Whether weights can be had from the model hub, asked once: the hub's own client tries for half a minute before it gives up."""

from __future__ import annotations

from typing import Any

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
        return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    return None
