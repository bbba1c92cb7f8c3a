"""``eagle export``: a fitted category as one file that judges elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eagle_core.config import OtherRuntime
from flows.cli.console import wide_console
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.inspection.choice import choose_category
from tasks.machinery.params import load_params, parse_assignments

SUFFIX = ".eagle"


def export(
    category: Annotated[str, typer.Argument(help="Whose expert.")],
    out: Annotated[Path | None, typer.Option(help="The file; default: CATEGORY.eagle here.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Where a category of that name is in several.")] = None,
    runtime: Annotated[
        OtherRuntime | None,
        typer.Option(help="Who computes the features where it is opened, in place of torch (pip install 'eagle-iad[onnx]', …[openvino])."),
    ] = None,
    register: Annotated[str | None, typer.Option(help="Register it in MLflow under this name as well.")] = None,
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Write a category's expert, threshold and provenance into one file, with images that prove it wherever it is opened.

    The file holds no code. Fitted is what has not been fitted yet. With --runtime it brings its network as well, so that no
    weights are needed where it is opened.

    Examples:

      eagle export wood                                     writes wood.eagle

      eagle inspect photos --expert wood.eagle              judges by it, on any machine with Eagle

      eagle serve --expert wood.eagle                       a station that judges by it

      eagle export wood --runtime openvino                  its network computed by OpenVINO

      eagle export wood --register wood                     and MLflow keeps it: eagle serve --model models:/wood/1
    """
    config = load_params(params, profile, parse_assignments(assignments or []))
    project = params.resolve().parent
    name, known = choose_category(config, dataset, category, project)
    from tasks.carrying.making import export_category
    from tasks.stages.data import ensure_available

    ensure_available(config, name, project)
    target = out or Path(known.replace("/", "-") + SUFFIX)
    export_category(config, name, known, project, target, runtime)
    console = wide_console()
    by = f", features by {runtime}" if runtime else ""
    console.print(f"wrote {target} ({target.stat().st_size / 2**20:.1f} MiB{by})", highlight=False, soft_wrap=True, markup=False)
    if register is not None:
        from tasks.carrying.registering import register_export

        console.print(f"registered: {register_export(config, target, register, runtime)}", highlight=False, soft_wrap=True, markup=False)
