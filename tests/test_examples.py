"""Every example is tuned as the command line would, for fewer trials; the chapter's seven find their change."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import autoopt
from autoopt import model_file
from benchmarks.datasets import MissingPackage
from examples.fields import FIELDS
from tests.counts import FULL, at_full_counts

EXAMPLES = Path(__file__).parent.parent / "examples"
CHAPTER = (
    "add_layer",
    "batch_size",
    "gradient_descent",
    "initialization",
    "learning_rate",
    "regularization",
    "remove_layer",
)


def tuned(name, **options):
    defined = model_file.read(str(EXAMPLES / f"{name}.py"))
    chosen = {"seed": 0, "verbose": 0, "search": autoopt.Search(confirm=0), **defined.options(), **options}
    return autoopt.tune(defined.model_fn, defined.data(), **chosen), defined.module


def test_every_example_is_run_here():
    files = {path.stem for path in EXAMPLES.glob("*.py")} - {"chapter", "__init__"}
    assert files == {*CHAPTER, "digits", "fine_tune", "keras_tuner_guide", "mnist1d"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", *["mnist1d", "fine_tune"] * FULL])
def test_an_example_on_real_data_runs(name):
    result, _ = tuned(name, epochs=2, max_trials=2)
    assert result.best_score >= result.baseline_score > 0


@at_full_counts
def test_keras_tuner_s_guide_runs_with_only_the_tuner_s_class_changed(capsys):
    model_file.read(str(EXAMPLES / "keras_tuner_guide.py")).module.main(max_trials=2)
    printed = capsys.readouterr().out
    assert "Default search space size: 4" in printed
    assert printed.count("Results summary") == 2
    assert "'shuffle'" in printed
    assert 'Objective(name="default_objective", direction="min")' in printed


def small(path, rows):
    """Leave the first rows of each class alone in what an example has written."""
    if path.is_dir():
        for folder in path.iterdir():
            for file in sorted(folder.iterdir())[rows:]:
                file.unlink()
    elif path.suffix == ".npz":
        parts = np.load(path)
        np.savez(path, x=parts["x"][: 8 * rows], y=parts["y"][: 8 * rows])
    elif path.suffix == ".csv":
        pd.read_csv(path).head(8 * rows).to_csv(path, index=False)
    else:
        path.write_text("".join(path.read_text().splitlines(keepends=True)[: 16 * rows]))


@pytest.mark.slow
@pytest.mark.parametrize("name", FIELDS if FULL else ["text_bbc"])
def test_a_field_s_files_are_learnt_from_by_its_starter_and_predicted_for(name, tmp_path):
    try:
        train, tests = FIELDS[name].write(tmp_path)
    except MissingPackage as error:
        pytest.skip(str(error))
    small(train, 5), small(tests, 2)
    quick = {"max_trials": 1, "epochs": 1, "search": autoopt.Search(confirm=0), "verbose": 0, "seed": 0}
    result = autoopt.tune(FIELDS[name].starter, train, **FIELDS[name].said, **quick)
    assert np.isfinite(result.evaluate(tests)["loss"])
    assert len(result.predict(tests)) > 0


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="half a minute of searching: AUTOOPT_FULL=1 runs it")
def test_fine_tuning_on_100_labels_beats_the_same_search_from_scratch():
    scratch, tuned = model_file.read(str(EXAMPLES / "fine_tune.py")).module.compare(seeds=(0,), max_trials=6)
    assert tuned > scratch


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTER if FULL else CHAPTER[:1])
def test_a_chapter_s_example_searches_for_its_change(name):
    result, module = tuned(name, epochs=1, max_trials=1)
    assert module.change in {hp.name for hp in result.best_hyperparameters.space}


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="minutes of searching: AUTOOPT_FULL=1 runs it")
@pytest.mark.parametrize("name", CHAPTER)
def test_the_search_finds_the_chapter_s_change_by_itself(name):
    result, module = tuned(name, max_trials=24)
    changed, _ = module.report.__globals__["evidence"](result, module.change)
    assert changed is not None
    assert result.objective.gain(changed.score, result.baseline_score) > 0
