"""Ensemble: trials of one run averaged, chosen greedily on the validation part (Caruana et al. 2004)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autoopt import compiling, memory, seeding
from autoopt.afterwards import averaging
from autoopt.afterwards.again import Again, Ended
from autoopt.afterwards.models import model_of
from autoopt.afterwards.written import read_model
from autoopt.arguments import whole
from autoopt.data import Part, Stream, streams
from autoopt.data.deferred import Deferred
from autoopt.engines import evaluate
from autoopt.errors import RunError
from autoopt.records import Objective, Trial
from autoopt.reports import Console, score_text
from autoopt.search import best_first
from autoopt.task import Score, outputs
from autoopt.unloaded import tensorflow_unloaded

Judged = tuple[float, float]
"""The objective and the loss of some outputs."""


@dataclass(frozen=True)
class Member:
    """A trial's model, and what it gives for the validation part: arrays, flat."""

    trial: Trial
    model: keras.Model
    given: Sequence[np.ndarray]


@seeding.preserved()
@tensorflow_unloaded()
def ensemble(ended: Ended, k: int, verbose: Any) -> keras.Model:
    """Return the averaged model; arguments and errors as of `Result.ensemble`."""
    k = whole("k", k, 2)
    ended.check_one_cut("An ensemble is chosen on rows that no member was trained on")
    kept = ended.folder.read("ensemble")
    if ended.again is None and kept.get("best") == ended.best.number:
        return read_model(ended.folder.ensemble, ended.custom_objects)
    again, console = ended.trainer("An ensemble"), Console(verbose)
    part, name = _in_memory(again.worker.dataset.validation), _measured(ended)
    members, notes = _members(ended, again, part)
    for note in notes:
        console.say(note)
    picked, single = _picked(members, part, ended.objective, again.worker.score, k)
    counts = Counter(members[place].trial.number for place in picked)
    models = {member.trial.number: member.model for member in members}
    parts = {f"trial_{number}": (models[number], count) for number, count in counts.items()}
    model = averaging.averaged(parts, like=members[0].model)
    with compiling.measuring(model, again.worker.score):
        reached = evaluate(model, part)[name]
    ended.folder.save_model(ended.folder.ensemble, model)
    weights = {number: count / len(picked) for number, count in counts.most_common()}
    content = {"best": ended.best.number, "weights": weights, "score": reached, "best_single": single}
    ended.folder.write("ensemble", content)
    listed = ", ".join(f"trial {number} × {weight:.2g}" for number, weight in weights.items())
    console.say(
        f"Ensemble of {listed}; {_what(members[0].model)} averaged. {ended.objective.name} {score_text(reached)}, the "
        f"best of them alone {score_text(single)}: a little too good, for it was chosen on this very part of the data."
    )
    return model


def _picked(
    members: Sequence[Member], part: Part, objective: Objective, measured: Score | None, k: int
) -> tuple[list[int], float]:
    """Return what `chosen` does, by the winner's own loss and metrics."""
    judge, name = averaging.scorer(members[0].model), objective.name.removeprefix("val_")

    def score(given: Sequence[np.ndarray]) -> Judged:
        nested = given[0] if len(given) == 1 else list(given)
        logs = evaluate(judge, Part(nested, part.y, part.sample_weight))
        return logs[name], logs["loss"]

    with compiling.measuring(judge, measured):
        return chosen([member.given for member in members], score, objective, k)


def chosen(
    given: Sequence[Sequence[np.ndarray]], score: Callable[[Sequence[np.ndarray]], Judged], objective: Objective,
    k: int,
) -> tuple[list[int], float]:  # fmt: skip
    """Return the places of the members that are averaged, some several times, and the score of the best one alone.

    It begins with the best one, and adds the one that makes the mean best, until there are k; the first of the best
    means on the way is what is returned, so that it is never worse than one model.

    Args:
        given: What each model gives, flat.
        score: How good outputs are: the objective, and the loss, which decides where that is the same. Of a few
            hundred examples many means get the same number right.
        objective: Which scores are better.
        k: Most members, each counted as often as it was added.
    """
    alone = [score(each) for each in given]
    picked = [_best(alone, objective)]
    total, reached, length = given[picked[0]], alone[picked[0]], 1
    single = reached[0]
    while len(picked) < k:
        sums = [[one + other for one, other in zip(total, each, strict=True)] for each in given]
        scores = [score([part / (len(picked) + 1) for part in parts]) for parts in sums]
        place = _best(scores, objective)
        picked.append(place)
        total = sums[place]
        if _better(scores[place], reached, objective):
            reached, length = scores[place], len(picked)
    return picked[:length], single


def _best(scores: Sequence[Judged], objective: Objective) -> int:
    best = 0
    for place, score in enumerate(scores):
        if _better(score, scores[best], objective):
            best = place
    return best


def _better(one: Judged, other: Judged, objective: Objective) -> bool:
    return objective.better(one[0], other[0]) or (one[0] == other[0] and one[1] < other[1])


def _measured(ended: Ended) -> str:
    """Return what the objective measures, under Keras's name.

    Raises:
        RunError: It measures nothing on the validation part.
    """
    name = ended.objective.name
    if not name.startswith("val_"):
        raise RunError(
            f"The run {ended.folder.path} compared {name}, which no validation part says. Expected an objective that "
            "begins with val_: only by such a score models are chosen for an ensemble."
        )
    return name.removeprefix("val_")


def _members(ended: Ended, again: Again, part: Part) -> tuple[Sequence[Member], Sequence[str]]:
    """Return the trials whose weights are kept, best first, and what is to be said of those that are left out.

    Raises:
        RunError: There are fewer than two that can be averaged.
    """
    ranked = [
        trial for trial in best_first(ended.trials, ended.objective) if ended.folder.has_weights(trial.number)
    ]
    # The winner is what the others have to fit.
    ranked.sort(key=lambda trial: trial.number != ended.best.number)
    found: list[Member] = []
    notes = []
    for trial in ranked:
        model = model_of(again, again.worker, trial, ended.folder.load_weights(trial.number))
        why = averaging.unaverageable(model)
        if not why and found and averaging.shapes(model) != averaging.shapes(found[0].model):
            why = "its inputs or outputs have other shapes than the winner's"
        if why:
            notes.append(f"Trial {trial.number} is left out: {why}.")
        else:
            given = model.predict(part.x, batch_size=256, verbose=0)
            found.append(Member(trial, model, keras.tree.flatten(given)))
    if len(found) < 2:
        said = f" {' '.join(notes)}" if notes else ""
        raise RunError(
            f"The run {ended.folder.path} has kept the weights of {len(ranked)} trials.{said} Expected at least 2 models "
            "that can be averaged. Search with search=autoopt.Search(keep=10)."
        )
    return found, notes


def _in_memory(part: Part | Stream) -> Part:
    """Return the validation part as arrays: what is predicted and the labels have to be in one order.

    Raises:
        RunError: They do not fit into memory.
    """
    if isinstance(part, Stream) and isinstance(part.source, Deferred) and not memory.fits(part.source.nbytes):
        raise RunError(
            f"The {part.n:,} examples that validate take {memory.spoken(part.source.nbytes)} as arrays, which do not fit into "
            "memory, and an ensemble is chosen on all of them at once. Expected fewer. Search again with a smaller "
            "validation_split, or on a machine with more memory."
        )
    return part if isinstance(part, Part) else Part(*streams.read(part.source, seed=0))


def _what(model: keras.Model) -> str:
    """Return what is averaged, as a sentence goes on."""
    activations = {output.activation for output in outputs.read(model).each}
    if activations <= set(outputs.PROBABILITIES):
        return "their probabilities are"
    return "what they put out, not made probabilities of, is"
