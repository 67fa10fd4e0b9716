"""Lost weights: a process that was ended may have recorded a trial before its weights were written."""

import functools
import logging
from collections.abc import Callable

from autoopt.executors import Executor
from autoopt.hypermodel import AutoHyperModel
from autoopt.hyperparameters import AskingHyperParameters
from autoopt.model_function import insisted
from autoopt.search.limits import Limits
from autoopt.storage import BestWeights
from autoopt.worker import Job

logger = logging.getLogger(__name__)


def train_again(
    weights: BestWeights,
    hypermodel: AutoHyperModel,
    executor: Executor,
    limits: Limits,
    epochs: int,
    seed: int,
    say: Callable[[str], None],
) -> None:
    """Train trials again whose weights should be kept and are not: equal seeds give equal weights.

    Those that began with what another trial had learnt cannot be trained again, and others come out otherwise on some
    devices: they stay in the table, and are not handed over.

    Args:
        weights: Knows which weights there are.
        hypermodel: Turns values into recipes.
        executor: Runs jobs.
        limits: When nothing more may be trained.
        epochs: Most epochs a trial, where schedules end.
        seed: The search's.
        say: Tells the user a sentence.
    """
    for trial in weights.lacking():
        if trial.inherited is not None or trial.continues is not None or limits.over():
            logger.warning("The weights of trial %d were lost: it cannot win any more.", trial.number)
            continue
        say(f"The weights of trial {trial.number} were lost: it is trained again.")
        hp = AskingHyperParameters.of(trial.hyperparameters)
        recipe = insisted(functools.partial(hypermodel.draw, hp))
        executor.submit(
            Job(trial.number, recipe, dict(hp.values), trial.epochs, epochs, seed, parts=trial.parts)
        )
        outcome = executor.wait(lambda job, epoch, logs: "stop" if limits.over() else "continue")
        if outcome.weights is not None and outcome.trial.score == trial.score:
            weights.keep(trial, outcome.weights)
        elif not limits.over():
            logger.warning(
                "The weights of trial %d were lost, and training it again gave others.", trial.number
            )
