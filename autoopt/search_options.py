"""Search: the options of a search, as `tune(search=…)` takes them. Nothing is loaded to read names of samplers and oracles."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from autoopt.arguments import KnownArguments, as_plain, is_whole
from autoopt.errors import UsageError, nearest
from autoopt.spelling import named

OURS: Mapping[str, str] = {"sampler": "tpe", "pruner": "halving"}
"""What autoopt takes where nothing is named."""

NAMES: Mapping[str, Sequence[str]] = {
    "oracle": ("random", "bayesian", "grid", "hyperband"),
    "sampler": ("tpe", "random", "gp", "cmaes", "qmc", "nsgaii", "nsgaiii", "brute_force"),
    "pruner": ("halving", "median", "hyperband", "none"),
}

OBJECTS: Mapping[str, tuple[str, str, str]] = {
    "oracle": ("keras_tuner", "Oracle", "keras_tuner.oracles.RandomSearchOracle(max_trials=20)"),
    "sampler": ("optuna", "samplers.BaseSampler", "optuna.samplers.RandomSampler()"),
    "pruner": ("optuna", "pruners.BasePruner", "optuna.pruners.MedianPruner()"),
}
"""What else may be given: an object of a package, of which kind, and one as an example."""


@dataclass(frozen=True)
class Search(KnownArguments):
    """How a search proposes, ends and confirms trials.

    Args:
        oracle: A KerasTuner `Oracle` to use instead of autoopt's own, or a name: `"random"`, `"bayesian"`, `"grid"`,
            `"hyperband"`. What its Hyperband promotes goes on with the training that it names.
        sampler: An Optuna sampler for autoopt's oracle, not along with another one, or a name: `"tpe"`, which is the default, grouped and over all
            dimensions at once, `"random"`, `"gp"`, `"cmaes"`, `"qmc"`, `"nsgaii"`, `"nsgaiii"`, `"brute_force"`.
        pruner: An Optuna pruner, or a name: `"halving"`, which is the default, asynchronous and over epochs,
            `"median"`, `"hyperband"`, `"none"`. KerasTuner's Hyperband takes none.
        start: Points to try right after the user's model: mappings of hyperparameter names to values,
            `keras_tuner.HyperParameters`, paths of a JSON that KerasTuner wrote, or of a KerasTuner project's
            folder: its best five trials. What of KerasTuner's does not fit the search is left out.
        executions_per_trial: Trainings a trial, each with other seeds; the trial's score is their mean.
        cv: Cross-validation: how many folds (stratified for classes, of whole groups or in time order where an
            `autoopt.Dataset` has such), or a splitter of scikit-learn. A trial's score is the mean over its folds,
            each trained `executions_per_trial` times; the model handed over is that of the best fold. A confirmation
            run is all folds of another partition.
        confirm: How many of the best trials run again with fresh seeds and on fresh cuts of the data, and the
            user's own model with them; 0 for none.
        confirm_repeats: How often each of them does.
        keep: Of how many of the best trials the weights stay on disk; never of fewer than `confirm`, nor than 1. Those
            of the user's own model stay as well where trials are confirmed, and those of a whole front.
        inherit: Whether a wider or deeper copy of a trial that is trained likewise starts from that trial's
            weights, as the same function where its layers allow that (Net2Net). Its epochs then come on top of its parent's: its score is that of its weights, but says
            less of its hyperparameters. Confirmation runs always start fresh.

    Raises:
        UsageError: An argument is none of what is expected.

    Example:
        >>> import autoopt, optuna
        >>> autoopt.Search(sampler=optuna.samplers.RandomSampler(seed=0), confirm=0).confirm
        0
    """

    oracle: Any = None
    sampler: Any = None
    pruner: Any = None
    start: Any = ()
    executions_per_trial: int = 1
    cv: Any = None
    confirm: int = 3
    confirm_repeats: int = 3
    keep: int = 1
    inherit: bool = False

    def __post_init__(self) -> None:
        as_plain(self)
        if not is_whole(self.executions_per_trial) or self.executions_per_trial < 1:
            raise UsageError(
                f"executions_per_trial was given {self.executions_per_trial!r}. Expected a whole number from 1."
            )
        self._check_cv()
        for name in ("confirm", "confirm_repeats", "keep"):
            value = getattr(self, name)
            if not is_whole(value) or value < 0:
                raise UsageError(f"{name} was given {value!r}. Expected a whole number from 0.")
        if not isinstance(self.inherit, bool):
            raise UsageError(f"inherit was given {self.inherit!r}. Expected True or False.")
        if self.inherit and self.oracle is not None:
            raise UsageError(
                f"inherit was given True together with the oracle {self.oracle!r}, which does not say from which "
                "trial it makes a proposal. Leave out one of the two."
            )
        self._check_objects()
        self._check_oracle()
        self._check_start()

    @property
    def confirmations(self) -> int:
        """How many runs confirmation takes at most, those of the user's own model included."""
        return (self.confirm + 1) * self.confirm_repeats if self.confirm else 0

    def _check_cv(self) -> None:
        if self.cv is None:
            return
        from autoopt.data import Splitter

        splits = isinstance(self.cv, Splitter) and not isinstance(self.cv, type)
        if not splits and not (is_whole(self.cv) and self.cv > 1):
            raise UsageError(
                f"cv was given {self.cv!r}. Expected a number of folds from 2, or an object of scikit-learn such as "
                "sklearn.model_selection.RepeatedKFold(n_splits=5, n_repeats=2)."
            )
        if self.inherit:
            raise UsageError(
                "inherit was given True together with cv: the weights of a parent were trained on rows that validate "
                "in other folds. Expected one of the two. Leave one out."
            )

    def _check_objects(self) -> None:
        for name, (package, kind, example) in OBJECTS.items():
            value, names = getattr(self, name), NAMES[name]
            if isinstance(value, str) and value not in names:
                raise UsageError(f"{named(name)} was given {value!r}.{nearest(value, names)}")
            if value is not None and not isinstance(value, str) and not _is_a(value, package, kind):
                raise UsageError(
                    f"{named(name)} was given {value!r}. Expected an object of {package}.{kind}, for example "
                    f"{example}, or a name: {', '.join(names)}."
                )

    def _check_oracle(self) -> None:
        if self.oracle is not None and self.sampler is not None:
            raise UsageError(
                f"{named('sampler')} was given {self.sampler!r} together with the oracle {self.oracle!r}: only one of them can "
                "propose the trials. Expected one of the two. Leave one out."
            )
        if self.pruner is not None and promotes(self.oracle):
            raise UsageError(
                f"{named('pruner')} was given {self.pruner!r} together with the oracle {self.oracle!r}, which ends trials "
                "early by itself. Expected one of the two. Leave one out."
            )

    def _check_start(self) -> None:
        points = self.start if isinstance(self.start, list | tuple) else (self.start,)
        if isinstance(self.start, Mapping) or not all(_is_point(each) for each in points):
            raise UsageError(
                f"start was given {self.start!r}. Expected a list of points, each a mapping of names to values, "
                'for example [{"optimizer/learning_rate": 0.003}], or what KerasTuner keeps of a search: its '
                "HyperParameters, a JSON, or the folder of a project."
            )


def promotes(oracle: Any) -> bool:
    """Whether an oracle of KerasTuner's, or of that name, ends trials early by itself, and has the best of them go on."""
    return oracle == "hyperband" or _is_a(oracle, "keras_tuner", "oracles.HyperbandOracle")


def _is_point(given: Any) -> bool:
    return isinstance(given, Mapping | str | Path) or _is_a(given, "keras_tuner", "HyperParameters")


def _is_a(value: Any, package: str, kind: str) -> bool:
    """Whether something is an object of a package that takes long to load: who has such an object has it loaded."""
    loaded = sys.modules.get(package)
    return loaded is not None and isinstance(value, attrgetter(kind)(loaded))
