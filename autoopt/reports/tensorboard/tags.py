"""Under which names points lie: Keras's keys as TensorBoard's runs and tags, and the tags of scores."""

from typing import Literal

SCORE, CONFIRMED_SCORE, TRAINING_SCORE = "score", "score/confirmed", "score/training"


def curve(key: str) -> tuple[Literal["train", "validation"], str]:
    """Return the run and the tag for one of Keras's history keys; both runs share their tags, to overlay."""
    if key.startswith("val_"):
        return "validation", f"epoch_{key.removeprefix('val_')}"
    return "train", f"epoch_{key}"


def score_tag(name: str) -> str:
    """Return under which name a trial's value of one of several objectives is kept."""
    return f"{SCORE}/{name}"
