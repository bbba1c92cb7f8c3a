"""Keys of earlier versions of params.yaml and what they are called now, so that an old file is told how to go on."""

from __future__ import annotations

RENAMED = {
    "expert.leave_own_image_out": "expert.calibration (true is unsampled, false is as_printed)",
    "expert.patches": "expert.calibration (unsampled is unsampled, all is leave_out)",
    "run.workers": "run.engine.workers",
    "run.dask_address": "run.engine.address (with run.engine.kind: dask)",
    "service.warn_rate": "threshold.warn_rate (with threshold.method conformal or quantile)",
}
"""Dotted key -> its new spelling. A key stays here for good; a renaming adds a line."""
