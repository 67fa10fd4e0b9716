"""Result: what a search found, read from its run folder; and `load`, which reads one from disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import pandas as pd

from autoopt import afterwards, compiling, storage
from autoopt.arguments import whole
from autoopt.data import Split
from autoopt.data.rows import Rows
from autoopt.errors import RunError, UsageError
from autoopt.preparing import Preparation
from autoopt.records import Objective, Trial
from autoopt.schema import Schema
from autoopt.search import Confirmed, Difference, Standing, contenders


@dataclass(frozen=True)
class Change:
    """One hyperparameter in which the winner differs from the user's model; None stands for inactive."""

    name: str
    before: Any
    after: Any


class Result:
    """What a search found: the same from `tune` and, later and elsewhere, from `load`.

    Args:
        folder: The run's folder.
        custom_objects: Classes and functions of the user's own that `best_model` needs, name to object.
        best_model: The winner as it was searched, where it is at hand; None reads it from the folder when it is asked for.
        again: What trained it, where that is at hand.
        rows: The raw rows that it learnt from, where they are at hand.

    Example:
        >>> import autoopt, keras, numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> x = np.random.default_rng(0).normal(size=(64, 2))
        >>> result = autoopt.tune(model, (x, x.sum(1)), epochs=2, max_trials=2, seed=0, verbose=0)
        >>> result.objective.name, len(result.trials), len(result.leaderboard())
        ('val_loss', 2, 2)
        >>> result.best_model.predict(x, verbose=0).shape
        (64, 1)
    """

    def __init__(
        self,
        folder: storage.RunFolder,
        custom_objects: Mapping[str, Any] | None = None,
        best_model: keras.Model | None = None,
        again: afterwards.Again | None = None,
        rows: Rows | None = None,
    ) -> None:
        self._folder = folder
        self._again = again
        self._rows = rows
        self._best_model = best_model
        self._custom_objects = custom_objects
        self._asked = folder.read("run", needs=("objective", "space", "defaults"))
        self._found = folder.read("result")
        if not self._asked:
            raise RunError(
                f"{folder.path} is no run folder: it has no run.json. Expected directory/project_name."
            )

    def __repr__(self) -> str:
        found = None if self._found.get("best") is None else self.best_trial
        several = afterwards.executions(found) or afterwards.folds(found)
        best = several["mean"] if several else self.best_score  # the user's model has a mean as well then
        return (
            f"Result({self._folder.name!r}: {self.objective.name} {_number(self.baseline_score)} -> "
            f"{_number(best)}, {len(self.trials)} trial{'' if len(self.trials) == 1 else 's'})"
        )

    @property
    def run_dir(self) -> Path:
        """The run's folder."""
        return self._folder.path

    @property
    def folder(self) -> storage.RunFolder:
        """What reads and writes the run's files, those included that this process has in memory alone."""
        return self._folder

    @property
    def objective(self) -> Objective:
        """What was compared; of several objectives the metric that decided the best epoch of a trial."""
        return Objective(**self._asked["objective"])

    @property
    def objectives(self) -> Sequence[Objective]:
        """All that was compared, `objective` first."""
        return (self.objective, *(Objective(**each) for each in self._asked.get("others", ())))

    @property
    def reason(self) -> str:
        """Why the search ended, in a few words; empty while it runs."""
        return str(self._found.get("reason", ""))

    @cached_property
    def trials(self) -> Sequence[Trial]:
        """Every finished trial, by number; trial 0 is the user's own model."""
        journal = storage.Journal(self._folder.journal, self.objective, read_only=True)
        return tuple(journal.trials())

    @cached_property
    def best_trial(self) -> Trial:
        """The winner; of several objectives the knee of the front.

        Raises:
            RunError: No trial has a score and is within the constraints.
        """
        number = self._found.get("best")
        leading = contenders(self.trials, self.objectives)
        if number is not None and not any(trial.number == number for trial in self.trials):
            raise RunError(
                f"The journal of {self.run_dir} does not have trial {number}, which won by result.json: it is damaged or "
                "missing. Restore journal.log."
            )
        if not leading:
            over = next((trial.excess for trial in self.trials if trial.excess), "")
            raise RunError(
                f"The run {self.run_dir} has no trial within its constraints: a model {over}. Raise the limit."
                if over
                else f"The run {self.run_dir} has no trial with a score yet. See its trials' `error`."
            )
        return next((trial for trial in leading if trial.number == number), leading[0])

    @property
    def best_score(self) -> float | None:
        """The objective of the very weights in `best_model`; None when no trial has a score."""
        return self._found.get("best_score") if self._found else _score_of(self.trials, self.objectives)

    @property
    def baseline_score(self) -> float | None:
        """The objective of the user's own model, trial 0, of several executions or folds their mean; None when it failed."""
        return next((trial.score for trial in self.trials if trial.number == 0), None)

    @property
    def confirmed(self) -> Confirmed | None:
        """The winner's scores with fresh seeds; None when that was not asked for or no time was left."""
        return self._standing.confirmed

    @property
    def baseline_confirmed(self) -> Confirmed | None:
        """The scores of the user's own model with fresh seeds, on the same cuts of the data."""
        return self._standing.baseline

    @property
    def difference(self) -> Difference | None:
        """How much better the winner is than the user's model in the confirmation, and how much at least (99 %).

        None where the winner is the user's model, or where fewer than two runs of each tell nothing of seeds.
        """
        return self._standing.difference

    @property
    def beats_baseline(self) -> bool | None:
        """Whether the winner is better than the user's model beyond noise; None where nothing is claimed."""
        return self._standing.beats_baseline

    @property
    def test_error(self) -> float | None:
        """Half-width of the 95 % interval of the objective on the test part: of its examples, and of the seed."""
        return self._standing.test_error

    @property
    def gap(self) -> float | None:
        """The confirmed mean, or else the winner's score, less the objective on the test part; None without one.

        Of several executions or folds the score is their mean.
        """
        return self._standing.gap

    @property
    def _standing(self) -> Standing:
        return Standing.read(self._found)

    @property
    def test_metrics(self) -> Mapping[str, float] | None:
        """Metric name to the winner's value on the test part; None without such a part."""
        return self._found.get("test_metrics")

    @property
    def split(self) -> Split | None:
        """Which rows of the data train, validate and test, and those of each fold; None where parts were given."""
        found = self._folder.load_split()
        return None if found is None else Split.of_arrays(found)

    @property
    def schema(self) -> Schema | None:
        """What the raw rows are that the run learnt from; None where it learnt from arrays."""
        if self._rows is not None:
            return self._rows.schema
        told = {name: value for name, value in self._told_rows.items() if name not in ("preparation", "mark")}
        return Schema.of(told) if told else None

    @cached_property
    def _told_rows(self) -> Mapping[str, Any]:
        return self._folder.read("schema")

    @cached_property
    def preparation(self) -> Preparation | None:
        """What makes arrays of raw rows, as the winner's layers take them; None where the run learnt from arrays.

        Raises:
            RunError: It is missing or damaged.
        """
        if self._rows is not None:
            return self._rows.preparation
        if self.schema is None:
            return None
        told = self._told_rows["preparation"]
        return afterwards.read_preparation(self._folder.preparation, told, self.schema)

    @cached_property
    def core(self) -> keras.Model:
        """The winner as it was searched, compiled: it takes arrays, those that raw rows are prepared to included.

        Raises:
            RunError: The run has no model, or it needs `custom_objects`.
        """
        if self._best_model is not None:
            return self._best_model
        return afterwards.read_model(self._written_model(), self._custom_objects)

    @cached_property
    def best_model(self) -> keras.Model:
        """The winner, compiled, with the weights that scored `best_score`; of raw rows it takes these, by column.

        Raises:
            RunError: The run has no model, or it needs `custom_objects`.
        """
        return self._of_raw(self.core)

    def _of_raw(self, core: keras.Model) -> keras.Model:
        """Return a model that takes what the run learnt from: of raw rows with what prepares them in front."""
        if self.preparation is None:
            return core
        found, model = compiling.compilation(core), self.preparation.around(core)
        if found is not None:
            found.apply(model, core.optimizer.from_config(core.optimizer.get_config()))
            model.optimizer.build(model.trainable_variables)
        return model

    def _written_model(self) -> Path:
        """Return the file of the winner."""
        return afterwards.written_model(self._folder, self._found)

    @property
    def best_hyperparameters(self) -> keras_tuner.HyperParameters:
        """The winner's active values, with the whole space."""
        hp = storage.definitions(self._folder, "space")
        hp.values = dict(self.best_trial.hyperparameters)
        return hp

    @property
    def changes(self) -> Sequence[Change]:
        """In which hyperparameters the winner differs from the user's model."""
        before, after = self._asked["defaults"], self.best_trial.hyperparameters
        names = [*after, *(name for name in before if name not in after)]
        found = (Change(name, before.get(name), after.get(name)) for name in names)
        return [change for change in found if change.before != change.after]

    @cached_property
    def edges(self) -> Sequence[afterwards.Edge]:
        """Where the winner, and most of the best few trials, lie at the edge of a range, with a wider one to try."""
        asked = afterwards.Asked(
            afterwards.space_of(self._folder), self.best_hyperparameters.space, self._asked["defaults"],
            self._asked.get("rows", [None])[0],
        )  # fmt: skip
        best, leading = self.best_trial, contenders(self.trials, self.objectives)
        try:
            return afterwards.edges(asked, best, leading)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise RunError(
                f"{self.run_dir / 'run.json'} is damaged. Its ranges and defaults are not those of its trials: {error}. "
                "Expected what a search writes. Restore it, or remove the run folder."
            ) from error

    def profile(self) -> dict[str, Any]:
        """Return where the time of the search went.

        Returns:
            Seconds: `compile`, `train` and `evaluate` of the trials, `suggest` (proposals), `log` (journal,
            console, sinks of yours, handing TensorBoard what it writes beside the search), `checkpoint` (handing weights to
            whoever writes them), `other` and `total`; `workers` is `total` times how many trials ran at once: then
            `other` is what of that trials did not take, and proposals and writing went on beside. Outside of `total` are
            `begin` (before the first trial: data, the model tried out) and `end` (confirmation, export, test part). Counts: `trials`,
            `programs` that were compiled, and `trials_per_program`, most first. What is known only when the
            search has ended is None before.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> data = np.zeros((64, 2)), np.ones(64)
            >>> autoopt.tune(model, data, epochs=1, max_trials=1, verbose=0).profile()["programs"]
            1
        """
        return afterwards.profile(self.trials, self._found.get("spent", {}))

    def importance(self, evaluator: str = "ped_anova", seed: int = 0) -> pd.DataFrame:
        """Return how much each hyperparameter had to do with the scores: hyperparameter, importance, trials.

        Importances are at least 0, 1 together, the largest first; `trials` is in how many a hyperparameter was
        active. They say what mattered in this search, in its ranges: not which value is right.

        Args:
            evaluator: Optuna's `"ped_anova"` asks what the best trials have in common (at least 5 of them, 10 % from
                50 trials on), conditional hyperparameters where they are active; `"fanova"` what explains the scores
                of all trials, the bad ones included.
            seed: Of fANOVA's forest.

        Raises:
            UsageError: The evaluator is not known.
            RunError: Fewer than 10 trials have a score, or all have the same.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> x = np.random.default_rng(0).normal(size=(64, 2))
            >>> short = {"epochs": 1, "max_trials": 12, "search": autoopt.Search(confirm=0), "verbose": 0}
            >>> space = autoopt.Space(structure=False, optimizer=autoopt.axes.Optimizer(["adam"]))
            >>> result = autoopt.tune(model, (x, x.sum(1)), space=space, **short)
            >>> round(float(result.importance().importance.sum()), 6)
            1.0
        """
        return afterwards.importance(self._folder, self.objective, evaluator, seed)

    def ablation(self, repeats: int = 3, budget: Any = None, verbose: Any = "auto") -> pd.DataFrame:
        """Train the path from the user's model to the winner, one change at a time, and return what each gained.

        The columns are step, change, before, after, mean, std and gain. Step 0 is the user's model, the last one has
        the winner's hyperparameters; mean and std (n − 1) are over the same seeds at each step. Every training has all
        epochs of the search and is scored at its best one, as trials are. What cannot be changed alone is one change:
        a learning rate and the algorithm and batch size that its range follows, a schedule and its warm-up.

        The order is greedy, after Fawcett & Hoos (2016), by what a forest that was shown the trials expects
        (Biedenkapp et al. 2017): n changes take n + 1 steps, not n (n + 1) / 2. How long that takes is told first. The
        table is kept in the run folder: `load(run).ablation()` trains nothing.

        Args:
            repeats: Seeds, the same for all steps.
            budget: Seconds, or `"90s"`, `"10m"`: then with fewer seeds; None for as long as it takes.
            verbose: 0 prints nothing.

        Raises:
            UsageError: The budget is too small for one training of each step.
            RunError: The winner is the user's own model, the run is a cross-validation, or it was read without what
                trains it.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> model.compile(keras.optimizers.Adam(1e-5), "mse")
            >>> x = np.random.default_rng(0).normal(size=(64, 2))
            >>> search = autoopt.Search(start=[{"optimizer/learning_rate": 0.03}], confirm=0)
            >>> result = autoopt.tune(model, (x, x.sum(1)), epochs=2, max_trials=2, search=search, verbose=0)
            >>> list(result.ablation(repeats=1, verbose=0).change)
            ['your model', 'optimizer/learning_rate']
        """
        return afterwards.ablation(self._ended, repeats, budget, verbose)

    def ensemble(self, k: int = 10, verbose: Any = "auto") -> keras.Model:
        """Return a model that averages trials whose weights were kept: with `Search(keep=10)`, those of ten.

        They are chosen greedily on the validation part, each as often as that helps (Caruana et al. 2004), beginning
        with the best: there it is never worse than the best one alone. What is averaged is what the models put out,
        each output by itself: probabilities where they end in softmax or sigmoid. Its loss, metrics and optimizer are
        the winner's; its members are frozen. It consists of Keras's own layers and is kept as `ensemble.keras` in the
        run folder. Its members, their weights and its score are printed; the test part is not looked at. A run that
        was read without a `source` returns the one that it has.

        Args:
            k: Most members, counted as often as they were chosen; from 2.
            verbose: 0 prints nothing.

        Raises:
            RunError: Fewer than two trials can be averaged, the objective is none of the validation part, the run is a
                cross-validation, or it was read without what trains it and has no ensemble yet.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> x = np.random.default_rng(0).normal(size=(64, 2))
            >>> search = autoopt.Search(confirm=0, keep=10)
            >>> result = autoopt.tune(model, (x, x.sum(1)), epochs=1, max_trials=2, search=search, verbose=0)
            >>> result.ensemble(k=3, verbose=0).predict(x, verbose=0).shape
            (64, 1)
        """
        return self._of_raw(afterwards.ensemble(self._ended, k, verbose))

    def refit(self, epochs: int | None = None, test: bool = False, verbose: Any = "auto") -> keras.Model:
        """Return a model with the winner's hyperparameters that was trained on train and validation together.

        It trains for the epochs that the winner took to its best one, under the search's schedule, class weights and
        callbacks, and has the weights of the last epoch: nothing is left to choose a better one by, or to score it
        on, and that is printed. What callbacks are told under `val_` names is measured on examples that it trains on.
        It is kept as `refit.keras` in the run folder, where a run that was read without a `source` finds it;
        `best_model` stays what it is.

        Args:
            epochs: None for as many as the winner took.
            test: Whether it is evaluated on the test part, which has been looked at once already.
            verbose: 0 prints nothing.

        Raises:
            RunError: The data comes in batches, your own `fit` trained the run, or the run was read without what
                trains it.
            SearchError: The loss became no number.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> x = np.random.default_rng(0).normal(size=(64, 2))
            >>> result = autoopt.tune(model, (x, x.sum(1)), epochs=1, max_trials=1, verbose=0)
            >>> result.refit(verbose=0).predict(x, verbose=0).shape
            (64, 1)
        """
        return self._of_raw(afterwards.refit(self._ended, epochs, test, verbose))

    @property
    def _ended(self) -> afterwards.Ended:
        """The run, as the steps after it need it."""
        return afterwards.Ended(
            self._folder, self.objective, self.best_trial, self.trials, self._asked["defaults"], self._again,
            self._custom_objects,
        )  # fmt: skip

    def leaderboard(self, n: int = 10) -> pd.DataFrame:
        """Return the best `n` trials, best first: number, status, score, epochs, seconds, hyperparameters.

        Of several objectives the front comes first, its knee in front, and `front` says which trials are on it;
        each objective beside the first has a column of its own.

        Raises:
            UsageError: `n` is no whole number from 1.
        """
        n = whole("n", n, 1)
        front = self.front if len(self.objectives) > 1 else ()
        return afterwards.leaderboard(self.trials, self.objectives, front, n)

    @property
    def front(self) -> Sequence[Trial]:
        """The trials that no other beats in every objective, `best_trial` first; of one objective that alone."""
        best = self.best_trial
        others = contenders(self.trials, self.objectives) if len(self.objectives) > 1 else []
        return (best, *(trial for trial in others if trial.number != best.number))

    def pareto(self) -> pd.DataFrame:
        """Return the front, the winner first: trial, each objective, hyperparameters.

        The weights of all its trials are kept: `weights/` of the run folder has them by trial number.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4), keras.layers.Dense(1)])
            >>> x = np.random.default_rng(0).normal(size=(64, 2))
            >>> goals = ["val_loss", "parameters"]
            >>> found = autoopt.tune(model, (x, x.sum(1)), objective=goals, epochs=1, max_trials=2, verbose=0)
            >>> list(found.pareto())[:3]
            ['trial', 'val_loss', 'parameters']
        """
        return afterwards.pareto(self.front, self.objectives)

    def export(self, path: str | Path, format: str = "keras") -> Path:
        """Write the winner to a file and return its path.

        Args:
            path: Where to.
            format: `"keras"` (the whole model), `"weights"` (`.weights.h5`), `"python"` (a script of Keras alone that
                builds, compiles and trains it), `"json"` (hyperparameters, recipe and scores), `"onnx"`, or
                `"saved_model"` (a folder).

        Raises:
            UsageError: The format is not known or needs a package that is missing, the path's ending does not fit it, or
                nothing can be written there; or the winner cannot be written as a script.
            RunError: The run has no model, or Keras cannot write the format on this backend.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> data = np.zeros((64, 2)), np.ones(64)
            >>> result = autoopt.tune(model, data, epochs=1, max_trials=1, verbose=0)
            >>> "layers.Dense(1)" in result.export("best.py", format="python").read_text()
            True
        """
        on_disk = self._best_model is None or self._folder.has_model(self._folder.best_model)
        return afterwards.Export(
            self._folder, lambda: self.best_trial, self._written_model if on_disk and self.schema is None else None,
            lambda: self.best_model, self.summary, self._custom_objects, lambda: self.core,
        ).write(path, format)  # fmt: skip

    def predict(self, data: Any, proba: bool = False) -> pd.DataFrame:
        """Return what the winner predicts, a row for each row of data.

        Of raw rows there is one column, called after the target, or `prediction` where it has no name; of several labels
        one for each. `proba` adds one for each class, `probability of CLASS`. What is to be said of the rows, as categories
        that training had not, stands in `attrs["notes"]` of the table.

        Args:
            data: Of a run on raw rows: such rows, with or without labels, as `tune` takes them: columns are found by name,
                whatever their order and whatever others there are. Of a run on arrays: x, or the path of an `.npz` with it.
            proba: Whether the probabilities of classes are told too.

        Raises:
            DataError: A column is missing, or holds something else than in training.
            UsageError: `proba` for numbers, or the model has several outputs.
            RunError: The run has no model.

        Example:
            >>> import autoopt, pandas as pd
            >>> rows = pd.DataFrame({"size": [float(n % 9) for n in range(60)]})
            >>> rows["large"] = ["yes" if size > 4 else "no" for size in rows["size"]]
            >>> result = autoopt.tune("auto", rows, epochs=1, max_trials=1, verbose=0)
            >>> list(result.predict(rows[["size"]], proba=True))
            ['large', 'probability of no', 'probability of yes']
        """
        return self._predictor.predict(data, proba)

    def evaluate(self, data: Any) -> dict[str, float]:
        """Return the loss and the metrics of the winner on rows with labels, by name, the objective among them.

        Args:
            data: As `predict` takes it, with labels; of a run on arrays `(x, y)` or what else `tune` takes. Raw rows without
                a label that training had are left out, and counted in a warning; so are those that the model takes the
                beginning of alone, which are not left out.

        Raises:
            DataError: A column is missing, or holds something else than in training, or no row has a label.
            RunError: The run has no model, or its loss needs `custom_objects`.
        """
        return self._predictor.evaluate(data)

    @property
    def _predictor(self) -> afterwards.Predictor:
        return afterwards.Predictor(self.core, self.schema, self.preparation, self.objective.name)

    def report(self, path: str | Path | None = None) -> Path:
        """Write all that is known of the run as one page of HTML, which needs no network, and return its path.

        It has scores with their errors, what changed of the model, the trials, how the search went, importance, ablation
        and front where there are some, curves, time, failures, and how to do it again. Figures are Optuna's and plotly's.

        Args:
            path: Where to; None for `report.html` in the run's folder.

        Raises:
            UsageError: The path is none of a page, or cannot be written, or the package plotly is missing.

        Example:
            >>> import autoopt, keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> data = np.zeros((64, 2)), np.ones(64)
            >>> result = autoopt.tune(model, data, epochs=1, max_trials=1, verbose=0)
            >>> result.report("report.html").name
            'report.html'
        """
        run = afterwards.Reported(self._folder, self.summary(), self.trials, self.objectives)
        return afterwards.report(run, path)

    def summary(self) -> dict[str, Any]:
        """Return the outcome as plain data: what `--json` prints."""
        best = None if self._found.get("best") is None else self.best_trial
        own = next((trial for trial in self.trials if trial.number == 0), None)
        return {
            "run": str(self.run_dir),
            "starter": self._asked.get("starter", ""),
            "objective": vars(self.objective),
            "others": [vars(each) for each in self.objectives[1:]],
            "front": self._told_front(),
            "baseline_score": self.baseline_score,
            "baseline_scores": {} if own is None else dict(own.scores),
            "baseline_excess": "" if own is None else own.excess,
            "best_score": self.best_score,
            "best_trial": self._found.get("best"),
            **self._standing.told(),
            "unconfirmed": self._found.get("unconfirmed", ""),
            "executions": afterwards.executions(best),
            "folds": afterwards.folds(best),
            "test_metrics": self.test_metrics,
            "hyperparameters": {} if best is None else dict(best.hyperparameters),
            "changes": [] if best is None else [vars(change) for change in self.changes],
            "edges": [] if best is None else [{**vars(edge), "text": str(edge)} for edge in self.edges],
            "trials": {
                status: sum(t.status == status for t in self.trials)
                for status in ("completed", "pruned", "failed")
            },
            "reason": self.reason,
            "running": not self.reason and storage.is_written_to(self.run_dir),
            "seconds": self._found.get("seconds"),
            "profile": self.profile(),
            "seed": self._asked.get("seed"),
            "disk": self._folder.size,
            "in_memory": list(self._folder.in_memory),
        }

    def _told_front(self) -> Sequence[Mapping[str, float]]:
        """Return the front as plain data, the winner first; empty where one objective is compared."""
        if len(self.objectives) == 1 or not contenders(self.trials, self.objectives):
            return []
        return [{"trial": trial.number, **trial.scores} for trial in self.front]


def load(
    run: str | Path, directory: str | Path = "autoopt_runs", custom_objects: Mapping[str, Any] | None = None,
    source: afterwards.Source | None = None,
) -> Result:  # fmt: skip
    """Read a run from disk; model function and data are needed only for what trains more of it.

    Args:
        run: The run's folder, or its name.
        directory: Where runs lie.
        custom_objects: Classes and functions of the user's own that the model needs, name to object.
        source: What `ablation`, `ensemble` and `refit` take: model function and data, as `tune` was given them.

    Raises:
        RunError: There is no such run; the nearest names are given. Or the data of `source` is other data.

    Example:
        >>> import autoopt, keras, numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> data = np.zeros((64, 2)), np.ones(64)
        >>> tuned = autoopt.tune(model, data, epochs=1, max_trials=1, project_name="my_run", verbose=0)
        >>> autoopt.load("my_run").best_score == tuned.best_score
        True
    """
    if not isinstance(run, str | Path):
        raise UsageError(
            f"load was given {run!r}. Expected a run's folder, or its name: pass result.run_dir."
        )
    if source is not None and not isinstance(source, afterwards.Source):
        raise UsageError(
            f"source was given {source!r}. Expected what the run was made of: pass autoopt.Source(model_fn, data)."
        )
    if custom_objects is not None and not isinstance(custom_objects, Mapping):
        raise UsageError(
            f"custom_objects was given {custom_objects!r}. Expected a mapping of names to classes and functions: pass "
            '{"MyLayer": MyLayer}.'
        )
    folder = storage.find(run, directory)
    return Result(
        folder, custom_objects, again=None if source is None else afterwards.again_of(source, folder)
    )


def _score_of(trials: Sequence[Trial], objectives: Sequence[Objective]) -> float | None:
    leading = contenders(trials, objectives)
    return leading[0].score if leading else None


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
