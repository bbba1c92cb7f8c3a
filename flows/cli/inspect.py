"""``eagle inspect``: a verdict per image, with an overlay and a JSON file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from eagle_core.counted import counted
from eagle_core.errors import ConfigurationError
from eagle_core.names import printable
from flows.cli.console import wide_console
from flows.cli.options import PARAMS, CheckOption, ParamsOption, ProfileOption, SetOption
from flows.cli.preflight import check_only
from tasks.inspection.choice import choose_category, chosen_images, refuse_unknown_dataset, unread_among
from tasks.machinery.params import load_params, parse_assignments
from tasks.machinery.stand_in import HOW_TO, is_stand_in
from tasks.preflight.data import refuse_without_data
from tasks.preflight.weights import refuse_absent

if TYPE_CHECKING:
    from eagle_core.config import EagleConfig
    from eagle_core.records import Failure
    from tasks.inspection.verdict import Verdict

WORDS = {
    "defective": "[red]DEFECTIVE[/]",
    "normal": "[green]normal[/]",
    "disputed": "[magenta]DISPUTED[/]",
    "not judged": "[yellow]NOT JUDGED[/]",
}
ABOUT_ATTENTION = "[tau, s_max]"
"""In a threshold's warning that concerns MLLMs only."""
UNREADABLE, UNDECIDED = 1, 3
"""Exit codes: an image could not be read; one was not judged, or is disputed."""


def inspect(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGES", help="Images, folders of images, or patterns.")],
    category: Annotated[str | None, typer.Option("--category", "-c", help="Whose normal images to judge by.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Where a category of that name is in several.")] = None,
    mllm: Annotated[str | None, typer.Option(help="Who is asked beside the expert; default: the profile's first real one.")] = None,
    expert: Annotated[Path | None, typer.Option(help="Judge by a file that `eagle export` wrote; no project is needed.")] = None,
    out: Annotated[Path, typer.Option(help="Where overlays and JSON go.")] = Path("runs/inspect"),
    explain: Annotated[bool, typer.Option(help="Ask for a sentence about images judged defective.")] = True,
    details: Annotated[bool, typer.Option("--details", help="Show every number.")] = False,
    profile: ProfileOption = "demo",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
    check: CheckOption = False,
) -> None:
    """Judge images by a category's normal images: normal, DEFECTIVE, DISPUTED, or NOT JUDGED with the reason.

    The expert decides. A real MLLM is asked too, and its word goes before the expert's, unless the score speaks strongly
    against it: then the image is DISPUTED. The embedded MLLM is a stand-in and never decides. NOT JUDGED is an image that is
    blank, saturated, blurred, of another size or another scene than every normal training image.

    The first call for a category fits its expert; later calls take it from the store.

    Exit codes: 0 every image is normal or defective; 1 one could not be read; 3 one is disputed or was not judged.

    Examples:

      eagle inspect data/demo/wood/test/scratch/000.png --category wood

      eagle inspect ~/line3/today -c housing

      eagle inspect 'photos/**/*.png' --out verdicts --details
    """
    if expert is not None:
        if category is not None or dataset is not None or mllm is not None:
            raise ConfigurationError("--expert brings its own category and no MLLM; leave --category, --dataset and --mllm out")
        _by_file(expert, images, out, parse_assignments(assignments or []), details=details)
        return
    config = load_params(params, profile, parse_assignments(assignments or []))
    if mllm is not None and mllm not in config.mllms:
        raise ConfigurationError(f"--mllm {mllm!r} is unknown; there are: {', '.join(config.mllms)}")
    refuse_unknown_dataset(config, dataset)
    project = params.resolve().parent
    paths, unknown = _chosen(images)
    refuse_without_data(config, project)
    name, known = choose_category(config, dataset, category, project)
    real = [each for each, settings in config.mllms.items() if not is_stand_in(settings)]
    asked = mllm or next(iter([*real, *config.mllms]), None)
    if check:
        mine = {asked: config.mllms[asked]} if asked else {}
        config = config.model_copy(update={"datasets": {name: config.datasets[name]}, "mllms": mine})
        check_only([config], project, (name, known))
    if mllm is not None:
        refuse_absent(config, mllm)
    from tasks.inspection.judging import inspect_images
    from tasks.inspection.remarks import known_remarks
    from tasks.stages.data import ensure_available

    ensure_available(config, name, project)
    verdicts, failures = inspect_images(config, paths, name, known, asked, explain=explain, insist=mllm is not None)
    _tell(config, verdicts, known_remarks(config, name, known), out, details=details, only_stand_ins=not real)
    _end(verdicts, failures, unknown=unknown)


def _by_file(expert: Path, images: list[Path], out: Path, overrides: dict[str, Any], *, details: bool) -> None:
    """Judge by an exported file."""
    from tasks.carrying.export_file import open_export
    from tasks.carrying.inspection import as_carried, inspect_by_file, without_project

    paths, unknown = _chosen(images)
    config = without_project(overrides)
    carried = open_export(config, expert)
    verdicts, failures = inspect_by_file(config, carried, paths)
    _tell(as_carried(config, carried), verdicts, (), out, details=details, only_stand_ins=False)
    if carried.kit.extractor is not None:
        told = carried.kit.extractor.identity()
        wide_console().print(f"features by: {told['runtime']} ({told['version']})", highlight=False, markup=False)
    _end(verdicts, failures, unknown=unknown)


def _chosen(images: list[Path]) -> tuple[list[Path], bool]:
    """The image files, and whether something that was named is none; that is told at once."""
    paths, faults = chosen_images(images)
    faults += unread_among(images)
    _complain(faults)
    if not paths:
        raise typer.Exit(UNREADABLE)
    return paths, bool(faults)


def _complain(faults: Iterable[str]) -> None:
    errors = Console(stderr=True, soft_wrap=True)
    for fault in faults:
        errors.print(f"[bold red]error:[/] {escape(printable(fault))}", highlight=False)


def _end(verdicts: list[Verdict], failures: list[Failure], *, unknown: bool) -> None:
    """Tell what could not be read, and leave with the exit code that fits."""
    _complain(failure.reason for failure in failures)
    if failures or unknown:
        raise typer.Exit(UNREADABLE)
    if any(verdict.headline.word in ("disputed", "not judged") for verdict in verdicts):
        raise typer.Exit(UNDECIDED)


def _tell(
    config: EagleConfig, verdicts: list[Verdict], remarks: Iterable[str], out: Path, *, details: bool, only_stand_ins: bool
) -> None:
    """Write each verdict's files, and the table and what is to be known of it to the terminal."""
    from tasks.inspection.files import file_stems, write_verdict

    console = wide_console()
    if verdicts:
        console.print(_table(verdicts, details=details))
    stems = file_stems([verdict.sample.image_path for verdict in verdicts])
    for verdict in verdicts:
        picture, described = write_verdict(config, verdict, out, stems[verdict.sample.image_path])
        if verdict.explanation:
            console.print(f"{verdict.sample.image_id}: {verdict.explanation}", highlight=False, markup=False)
        for contradiction in verdict.contradictions:
            console.print(f"  [yellow]doubtful:[/] {escape(contradiction)}", highlight=False)
        console.print(printable(f"{picture}  {described}"), highlight=False, soft_wrap=True, markup=False)
    for promise in dict.fromkeys(v.threshold.promise.statement for v in verdicts if v.threshold.promise is not None):
        console.print(f"false alarms: {promise}", highlight=False, soft_wrap=True, markup=False)
    for variety in dict.fromkeys(v.threshold.variety for v in verdicts if v.threshold.variety):
        console.print(f"judged by: {variety}", highlight=False, soft_wrap=True, markup=False)
    for warning in dict.fromkeys(w for v in verdicts for w in v.threshold.warnings if details or v.asked is not None or ABOUT_ATTENTION not in w):
        console.print(f"[yellow]warning:[/] {escape(warning)}", highlight=False, soft_wrap=True)
    for remark in remarks:
        console.print(f"[yellow]warning:[/] {escape(printable(remark))}", highlight=False, soft_wrap=True)
    for line in _closing(verdicts, only_stand_ins):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def _table(verdicts: list[Verdict], *, details: bool) -> Table:
    more = ("MLLM", "P(defect)", "s_max", "low confidence") if details else ()
    table = Table(Column("image", overflow="fold"), Column("verdict", no_wrap=True), "why", "score (anomaly score)", "limit (threshold τ)", "where (boxes x0,y0–x1,y1)", *more)
    for v in verdicts:
        boxes = " ".join(f"{b.x0},{b.y0}–{b.x1},{b.y1}" for b in v.boxes)
        cells = [
            escape(v.sample.image_id), WORDS[v.headline.word], escape(_why(v)),
            f"{v.prediction.score:.3f}", f"{v.threshold.tau:.3f}", boxes or "–",
        ]  # fmt: skip
        if details:
            cells += [*_of_mllm(v), f"{v.threshold.s_max:.3f}", "yes" if v.guidance.gate_open else "no"]
        table.add_row(*cells)
    return table


def _why(verdict: Verdict) -> str:
    decided = verdict.headline
    if decided.reason is not None:
        return decided.reason
    if decided.decided_by == "expert":
        close = ", WARNING: above the warning level" if verdict.warned else ""
        return f"expert: score {'reaches' if verdict.expert_says == 'defective' else 'below'} the limit{close}"
    return f"{decided.decided_by}" + ("" if decided.word == verdict.expert_says else f" (the expert says {verdict.expert_says})")


def _of_mllm(verdict: Verdict) -> tuple[str, str]:
    asked = verdict.asked
    if asked is None:
        return "not asked", "–"
    says = {True: "defective", False: "normal", None: "no verdict"}[asked.defective]
    p = asked.answer.p_defect
    return f"{asked.name}{' (stand-in)' if asked.stand_in else ''}: {says}", f"{p:.3f}" if p is not None else f"none: {asked.p_defect_absent}"


def _closing(verdicts: list[Verdict], only_stand_ins: bool) -> list[str]:
    """How many of each, and what the reader must know of who decided."""
    counts: Counter[str] = Counter(verdict.headline.word for verdict in verdicts)
    lines = [f"{counted(len(verdicts), 'image')}: " + ", ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])] if verdicts else []
    absent = dict.fromkeys(v.asked.p_defect_absent for v in verdicts if v.asked is not None and v.asked.answer.status == "answered")
    lines += [f"P(defect), the MLLM's probability, is not shown: {reason}" for reason in absent if reason is not None]
    unanswered = [v for v in verdicts if v.asked is not None and not v.asked.stand_in and v.asked.defective is None]
    if unanswered:
        lines.append(f"the MLLM gave no readable answer about {len(unanswered)} of them: the expert decides there")
    if only_stand_ins:
        lines.append(f"The expert (PatchCore) decides: the embedded MLLM is a stand-in for the demo; {HOW_TO}")
    return lines
