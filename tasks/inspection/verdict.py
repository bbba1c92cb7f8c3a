"""What Eagle says about one image."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from eagle_core.guidance.evidence import contradictions
from eagle_core.methods.headline import Headline
from eagle_core.methods.outcome import verdict_of
from eagle_core.methods.plan import Plan
from eagle_core.records import Answer, Box, ExpertPrediction, Guidance, Sample, Threshold
from eagle_core.threshold.pixels import PixelThreshold


@dataclass(frozen=True, slots=True)
class Asked:
    """An MLLM's part in a verdict."""

    name: str
    stand_in: bool
    """It has never seen a photograph: shown, and never decisive."""
    plan: Plan
    answer: Answer
    explanation: str | None = None

    @property
    def defective(self) -> bool | None:
        """Its verdict; None where its answer could not be read."""
        return verdict_of(self.answer, self.plan.prompt.question)

    @property
    def p_defect_absent(self) -> str | None:
        """Why there is no P(defect); None: there is one."""
        if self.answer.p_defect is not None:
            return None
        if self.answer.status != "answered":
            return self.answer.error or "its answer names no option"
        return self.answer.error or "it answered in text, which carries no probability (mllm.answer: generate)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One image: what counts, and what it rests on."""

    sample: Sample
    prediction: ExpertPrediction
    threshold: Threshold
    guidance: Guidance
    headline: Headline
    asked: Asked | None
    """None: no MLLM was asked."""
    pixels: PixelThreshold | None = None
    """From where on a pixel of the map counts as defective; None: nothing is known of normal patches."""

    @property
    def expert_says(self) -> str:
        """The expert's own verdict."""
        return "defective" if self.prediction.score >= self.threshold.tau else "normal"

    @property
    def warned(self) -> bool:
        """Normal for the expert, but not far from an alarm."""
        level = self.threshold.tau_warn
        return level is not None and level <= self.prediction.score < self.threshold.tau

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the defect is suspected; none where the image was not judged."""
        return () if self.headline.word == "not judged" else self.guidance.boxes

    @property
    def explanation(self) -> str | None:
        """The MLLM's sentence."""
        return None if self.asked is None else self.asked.explanation

    @property
    def contradictions(self) -> tuple[str, ...]:
        """What the explanation claims against score, boxes and answer."""
        if self.asked is None or self.asked.explanation is None:
            return ()
        return contradictions(
            self.asked.explanation,
            verdict_defective=self.asked.defective,
            score=self.prediction.score,
            tau=self.threshold.tau,
            boxes=self.guidance.boxes,
            image_size=self.prediction.image_size,
        )

    def described(self) -> dict[str, Any]:
        """As JSON values."""
        asked = self.asked
        return {
            "image": self.sample.image_id,
            "category": self.sample.category,
            "verdict": self.headline.word,
            "decided_by": self.headline.decided_by,
            "reason": self.headline.reason,
            "p_defect": None if asked is None else asked.answer.p_defect,
            "expert": {
                "verdict": self.expert_says,
                "score": self.prediction.score,
                "tau": self.threshold.tau,
                "tau_warn": self.threshold.tau_warn,
                "warning": self.warned,
                "s_max": self.threshold.s_max,
            },
            "promise": None if self.threshold.promise is None else asdict(self.threshold.promise),
            "different_parts": self.threshold.different_parts,
            "likeness": self.prediction.likeness,
            "promise_at_risk": self.threshold.shift is not None and self.threshold.shift.promise_at_risk,
            "mllm": None
            if asked is None
            else {
                "name": asked.name,
                "stand_in": asked.stand_in,
                "verdict": {True: "defective", False: "normal", None: None}[asked.defective],
                "letter": asked.answer.letter,
                "p_defect": asked.answer.p_defect,
                "p_defect_absent": asked.p_defect_absent,
                "text": asked.answer.text,
            },
            "threshold_warnings": list(self.threshold.warnings),
            "shifted": self.threshold.shift is not None and self.threshold.shift.shifted,
            "low_confidence": self.guidance.gate_open,
            "boxes": [{"x0": b.x0, "y0": b.y0, "x1": b.x1, "y1": b.y1, "score": b.score} for b in self.boxes],
            "explanation": self.explanation,
            "contradictions": list(self.contradictions),
        }
