"""The expert: preprocessing, backbone, coreset, threshold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from eagle_core.config.section import Fraction, Positive, Section


class PreprocessingConfig(Section):
    """How an image becomes the expert's input. Paper (4.1): resize 256, centre crop 224."""

    resize: Positive | tuple[Positive, Positive] = 224
    """Side in pixels, or (width, height) where images are not square; see ``fit``."""
    fit: Literal["stretch", "short_side"] = "stretch"
    """stretch: to exactly ``resize`` (no border goes uninspected); short_side: keep the aspect, then crop."""
    center_crop: Positive | None = None

    @property
    def resized_size(self) -> tuple[int, int]:
        """(width, height) that ``resize`` asks for."""
        return self.resize if isinstance(self.resize, tuple) else (self.resize, self.resize)

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of what the network is given."""
        return (self.center_crop, self.center_crop) if self.center_crop is not None else self.resized_size

    @model_validator(mode="after")
    def _crop_fits(self) -> PreprocessingConfig:
        if self.center_crop is not None and self.center_crop > min(self.resized_size):
            raise ValueError(f"center_crop ({self.center_crop}) exceeds resize ({self.resize})")
        if self.fit == "short_side" and (self.center_crop is None or isinstance(self.resize, tuple)):
            raise ValueError("fit: short_side needs one side to resize to and center_crop: images of a batch have one size")
        return self


class TilesConfig(Section):
    """Large images go through the backbone in overlapping square tiles, at full resolution and in little memory."""

    size: Positive = 256
    """Side of a tile in pixels of the network's input."""
    stride: Positive = 192
    """From one tile to the next; where tiles overlap their features are averaged."""

    @model_validator(mode="after")
    def _overlap(self) -> TilesConfig:
        if self.stride > self.size:
            raise ValueError(f"stride ({self.stride}) exceeds size ({self.size}): pixels between the tiles would go unseen")
        return self

    def layout(self, length: int) -> int:
        """How many tiles cover ``length`` pixels exactly.

        Raises:
            ValueError: None do; the lengths around it that would are named.
        """
        beyond, remainder = divmod(length - self.size, self.stride)
        if beyond < 0 or remainder:
            fitting = sorted({self.size + max(0, count) * self.stride for count in (beyond, beyond + 1)})
            raise ValueError(
                f"tiles of {self.size} every {self.stride} pixels do not cover {length} exactly; "
                f"resize to {' or '.join(map(str, fitting))}"
            )
        return beyond + 1


class BackboneConfig(Section):
    """The feature extractor.

    Weights: ``packaged`` (from an installed Python package), ``pretrained`` (downloaded by name), or a local
    safetensors file.
    """

    name: str = "tf_efficientnet_lite0"
    """A timm model name, or ``auto``: the paper's where it can be downloaded, a packaged one where not."""
    weights: str = "packaged"
    layers: tuple[str, ...] | None = None
    """As timm prints them; None: those at an eighth and a sixteenth of the input's side; of a transformer the
    last block."""
    stands_in_for: str | None = None
    """Set by Eagle where ``auto`` could not have the paper's backbone: which that is."""

    @model_validator(mode="after")
    def _pairs(self) -> BackboneConfig:
        if (self.name == "auto") != (self.weights == "auto"):
            raise ValueError(f"name ({self.name}) and weights ({self.weights}) must both be auto, or neither")
        return self


class CoresetConfig(Section):
    """Greedy coreset sampling (paper: Eq. 1)."""

    ratio: Annotated[float, Field(gt=0, le=1)] = 0.1
    projection_dim: Positive | None = 128
    """Dimension of the random projection used for sampling only; None: none."""


Calibrating = Literal["auto", "as_printed", "unsampled", "leave_out", "cross_fitted", "grouped", "held_out"]


Kind = Literal["patchcore", "mh_patchcore", "rad", "anomaly_dino", "padim"]
OtherRuntime = Literal["onnx", "openvino"]
"""Who else than torch can compute a PatchCore expert's features."""


class ExpertConfig(Section):
    """The expert: PatchCore, or another of anomalib's that gives each image a score and a map."""

    kind: Kind = "patchcore"
    """patchcore: the paper's, with our bank; mh_patchcore, rad, anomaly_dino: anomalib's with other banks; padim: without
    one. rad and anomaly_dino read vision transformers. The others ignore coreset, distance, neighbours and pooling."""
    preprocessing: PreprocessingConfig = PreprocessingConfig()
    tiles: TilesConfig | None = None
    """None: the network sees the whole image at once."""
    backbone: BackboneConfig = BackboneConfig()
    coreset: CoresetConfig = CoresetConfig()
    distance: Literal["euclidean", "squared", "cosine"] = "euclidean"
    """Paper: euclidean (Eq. 3); the authors' code: squared; AnomalyDINO: cosine."""
    neighbours: Positive = 1
    """Nearest bank patches over which a patch's distance is averaged. Paper: 1."""
    pooling: Literal["max", "reweighted", "top_percent"] = "max"
    """The image's score: its largest patch distance (paper: Eq. 4), that one reweighted as in PatchCore, or the mean of
    the highest hundredth, as in AnomalyDINO."""
    calibration: Calibrating = "auto"
    """How the normal images are scored that the threshold is fitted from.

    as_printed: unsampled patches against the whole bank (Algorithm 1); unsampled: against the bank without the image's
    own patches (the authors' code); leave_out: all its patches, likewise; cross_fitted: against a bank fitted without
    the image's fold, one of ``folds``; grouped: folds of whole groups (``datasets.NAME.groups``); held_out: normal images
    of ``calibration/`` that were never fitted on; auto: held_out where there are such, grouped where groups are known,
    else cross_fitted.
    """
    folds: Annotated[int, Field(ge=2)] | None = None
    """cross_fitted and grouped: in how many parts the images, or their groups, are divided; null: 20 up to 30 images, else 5."""
    suspects: Literal["named", "left_out"] = "named"
    """Training images that look like defects beside the others: named in warnings, or left out of the fit as well."""
    min_unsampled_patches: Positive = 32
    """Training images with fewer are left out of the fit, and reported."""
    batch_size: Positive = 8
    """Images, or tiles, per forward pass."""

    @model_validator(mode="after")
    def _others_know_folds_only(self) -> ExpertConfig:
        if self.kind != "patchcore":
            if self.tiles is not None:
                raise ValueError(f"tiles need kind patchcore, got {self.kind}")
            if self.calibration in ("as_printed", "unsampled", "leave_out"):
                raise ValueError(
                    f"calibration {self.calibration} looks into PatchCore's bank; with kind {self.kind} set it to auto, "
                    "cross_fitted, grouped or held_out"
                )
        return self

    @model_validator(mode="after")
    def _tiles_cover(self) -> ExpertConfig:
        if self.tiles is not None:
            for length in self.preprocessing.input_size:
                self.tiles.layout(length)
        return self


class ThresholdConfig(Section):
    """Distribution-based thresholding (paper: section 3.2.2)."""

    method: Literal["kappa_sigma", "gev", "quantile", "mad", "conformal", "authors_evt", "oracle"] = "kappa_sigma"
    kappa: Annotated[float, Field(ge=0)] = 3.0
    """kappa_sigma and mad: tau = centre + kappa * spread."""
    false_alarm_rate: Fraction = 0.01
    """gev, quantile, conformal: target share of normal images above tau."""
    warn_rate: Fraction | None = None
    """conformal, quantile: share of normal images above the warning level, which lies below tau; None: no warnings."""
    false_pixel_rate: Fraction = 0.01
    """Share of a normal image's pixels that may reach the threshold of the masks."""
    adapt: Literal["never", "when_shifted"] = "never"
    """when_shifted: tau follows the scores of a batch that differs from the training images (looks at test images)."""
    bootstrap_samples: Positive = 1000
    min_images: Positive = 5
    """Fewer scored training images are an error."""

    @model_validator(mode="after")
    def _warning_lies_below(self) -> ThresholdConfig:
        if self.warn_rate is not None:
            if self.method not in ("conformal", "quantile"):
                raise ValueError(f"warn_rate needs method conformal or quantile, got {self.method}")
            if self.warn_rate <= self.false_alarm_rate:
                raise ValueError(
                    f"warn_rate ({self.warn_rate}) must exceed false_alarm_rate ({self.false_alarm_rate}): more images "
                    "are warned of than are alarms"
                )
        return self
