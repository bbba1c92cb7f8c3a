"""``eagle data``: fetch and import datasets, and check what is in them."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eagle_core.counted import counted
from eagle_core.data import elpv
from eagle_core.data.catalogue import DatasetFormat, detect_format
from eagle_core.data.elpv import ElpvSplit
from eagle_core.data.mmad_questions import write_questions
from eagle_core.data.question_types import TITLES
from eagle_core.errors import ConfigurationError
from eagle_core.names import dataset_name
from flows.cli.console import progress
from flows.cli.data_add import add
from flows.cli.data_findings import corrected, described, show, show_corrected
from flows.cli.options import PARAMS, ParamsOption, ProfileOption, SetOption
from tasks.acquisition import (
    audit_folder,
    correct_folder,
    fetch_elpv,
    fetch_published,
    holds_photographs_only,
    import_folder,
    parse_labels,
)
from tasks.machinery.dataset import ensure_demo
from tasks.machinery.params import load_params, parse_assignments
from tasks.machinery.params_file import add_dataset

HELP = """Fetch, import and check datasets.

Layouts that are read (--format):

  mvtec    CATEGORY/train/good, CATEGORY/test/KIND, CATEGORY/ground_truth/KIND/STEM_mask.png; also MVTec AD 2, MVTec LOCO, BTAD, MPDD and GoodsAD as they are unpacked

  visa     split_csv/1cls.csv and the images it names

  mmad     one of MMAD's four datasets; mmad.json lies beside it, and so do the folders of its templates

  folder   CATEGORY/normal, and where there are any: normal_test, defective (or defective/KIND), masks (or masks/KIND), unlabelled; images right inside CATEGORY are unlabelled

  real_iad, kolektor_sdd2    as they are unpacked

The folder itself may be the only category.
"""
app = typer.Typer(help=HELP, no_args_is_help=True)
ELPV_SPLIT = ElpvSplit()

app.command()(add)

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the images.")]
LayoutOption = Annotated[
    DatasetFormat | None,
    typer.Option("--format", help="Layout of the folder; told from what is in it if not given."),
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(metavar="FOLDER=LABEL", help="What a test folder holds: normal, defective or unlabelled; may be repeated."),
]


@app.command()
def fetch(
    name: Annotated[Literal["demo", "mvtec_ad", "visa", "mmad", "elpv"], typer.Argument(help="Which dataset.")],
    url: Annotated[
        str | None, typer.Option(help="Address of the archive (a mirror, or where none is known).")
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="Checksum of the archive.")] = None,
    train: Annotated[int, typer.Option(min=1, help="elpv: normal images to fit on, of each category.")] = ELPV_SPLIT.train,
    test: Annotated[int, typer.Option(min=1, help="elpv: normal and as many defective images to test on.")] = ELPV_SPLIT.test,
    seed: Annotated[int, typer.Option(min=0, help="elpv: which images are drawn.")] = ELPV_SPLIT.seed,
    params: ParamsOption = PARAMS,
) -> None:
    """Generate the demo, or bring a published dataset into data/, and track it with DVC.

    An interrupted download goes on where it broke off when the command is given again. elpv (photographs of solar cells)
    comes in a Python package, so that no connection is needed: it is split into data/elpv, and what its labellers were
    unsure about goes to data/elpv_doubtful.

    Examples:

      eagle data fetch demo

      eagle data fetch mvtec_ad

      eagle data fetch mmad --url https://… --sha256 …

      eagle data fetch elpv --train 300 --test 150
    """
    project = params.resolve().parent
    if name == "demo":
        folder = project / "data" / "demo"
        ensure_demo(folder, project)
    elif name == "elpv":
        _say(elpv.NOTICE)
        with progress() as report:
            counts = fetch_elpv(ElpvSplit(train, test, seed), project, report)
        _say(", ".join(f"{place}: {count}" for place, count in counts.items()))
        folder = project / "data" / elpv.DATASET
    else:
        with progress() as report:
            folder = fetch_published(name, url, sha256, project, report)
    _say(f"{folder}: there, tracked with DVC")


@app.command("import")
def import_(
    folder: FolderArgument,
    name: Annotated[
        str | None, typer.Option(help="Name of the dataset; the folder's own if not given.")
    ] = None,
    layout: LayoutOption = None,
    link: Annotated[bool, typer.Option("--link", help="Link to the folder: no copy, no DVC.")] = False,
    no_check: Annotated[bool, typer.Option("--no-check", help="Import without looking inside.")] = False,
    as_: Annotated[
        Literal["normal", "good", "unlabelled"] | None,
        typer.Option("--as", help="What a folder of photographs and nothing else holds; normal (good) if not given."),
    ] = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Check a folder of images, copy it to data/NAME, tracked with DVC, and make it the default dataset of params.yaml.

    A folder that holds photographs and nothing else is taken as normal images to fit on; --as unlabelled says otherwise.

    Exit code 1: errors found, not imported.

    Examples:

      eagle data import ~/photos/cups

      eagle data import ~/photos/today --as unlabelled

      eagle data import /mnt/visa --name visa --link

      eagle data import ~/MMAD --name mmad --no-check
    """
    folder = folder.expanduser()
    chosen = name or dataset_name(folder.resolve().name)
    flat = layout in (None, "folder") and folder.is_dir() and holds_photographs_only(folder)
    if as_ is not None and not flat:
        raise ConfigurationError(f"--as {as_}: {folder} holds more than photographs, whose folders say what they are; leave --as out")
    as_normal = flat and as_ != "unlabelled"
    found: DatasetFormat | None = layout
    if not no_check:
        with progress() as report:
            audited = audit_folder(folder, layout, report, as_normal=as_normal)
        show(audited)
        if audited.has_errors:
            _say("not imported: correct the errors above, or repeat with --no-check")
            raise typer.Exit(1)
        found = audited.layout
    with progress() as report:
        target = import_folder(folder, chosen, params.resolve().parent, link, report, inside="normal" if as_normal else None)
    _say(f"{target}: {'linked, not tracked with DVC' if link else 'copied, tracked with DVC'}")
    if as_normal:
        _say("a folder of photographs and nothing else: taken as normal images to learn from (--as unlabelled would have them judged)")
    found = found or detect_format(target)
    if found is not None:
        _make_default(params, chosen, found, teaches=no_check or any(category.train for category in audited.dataset.categories.values()))


def _make_default(params: Path, name: str, layout: DatasetFormat, *, teaches: bool) -> None:
    """Enter the dataset into params.yaml, and say what can be done now; ``teaches``: it has normal images to learn from."""
    dataset = {"format": layout, "root": f"data/{name}"}
    if not params.is_file():
        _say(f"{params} does not exist: make one with `eagle init`, then set datasets: {{{name}: {{format: {layout}, root: data/{name}}}}}")
        return
    others = add_dataset(params, name, dataset, make_default=True)
    _say(f"{params}: datasets: {{{name}: {{format: {layout}, root: data/{name}}}}}, which is now the default")
    if others:
        _say(f"no longer read by a plain `eagle run`: {'; '.join(others)}; to read them too, write their lines back under datasets")
    if not teaches:
        _say(f"next: nothing can be judged before there are normal images to learn from: put good parts into a folder `normal` in data/{name} (of several products: in the folder of each)")
        return
    elsewhere = "" if params == PARAMS else f" --params {shlex.quote(str(params))}"
    _say(f"next: eagle run{elsewhere}")


@app.command()
def check(
    folder: FolderArgument,
    layout: LayoutOption = None,
    label: LabelOption = None,
    fix: Annotated[
        Path | None, typer.Option(metavar="NEW", help="Write a corrected copy to this new folder; the original is not changed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look into every image and mask of a folder. Exit code 1: errors found (with --fix: left in the copy).

    Examples:

      eagle data check data/demo

      eagle data check ~/photos/cups --format folder --json

      eagle data check ~/photos/cups --fix ~/photos/cups_corrected
    """
    source = folder.expanduser()
    with progress() as report:
        audited = audit_folder(source, layout, report, parse_labels(label or []))
    copied = None
    if fix is not None:
        with progress() as report:
            copied, audited_copy = correct_folder(audited, fix.expanduser(), report)
    if as_json:
        typer.echo(json.dumps(described(audited) | ({"corrected": corrected(copied)} if copied else {}), indent=2))
    else:
        show(audited)
        if copied is not None:
            show_corrected(copied)
            show(audited_copy)
    if (audited_copy if copied is not None else audited).has_errors:
        raise typer.Exit(1)


@app.command()
def questions(
    dataset: Annotated[str | None, typer.Argument(help="Of the profile; its only one if not given.")] = None,
    out: Annotated[Path, typer.Option(help="File to write.")] = Path("mmad.json"),
    profile: ProfileOption = "demo+questions",
    assignments: SetOption = None,
    params: ParamsOption = PARAMS,
) -> None:
    """Write the questions that a run asks, in the form of MMAD's mmad.json: to read, to correct, to ask elsewhere.

    A corrected file is asked with --set questions.file=FILE.

    Examples:

      eagle data questions

      eagle data questions --set questions.form=true_false --out statements.json
    """
    config = load_params(params, profile, parse_assignments(assignments or []))
    chosen = dataset or next(iter(config.datasets))
    if chosen not in config.datasets or (dataset is None and len(config.datasets) > 1):
        raise ConfigurationError(f"name one of the profile's datasets: {', '.join(config.datasets)}")
    # Behind it is torch, for which the other verbs of data need not wait.
    from tasks.stages.questions import asked_images

    images = asked_images(config, chosen)
    write_questions(images, out)
    counts = Counter(question.question_type for image in images for question in image.questions)
    table = Table("type", "questions")
    for kind, title in TITLES.items():
        table.add_row(title, str(counts[kind]))
    Console().print(table)
    _say(f"{counted(sum(counts.values()), 'question')} about {counted(len(images), 'image')} written to {out}")


def _say(line: str) -> None:
    """One line, unwrapped and taken literally, so that paths can be copied from it."""
    Console().print(escape(line), highlight=False, soft_wrap=True)
