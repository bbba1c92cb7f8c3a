"""Where an MLLM's verdict and the expert's score cannot both be right, nobody's word is taken: the image is disputed.

The MLLM is asked because it may correct the expert, so a mere difference is no dispute. Strong is: "normal" of an image
whose score lies far above every training image's, and "defective" of one that scores lower than the average of them.
"""

from __future__ import annotations

from eagle_core.records import Threshold


def dispute(defective: bool, score: float, threshold: Threshold) -> str | None:
    """What the score says against the MLLM's verdict, in plain words; None: nothing, or nothing strong.

    Far above: twice as far from the training images' mean as the highest of them and tau.


    Args:
        defective: The MLLM's verdict.
        score: The expert's, of the same image.
        threshold: Of its category.
    """
    top = max(threshold.tau, threshold.s_max)
    far = top + (top - threshold.mean)
    if not defective and score > far:
        return (
            f"the MLLM says normal, but the score {score:.3g} is more than twice as far above the normal images' mean "
            f"({threshold.mean:.3g}) as the limit and the highest of them ({top:.3g})"
        )
    if defective and score < threshold.mean:
        return f"the MLLM says defective, but the score {score:.3g} is below the mean of the normal images ({threshold.mean:.3g})"
    return None
