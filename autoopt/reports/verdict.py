"""Verdict: whether the winner is better than the user's model, and why it is the one that is exported."""

from collections.abc import Mapping
from typing import Any

from autoopt.records import Objective, own_model
from autoopt.reports import interval
from autoopt.reports.console import score_text
from autoopt.reports.headline import compared_score


def verdict(summary: Mapping[str, Any]) -> list[str]:
    """Return whether the winner is better than the user's model, as a sentence goes on; empty where nothing tells."""
    found = summary["confirmed"]
    if not found or summary["best_trial"] == 0:
        return []
    gain, model = summary.get("gain"), own_model(summary.get("starter"))
    if gain is None:
        own = summary.get("baseline_confirmed")
        single = "a single run of each does" if own and found["n"] == 1 else ""
        alone = own and any(each.get("of_seeds_alone") for each in (summary["confirmed"], own))
        which = single or ("seeds alone do" if alone else "")
        return [f"{which} not tell whether it is better than {model}"] if which else []
    least = interval.least_gain(summary["objective"]["name"], found["mean"], gain["least"])
    bounds = f"({gain['mean']:+.4f}, 99 % from {least:+.4f})"
    which = "better" if summary["beats_baseline"] else "not better"
    return [f"{which} than {model} beyond noise {bounds}"]


def exported(summary: Mapping[str, Any]) -> list[str]:
    """Return why the winner is exported although it did not plainly beat the user's model, as a sentence; else nothing."""
    best, model = summary["best_trial"], own_model(summary.get("starter"))
    if best in (None, 0) or summary.get("front"):
        return []
    own, score = summary["baseline_score"], compared_score(summary)
    if own is not None and score is not None and Objective(**summary["objective"]).better(own, score):
        return [
            f"In the search {model} scored better than trial {best}, {score_text(own)} to {score_text(score)}: trial {best} is "
            f"exported because {_why(summary)}."
        ]
    if summary.get("beats_baseline") is False:
        return [
            f"The search did not beat {model} beyond noise: trial {best} is exported all the same, because {_why(summary)}."
        ]
    return []


def _why(summary: Mapping[str, Any]) -> str:
    """Return why a winner is one that scored less than the user's model, as a sentence goes on."""
    model, excess = own_model(summary.get("starter")), summary.get("baseline_excess")
    if excess:
        return f"{model} {excess}"
    found, own = summary["confirmed"], summary.get("baseline_confirmed")
    means = f", {score_text(found['mean'])} to {score_text(own['mean'])}" if found and own else ""
    return f"it is the better one with fresh seeds{means}"


def unchanged(summary: Mapping[str, Any]) -> str:
    """Return what is to be said where the winner is the user's model."""
    model = own_model(summary.get("starter"))
    if summary.get("front"):
        return f"Nothing was changed: the knee is {model}."
    fresh = " with fresh seeds" if summary["confirmed"] else ""
    return (
        f"Nothing was changed: no trial beat {model}{fresh}. What is exported is {model} as written, trained."
    )
