"""Call: what `tune` is called with, checked as far as neither model nor data are needed for that.

No framework is loaded to know it: a command line is checked here before Keras is loaded, which takes seconds.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from autoopt import objectives, seeding
from autoopt.arguments import is_whole
from autoopt.budget import seconds
from autoopt.constraints import Constraints
from autoopt.data.splits import check_share
from autoopt.errors import UsageError
from autoopt.resources import Resources
from autoopt.search_options import Search
from autoopt.spelling import named
from autoopt.storage import check_directory


def check(given: Mapping[str, Any]) -> None:
    """Check arguments of `tune`, each by itself.

    Args:
        given: Those that are there, by name; others are looked at elsewhere.

    Raises:
        UsageError: The first that is wrong: what was given, what was expected, what to do.
    """
    for name, rule in RULES.items():
        if name in given:
            rule(given[name])


def _check_epochs(given: Any) -> None:
    if given != "auto":
        _check_count("epochs", given, ', or "auto"')


def _check_trials(given: Any) -> None:
    if given is not None:
        _check_count("max_trials", given)


def _check_workers(given: Any) -> None:
    if given != "auto" and not (is_whole(given) and given >= 1):
        raise UsageError(
            f'{named("workers")} was given {given!r}. Expected how many trials run at once: a whole number from 1, or "auto".'
        )


def _check_resume(given: Any) -> None:
    if not isinstance(given, bool) and given != "overwrite":
        raise UsageError(
            f'{named("resume")} was given {given!r}. Expected True, False or "overwrite". Leave it out to begin a run.'
        )


def _check_verbose(given: Any) -> None:
    if given not in (0, 1, 2, "auto"):
        raise UsageError(
            f'{named("verbose")} was given {given!r}. Expected 0, 1, 2 or "auto". Leave it out to see the progress.'
        )


def _check_kind(name: str, kind: type, given: Any) -> None:
    if given is not None and not isinstance(given, kind):
        raise UsageError(f"{name} was given {given!r}. Expected an autoopt.{kind.__name__}.")


def _check_count(name: str, given: Any, otherwise: str = "") -> None:
    if not is_whole(given) or given < 1:
        raise UsageError(f"{named(name)} was given {given!r}. Expected a whole number from 1{otherwise}.")


RULES: Mapping[str, Callable[[Any], object]] = {
    "epochs": _check_epochs,
    "max_trials": _check_trials,
    "budget": seconds,
    "workers": _check_workers,
    "resume": _check_resume,
    "verbose": _check_verbose,
    "seed": seeding.checked,
    "validation_split": check_share,
    "objective": objectives.check,
    "logdir": partial(check_directory, "logdir"),
    "directory": partial(check_directory, "directory"),
    "search": partial(_check_kind, "search", Search),
    "resources": partial(_check_kind, "resources", Resources),
    "constraints": partial(_check_kind, "constraints", Constraints),
}
"""What each argument has to be, in the order in which they are looked at."""
