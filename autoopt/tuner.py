"""Tuner: the methods that users of KerasTuner call, over `tune`."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import keras_tuner
from rich.console import Console

from autoopt import porting, seeding, storage
from autoopt.constraints import Constraints
from autoopt.data import Part, Stream
from autoopt.engines import dtype_policy
from autoopt.errors import RunError, UsageError
from autoopt.hypermodel import AutoHyperModel
from autoopt.model_function import caller
from autoopt.own_fit import OwnFit
from autoopt.recipe import Recipe
from autoopt.records import Trial
from autoopt.reports.summary import results, search_space
from autoopt.resources import Resources
from autoopt.result import Result
from autoopt.search import Search, explore, ranked
from autoopt.tailored import Tailored, TailoredFit
from autoopt.tuning import tune


class Tuner:
    """KerasTuner's tuner methods over autoopt's search: change the class name and leave the rest.

    Where the hypermodel asks for hyperparameters, only those are searched, so that `build_model(best_hps)` makes
    the very model that was found. With `space="auto"` everything else is searched along with them, and
    `tuner.hypermodel.build(best_hps)` makes it.

    Args:
        hypermodel: A function of `hp` that returns a Keras model, or a `keras_tuner.HyperModel`, whose own `fit`
            is called as KerasTuner's tuners call it.
        objective: A metric name or a `keras_tuner.Objective`. None is `"auto"`, or the number that an own `fit`
            returns, the less the better. A list is a search for their Pareto front, as with `tune`, where
            KerasTuner's tuners compare the sum: the best model is the knee, and those after it the rest of the front.
        max_trials: Most trials, the first with all defaults; None for no limit but a `budget`.
        seed: A whole number from 0; None takes a fresh one.
        hyperparameters: Take the place of the hypermodel's own of the same names.
        tune_new_entries: Whether those that `hyperparameters` does not name are searched.
        executions_per_trial: Trainings a trial, with a seed each; the trial's score is their mean.
        max_model_size: Most weights of a model.
        optimizer: Takes the place of each model's own; so do `loss` and `metrics`.
        loss: See `optimizer`.
        metrics: See `optimizer`.
        directory: Where runs lie; None is the current folder.
        project_name: The run's name; None is `"untitled_project"`.
        overwrite: Whether a run of that name is replaced; False goes on with it.
        space: None, `"auto"` or an `autoopt.Space`.
        search: As for `tune`; None confirms no trial, as KerasTuner does not.
        **others: `budget`, `constraints`, `resources`, `logdir` and `sinks` as for `tune`; the rest of KerasTuner's
            arguments are accepted where they change no result, or refused with what to do.

    Raises:
        UsageError: An argument cannot be used.

    Example:
        >>> import autoopt, keras, numpy as np
        >>> def build_model(hp):
        ...     layers = [keras.Input((4,)), keras.layers.Dense(hp.Int("units", 4, 16)), keras.layers.Dense(1)]
        ...     model = keras.Sequential(layers)
        ...     model.compile(optimizer="adam", loss="mse")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(64, 4))
        >>> tuner = autoopt.Tuner(build_model, objective="val_loss", max_trials=2, seed=0)
        >>> tuner.search(x, x.sum(1), epochs=1, validation_split=0.25, verbose=0)
        >>> 4 <= tuner.get_best_hyperparameters()[0].get("units") <= 16
        True
    """

    def __init_subclass__(cls) -> None:
        """Refuse to be subclassed: a `run_trial` of a subclass would never be called."""
        raise UsageError(
            f"{cls.__name__} subclasses autoopt.Tuner, which calls no run_trial. Expected the training in a "
            "HyperModel: override its fit, and pass it as hypermodel."
        )

    def __init__(
        self,
        hypermodel: Any = None,
        objective: Any = None,
        max_trials: int | None = 10,
        seed: int | None = None,
        hyperparameters: keras_tuner.HyperParameters | None = None,
        tune_new_entries: bool = True,
        executions_per_trial: int = 1,
        max_model_size: int | None = None,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        directory: str | Path | None = None,
        project_name: str | None = None,
        overwrite: bool = False,
        space: Any = None,
        search: Search | None = None,
        **others: Any,
    ) -> None:
        options = porting.options(others)
        if max_model_size is not None:
            options["constraints"] = Constraints(max_params=max_model_size)
        own = OwnFit.of(hypermodel)
        if objective is None:
            objective = "auto" if own is None else keras_tuner.Objective("default_objective", "min")
        build = hypermodel.build if isinstance(hypermodel, keras_tuner.HyperModel) else hypermodel
        compiled = {name: value for name, value in (("loss", loss), ("metrics", metrics)) if value}
        if hyperparameters is not None or optimizer is not None or compiled:
            build = Tailored(caller(hypermodel), hyperparameters, tune_new_entries, optimizer, compiled)
        self._build, self._fit = build, None if own is None else hypermodel.fit
        policy = dtype_policy((options.get("resources") or Resources()).dtype_policy)
        self._policy, self._space = policy, porting.space(space, hypermodel)
        self._folder = Path(directory or "."), project_name or "untitled_project"
        self._overwrite, self._max_trials, self._seed = overwrite, max_trials, seed
        self._options = {
            **options, "objective": objective, "max_trials": max_trials,
            "directory": self._folder[0], "project_name": self._folder[1],
            "search": porting.searching(search, max_trials, executions_per_trial),
        }  # fmt: skip
        self.hypermodel = AutoHyperModel(self._model_fn({}), self._space, None, policy)
        self._result: Result | None = None
        self._trained: tuple[Part | Stream, int] | None = None  # on what, and most epochs

    def search(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        class_weight: Any = None,
        sample_weight: Any = None,
        **fit_arguments: Any,
    ) -> None:
        """Search; called again, it goes on with the same run.

        Args:
            x: As for `keras.Model.fit`, and so are the others; trials end early where they are hopeless.
            y: See `x`.
            batch_size: The one batch size, unless a `fit` of the user's own chooses it.
            epochs: Most epochs a trial.
            verbose: 0 prints nothing, 1 the progress, 2 a line for each trial too.
            callbacks: Keras callbacks, copied for each trial.
            validation_split: Share of the data to validate on: its last rows, as in `fit`.
            validation_data: What trials are compared on; without it and a split the data is cut as `tune` cuts
                it: a fifth validates, and from 1,000 rows on another fifth is the test part.
            class_weight: Class to weight, or `"balanced"`.
            sample_weight: A weight for each example.
            **fit_arguments: Further ones for a `fit` of the user's own; refused where there is none.

        Raises:
            UsageError: Something given cannot be used; nothing has been trained.
            SearchError: No trial ended with a model to return.
        """
        again, space = self._result is not None or not self._overwrite, self._space
        seed = self._seed_of_the_run() if again else seeding.checked(self._seed)
        data = porting.dataset(
            (x, y, sample_weight), validation_data, validation_split, seeding.derive(seed, seeding.SPLITTING)
        )
        if self._fit is not None:
            fit_arguments |= {} if batch_size is None else {"batch_size": batch_size}
        elif fit_arguments:
            name = next(iter(fit_arguments))
            raise UsageError(
                f"search was given {name}, which autoopt sees to by itself. Expected the arguments of search: leave "
                f"it out, or override HyperModel.fit and pass it to model.fit there."
            )
        elif batch_size is not None:
            space = dataclasses.replace(
                space, batch_size=[batch_size], fix={**space.fix, "batch_size": batch_size}
            )
        model_fn = self._model_fn(fit_arguments)
        self.hypermodel = AutoHyperModel(model_fn, space, data, self._policy)
        self._result = tune(
            model_fn, data, space=space, epochs=epochs, callbacks=callbacks or (), class_weight=class_weight,
            resume=True if again else "overwrite", seed=seed, verbose=verbose, **self._options,
        )  # fmt: skip
        self._trained = data.train, epochs

    @property
    def result(self) -> Result:
        """What was found, with everything that `autoopt.tune` returns.

        Raises:
            RunError: Nothing has been searched yet.
        """
        if self._result is None:
            path = self._path
            if not self._has_run:
                raise RunError(f"Nothing has been searched in {path} yet. Call search(x, y, ...) first.")
            self._result = Result(storage.find(path))
        return self._result

    @property
    def remaining_trials(self) -> int | None:
        """How many trials are left, None where there is no limit."""
        done = len(self.result.trials) if self._has_run else 0
        return None if self._max_trials is None else max(0, self._max_trials - done)

    def get_best_models(self, num_models: int = 1) -> list[keras.Model]:
        """Return the best models, best first, each with the weights of its best epoch.

        Args:
            num_models: How many; there are as many as trials whose weights were kept: `max_trials` of them.
        """
        folder = self.result.folder
        kept = [trial for trial in self._best() if folder.has_weights(trial.number)]
        return [self._model(trial, folder) for trial in kept[:num_models]]

    def get_best_hyperparameters(self, num_trials: int = 1) -> list[keras_tuner.HyperParameters]:
        """Return the values of the best trials, best first, as the build function takes them.

        Args:
            num_trials: How many.
        """
        space = self._searched()
        return [_holding(space, trial.hyperparameters) for trial in self._best()[:num_trials]]

    def results_summary(self, num_trials: int = 10) -> None:
        """Print the best trials with their hyperparameters and scores.

        Args:
            num_trials: How many.
        """
        best = self._best()[:num_trials]
        _say(results(best, self.result.objectives, self.result.run_dir, num_trials))

    def search_space_summary(self, extended: bool = False) -> None:
        """Print every hyperparameter with its range.

        Args:
            extended: Whether to add under which values of others each is active.
        """
        known = self._searched() if self._has_run else explore(self.hypermodel)
        _say(search_space(known, extended))

    @property
    def _path(self) -> Path:
        return self._folder[0] / self._folder[1]

    @property
    def _has_run(self) -> bool:
        """Whether there is a run to tell of: this tuner's own, or one on disk that it goes on with."""
        return self._result is not None or (not self._overwrite and (self._path / "run.json").is_file())

    def _seed_of_the_run(self) -> int:
        """Return the seed that was given; without one that of the run on disk, or a fresh one."""
        known = storage.locate(*self._folder, resume=True).read("run").get("seed")
        return seeding.checked(known if self._seed is None else self._seed)

    def _model_fn(self, arguments: Mapping[str, Any]) -> Any:
        return self._build if self._fit is None else TailoredFit(self._build, self._fit, arguments)

    def _best(self) -> Sequence[Trial]:
        """Return the trials that have a score, best first: the winner leads; of several objectives the front."""
        first = self.result.best_trial
        others = ranked(self.result.trials, self.result.objectives)
        return [first, *(trial for trial in others if trial.number != first.number)]

    def _searched(self) -> keras_tuner.HyperParameters:
        """Return the space of the run."""
        run = self.result.folder.read("run")
        return keras_tuner.HyperParameters.from_config(run["space"])

    def _model(self, trial: Trial, folder: storage.RunFolder) -> keras.Model:
        hp = self.hypermodel.asking(trial.hyperparameters)
        recipe = self.hypermodel.draw(hp)
        model = self.hypermodel.assemble(recipe, hp.values, self._steps(recipe), seed=0)
        model.set_weights(folder.load_weights(trial.number))
        model.optimizer.build(model.trainable_variables)
        return model

    def _steps(self, recipe: Recipe) -> int | None:
        """Return how long a recipe's schedule is, None where this tuner has not searched itself."""
        if self._trained is None:
            return None
        train, epochs = self._trained
        return train.steps(self.hypermodel.batch_size(recipe)) * epochs


def _holding(space: keras_tuner.HyperParameters, values: Mapping[str, Any]) -> keras_tuner.HyperParameters:
    """Return hyperparameters with some values, and the definitions of those alone."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    hp.merge([known for known in space.space if known.name in values], overwrite=False)
    return hp


def _say(lines: Sequence[str]) -> None:
    Console(highlight=False, markup=False, soft_wrap=True).print("\n".join(lines))
