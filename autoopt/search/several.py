"""What of a search works with several objectives at once, checked before the first trial."""

import copy
from collections.abc import Sequence

import optuna

from autoopt.errors import UsageError
from autoopt.records import CLOCKS, Objective
from autoopt.search_options import Search
from autoopt.spelling import named, typed
from autoopt.storage import quiet

NOTE = "Trials are trained to their end: with several objectives none is hopeless for one of them alone."

OBJECTS, WORDS = "optuna.samplers.NSGAIISampler(), or TPESampler()", "nsgaii, or tpe"
"""Samplers that know a front, as they are called in Python and in a shell."""


def check_several(search: Search, objectives: Sequence[Objective]) -> Sequence[str]:
    """Return what is to be said of a search for several objectives; nothing for one.

    Args:
        search: Its oracle, sampler and pruner are looked at; they are not changed.
        objectives: What is compared.

    Raises:
        UsageError: One of the three knows no front.
    """
    if len(objectives) == 1:
        return ()
    which = " and ".join(each.name for each in objectives)
    if search.oracle is not None:
        raise UsageError(
            f"{named('oracle')} was given {type(search.oracle).__name__} for the objectives {which}. Expected none: KerasTuner's "
            "oracles know one number, a sum of objectives. Pass one objective, or an Optuna sampler."
        )
    if search.pruner is not None and not isinstance(search.pruner, optuna.pruners.NopPruner):
        raise UsageError(
            f"{named('pruner')} was given {type(search.pruner).__name__} for the objectives {which}. Expected none: Optuna "
            f"prunes by one number. Pass one objective, or leave {named('pruner')} out."
        )
    if search.sampler is not None and not _knows_a_front(search.sampler):
        raise UsageError(
            f"{named('sampler')} was given {type(search.sampler).__name__} for the objectives {which}. Expected one that takes "
            f"several: {typed(python=OBJECTS, shell=WORDS)}. Pass one of these, or leave {named('sampler')} out."
        )
    clocks = [each.name for each in objectives if each.name in CLOCKS]
    return (NOTE, *(f"{name} is timed: equal seeds may end up with other trials." for name in clocks))


def _knows_a_front(sampler: optuna.samplers.BaseSampler) -> bool:
    """Whether a sampler proposes in a study of two directions: a copy of it is asked as Optuna asks it."""
    asked = copy.deepcopy(sampler)
    with quiet():
        study = optuna.create_study(directions=["minimize", "minimize"])
        study.ask()
        first = study.get_trials()[0]
        try:
            asked.sample_relative(study, first, asked.infer_relative_search_space(study, first))
        except ValueError:  # the one that Optuna's own samplers raise
            return False
    return True
