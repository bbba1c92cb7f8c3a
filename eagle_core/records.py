"""The frozen nouns that travel between the stages.

Sample -> ExpertPrediction -> Guidance -> Prompt -> Answer -> Record. Stage packages meet here; the Parquet schema: ``record_table``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

Split = Literal["train", "calibration", "test"]
Method = Literal["expert", "mllm", "eagle_no_caas", "eagle", "echo", "eagle_echo"]
QuestionType = Literal[
    "anomaly_detection",
    "defect_classification",
    "defect_localization",
    "defect_description",
    "defect_analysis",
    "object_classification",
    "object_analysis",
]
AnswerStatus = Literal["answered", "unparsed", "failed", "not_asked", "not_judged"]
NOT_JUDGED = "not judged: "
"""Beginning of the reason of an image that looks like no training image: it counts apart, in no metric."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a dataset. ``image_id`` is its POSIX path below the dataset's root: stable across machines, and text
    (``eagle_core.names``) whatever bytes the file's name has."""

    dataset: str
    category: str
    image_id: str
    image_path: Path
    split: Split
    is_defective: bool | None
    """None: unlabelled."""
    defect_kind: str | None = None
    """Folder name of the defect in MVTec layout; None for normal or unlabelled images."""
    mask_path: Path | None = None
    more_masks: tuple[Path, ...] = ()
    """Further masks of the same image: it is defective where any of them says so."""
    bit_depth: int = 16
    """How many bits a camera filled, where the file holds sixteen a channel; without effect on other files."""

    @property
    def masks(self) -> tuple[Path, ...]:
        """All masks of the image."""
        return () if self.mask_path is None else (self.mask_path, *self.more_masks)


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-aligned box in pixels of the original image, half-open: columns x0..x1-1, rows y0..y1-1."""

    x0: int
    y0: int
    x1: int
    y1: int
    score: float
    """Highest patch score inside."""


@dataclass(frozen=True, slots=True)
class ExpertPrediction:
    """PatchCore's reading of one image (paper: Eqs. 2-4)."""

    image_id: str
    score: float
    """s_img, the maximum of ``patch_scores``."""
    patch_scores: np.ndarray
    """``(h, w) float32``: distance of each patch to its nearest bank patch."""
    image_size: tuple[int, int]
    """(width, height) of the original image in pixels."""
    embedding: np.ndarray
    """``(D,) float32``: mean of the patch features, L2-normalised; what retrieval compares."""
    likeness: float | None = None
    """Cosine of its patch grid with the training image's that is most like it; None: the expert does not measure it."""


CalibrationRule = Literal["as_printed", "unsampled", "leave_out", "cross_fitted", "grouped", "held_out"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """By which rule normal images were scored for a threshold, and why by this one."""

    rule: CalibrationRule
    reason: str = ""
    """One sentence; empty where the rule was asked for by name."""
    folds: int | None = None
    """Parts in which the images were divided; None: none."""
    nested: bool = False
    """Each fold was scored by a bank that was built without it and lies inside the deployed one."""


@dataclass(frozen=True, slots=True)
class TrainingScores:
    """The normal images seen by DBT: what a threshold is fitted from (paper: section 3.2.2)."""

    image_ids: tuple[str, ...]
    """Scored images."""
    scores: np.ndarray
    """``(N,) float64``, finite, in the order of ``image_ids``."""
    excluded: tuple[str, ...] = ()
    """Images with too few unsampled patches to be scored."""
    groups: tuple[str, ...] = ()
    """Group of each scored image; empty: every image stands for itself."""
    calibration: Calibration = Calibration("unsampled")
    suspects: tuple[str, ...] = ()
    """Images that look like defects beside the others."""
    patch_quantiles: tuple[float, ...] = ()
    """Of all patches that were scored, at ``QUANTILE_LEVELS``; what a threshold for pixels is fitted from."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that could not be processed in a batch that goes on without it; it is counted and shown."""

    image_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShiftCheck:
    """How a batch of images compares with the normal training images."""

    effect: float
    """Probability that an image of the batch is farther from its nearest training image than a training image is
    from its nearest other one: 0.5 where nothing changed, 1 where all are."""
    p_value: float
    """One-sided Mann-Whitney test of the same."""
    score_scale: float
    """Ratio of the lower quartiles of the anomaly scores, batch to training, at least 1."""
    images: int
    """In the batch."""
    shifted: bool
    likeness_before: float | None = None
    """Median likeness of the images that tau was fitted from to the nearest training image."""
    likeness_after: float | None = None
    """The same of the batch; None: the expert does not measure it."""
    likeness_effect: float | None = None
    """Probability that an image of the batch is less like its nearest training image than one of those is."""
    promise_at_risk: bool = False
    """tau promises too much: new images are less alike than those it was fitted from are to each other."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Which share of normal images a threshold promises to flag, and on what that rests."""

    asked: float
    """threshold.false_alarm_rate."""
    rate: float
    """What tau was fitted for: ``asked``, or the smallest rate that so few images or groups can promise."""
    bound: float | None
    """What is proven not to be exceeded on average, for images exchangeable with those it was fitted from; None where
    no theorem holds."""
    units: int
    """Images, or groups, that count."""
    grouped: bool
    calibration: str
    reason: str
    statement: str
    """One sentence for people."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """tau and s_max of one category with what they were fitted from (paper: section 3.2.2)."""

    tau: float
    s_max: float
    method: str
    mean: float
    standard_deviation: float
    """Population standard deviation of the training scores."""
    tau_low: float
    tau_high: float
    """95 % bootstrap confidence interval of tau."""
    interval_mass: float
    """Share of the training scores in [tau, s_max]; 0.0 where the interval is empty."""
    training_scores: tuple[float, ...]
    excluded_images: tuple[str, ...] = ()
    """Training images that had too few unsampled patches to be scored, by image_id."""
    warnings: tuple[str, ...] = ()
    shift: ShiftCheck | None = None
    """None: no batch was compared."""
    promise: Promise | None = None
    """None: the rule promises no rate."""
    tau_warn: float | None = None
    """From here to tau an image is normal with a warning; None: there are no warnings."""
    suspects: tuple[str, ...] = ()
    """Training images that look like defects beside the others, by image_id."""
    levels: tuple[tuple[float, float], ...] = ()
    """(false-alarm rate, tau) of other rates that the same scores can promise."""
    different_parts: float | None = None
    """Effective number of the training images: about so many different parts are seen on them; None: not measured."""
    variety: str = ""
    """One sentence for people about ``different_parts``."""

    @property
    def interval_is_empty(self) -> bool:
        """True where no score can lie in [tau, s_max]: the paper's gate never opens."""
        return self.s_max < self.tau


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the expert tells the MLLM about one image (paper: sections 3.2.3 and 3.3.3)."""

    predicted_anomalous: bool
    """s_img >= tau."""
    gate_open: bool
    """CAAS is on for this image."""
    boxes: tuple[Box, ...]


NO_DEFECT_STATEMENT = "The query image contains no anomalies or defects compared to the normal sample."
"""What is to be judged true or false (Echo: section 4.3)."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question. Options are (letter, text) in the order in which they are printed."""

    question_id: str
    question_type: QuestionType
    text: str
    options: tuple[tuple[str, str], ...]
    correct_letter: str | None = None
    """None: the right answer is unknown."""
    is_open: bool = False
    """The options are not shown: what is answered in words is compared with their texts."""


ImageRole = Literal["template", "query", "boxed_query"]
TextRole = Literal["caption", "prior", "box_sentence", "instruction", "knowledge", "reasoning", "question"]


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image of the prompt, RGB."""

    role: ImageRole
    image: Image.Image


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of text of the prompt. It ends in its own separator: parts are concatenated as they are."""

    role: TextRole
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to an MLLM: a system text, then images and text in order."""

    system: str
    parts: tuple[ImagePart | TextPart, ...]
    question: Question

    @property
    def text(self) -> str:
        """All text in order, with ``<role>`` where an image stands: what the cache and the reader see."""
        shown = [p.text if isinstance(p, TextPart) else f"<{p.role}>" for p in self.parts]
        return self.system + "\n" + "".join(shown)


@dataclass(frozen=True, slots=True)
class AttentionGuidance:
    """How strongly attention is guided for one prompt (paper: Eq. 9). Zeros leave it as it is, bit for bit."""

    alpha: float = 0.0
    """Visual tokens are scaled by 1 + alpha."""
    beta: float = 0.0
    """The prior sentence's tokens are scaled by 1 + beta."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An MLLM's answer to one prompt."""

    status: AnswerStatus
    letter: str | None
    p_defect: float | None
    """Probability of the option that says "defect"; None where the options are not yes/no."""
    option_log_probabilities: tuple[tuple[str, float], ...] = ()
    """(letter, natural-log probability normalised over the options); empty where text was generated."""
    text: str | None = None
    """What was generated, where something was."""
    error: str | None = None
    """Why, where status is failed."""
