"""What TensorBoard is told of a whole search: points, texts, graphs, pictures, and several trainings of a trial."""

import struct
import sys
import warnings
from dataclasses import replace

import matplotlib
import pytest

from autoopt.records import SearchEnded, TrialEnded, TrialStarted, Weighed
from autoopt.reports.tensorboard import TensorBoard, discard
from autoopt.reports.tensorboard.gallery import MOST_TRIALS
from autoopt.reports.tensorboard.pictures import MOST_WORDS
from autoopt.surgery import Node
from tests.reports.tensorboard_reader import Reader, metrics, run_trial, search_started, space, trial

NODES = (Node("x", "InputLayer"), Node("block/dense", "Dense", ("x",), (None, 8), {"units": "8"}))


@pytest.fixture
def sink(tmp_path):
    sink = TensorBoard(tmp_path / "digits")
    yield sink
    sink.close()


def several(sink, scores, **started):
    """Run trials with these scores."""
    sink(replace(search_started(space()), **started))
    for number, score in enumerate(scores):
        values = {"batch_size": 32, "optimizer/learning_rate": 0.001 * (number + 1), "optimizer/name": "adam"}
        run_trial(
            sink, replace(trial(number, values, score=score), costs={"train": 2.0}, program=number // 2)
        )


def settings():
    """Return matplotlib's settings but its backend, which is decided by whoever asks for it."""
    return {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}


def test_the_best_so_far_is_told_after_each_trial(sink, tmp_path):
    several(sink, [0.5, 0.25, 0.75])

    told = Reader(tmp_path).evaluations("digits/search", "search/best_so_far")

    assert told == [(0, 0.5), (1, 0.5), (2, 0.75)]


def test_a_trial_that_ends_after_a_later_one_takes_no_point_away(sink, tmp_path):
    sink(replace(search_started(space()), workers=2))
    for number, score in ((0, 0.5), (2, 0.25), (1, 0.75), (3, 0.25)):
        run_trial(sink, trial(number, score=score))

    told = Reader(tmp_path).evaluations("digits/search", "search/best_so_far")
    assert told == [(0, 0.5), (2, 0.5), (2, 0.75), (3, 0.75)]  # steps never go back
    assert Reader(tmp_path).evaluations("digits/search", "search/completed")[-1] == (3, 4)


@pytest.mark.parametrize(
    ("tag", "values"),
    [("seconds/train", [2.0, 4.0, 6.0]), ("search/programs", [1, 1, 2]), ("search/completed", [1, 2, 3])],
)
def test_costs_and_counts_add_up(sink, tmp_path, tag, values):
    several(sink, [0.5, 0.25, 0.75])

    assert [value for _, value in Reader(tmp_path).evaluations("digits/search", tag)] == values


def test_a_search_that_goes_on_counts_what_was_there_and_tells_each_trial_once(tmp_path):
    first = TensorBoard(tmp_path / "digits")
    several(first, [0.5, 0.75])
    first(SearchEnded(trial(1, score=0.75), "done"))
    first.close()
    second = TensorBoard(tmp_path / "digits")
    second(replace(search_started(space()), earlier=(trial(0, score=0.5), trial(1, score=0.75))))
    run_trial(second, trial(2, score=0.625))
    second(SearchEnded(trial(1, score=0.75), "done"))
    second.close()
    reader = Reader(tmp_path)

    assert reader.evaluations("digits/search", "search/best_so_far") == [(0, 0.5), (1, 0.75), (2, 0.75)]
    assert reader.evaluations("digits/search", "search/completed")[-1] == (2, 3)
    assert [step for step, _ in reader.texts()["digits/search", "search/outcome"]] == [3]


@pytest.mark.parametrize("winner", [1, 0])
def test_a_search_that_ends_twice_has_one_winner(tmp_path, winner):
    for best in (1, winner):
        sink = TensorBoard(tmp_path / "digits")
        sink(replace(search_started(space()), earlier=(trial(0, score=0.5), trial(1, score=0.75))))
        sink(SearchEnded(trial(best), "done", standing={"confirmed_mean": 0.625}))
        sink.close()
    reader = Reader(tmp_path)

    assert reader.evaluations("digits/winner", "winner/confirmed_mean") == [(winner, 0.625)]
    assert [step for step, _ in reader.texts()["digits/search", "search/what_changed_from_your_model"]] == [2]


def test_what_the_winner_changed_stands_beside_what_the_last_trial_did(sink, tmp_path):
    several(sink, [0.5, 0.75])
    sink(SearchEnded(trial(0), "done"))

    changed = Reader(tmp_path).texts()["digits/search", "search/what_changed_from_your_model"]

    assert [step for step, _ in changed] == [0, 1, 2]
    assert changed[2][1].startswith("Trial 0: ")


def test_pictures_that_a_search_gone_on_with_draws_before_its_end_stay(tmp_path):
    for _ in range(2):
        sink = TensorBoard(tmp_path / "digits")
        sink(replace(search_started(space()), earlier=tuple(trial(number) for number in range(5))))
        sink(TrialStarted(0, {}, 1))
        sink(SearchEnded(trial(0), "done"))
        sink.close()

    assert [step for step, _ in Reader(tmp_path).pictures()["digits/search", "search/history"]] == [5]


def test_every_trial_has_its_recipe_and_each_best_what_it_changed(sink, tmp_path):
    several(sink, [0.5, 0.25, 0.75])
    texts = Reader(tmp_path).texts()

    changed = [text for _, text in texts["digits/search", "search/what_changed_from_your_model"]]
    assert [run for run, tag in sorted(texts) if tag == "recipe"] == [
        f"digits/trial-000{n}" for n in range(3)
    ]
    assert len(changed) == 2
    assert "optimizer/learning&#95;rate | 0.001 | 0.003" in changed[1]


def test_of_a_starter_it_is_told_what_changed_from_the_starter(sink, tmp_path):
    several(sink, [0.5, 0.75], starter="mlp")
    sink(SearchEnded(trial(1), "done"))

    told = Reader(tmp_path).texts()

    assert ("digits/search", "search/what_changed_from_the_starter") in told
    assert not any("your model" in text.lower() for each in told.values() for _, text in each)


def test_the_users_model_and_the_winner_are_graphs_of_their_own(sink, tmp_path):
    several(sink, [0.5], nodes=NODES)
    sink(SearchEnded(trial(), "done", nodes=NODES))

    graphs = Reader(tmp_path).graphs()

    assert set(graphs) == {"digits/model/baseline", "digits/model/best"}
    _, dense = graphs["digits/model/best"].node
    assert (dense.name, dense.op, list(dense.input), dense.attr["units"].s) == (
        "block/dense",
        "Dense",
        ["x"],
        b"8",
    )
    assert [d.size for d in dense.attr["_output_shapes"].list.shape[0].dim] == [-1, 8]


def test_a_graph_is_replaced_when_the_search_goes_on(tmp_path):
    for _ in range(2):
        sink = TensorBoard(tmp_path / "digits")
        several(sink, [0.5], nodes=NODES)
        sink.close()

    assert len(list((tmp_path / "digits" / "model" / "baseline").iterdir())) == 1


def test_pictures_are_drawn_at_the_end(sink, tmp_path):
    several(sink, [0.5, 0.25, 0.75, 0.625, 0.5])
    sink(Weighed({"optimizer/learning_rate": 0.75, "optimizer/name": 0.25}))
    sink(SearchEnded(trial(2), "done"))

    drawn = Reader(tmp_path).pictures()

    assert [tag for _, tag in sorted(drawn)] == ["search/history", "search/importance", "search/slices"]
    for [(step, png)] in drawn.values():
        assert (step, struct.unpack(">II", png[16:24])) == (5, (900, 560))


def test_drawing_leaves_the_settings_of_matplotlib_alone(sink):
    before, pyplot = settings(), "matplotlib.pyplot" in sys.modules
    several(sink, [0.5, 0.25, 0.75, 0.625, 0.5])
    sink(SearchEnded(trial(2), "done"))

    assert settings() == before
    assert ("matplotlib.pyplot" in sys.modules) == pyplot


def test_odd_names_and_values_are_drawn(sink, tmp_path):
    sink(search_started(space()))
    for number in range(5):
        run_trial(
            sink, trial(number, {"$x_{": number, "名": "$\\frac{", "\x1b[31m": True}, score=10.0**number)
        )
    sink(Weighed({"$x_{": 0.5, "名": 0.25, "\x1b[31m": 0.25}))
    sink(SearchEnded(trial(4), "done"))

    assert len(Reader(tmp_path).pictures()) == 3


def test_a_warning_that_drawing_raises_costs_the_pictures_alone(sink, tmp_path, caplog):
    several(sink, [0.5, 0.25, 0.75, 0.625, 0.5])
    with matplotlib.rc_context({"font.size": 400}), warnings.catch_warnings(action="error"):
        sink(SearchEnded(trial(2), "done"))

    assert Reader(tmp_path).pictures() == {}
    assert caplog.records == []


def picture(folder, tag, trials):
    """Return one picture of trials, of the last of which the first hyperparameter matters."""
    sink = TensorBoard(folder)
    sink(replace(search_started(space()), earlier=tuple(trials)))
    sink(Weighed(dict.fromkeys(trials[-1].hyperparameters, 1.0)))
    sink(SearchEnded(None, "done"))
    sink.close()
    [[(_, png)]] = [drawn for (_, name), drawn in Reader(folder).pictures().items() if name == tag]
    return png


def test_the_best_so_far_of_a_picture_knows_trials_that_are_too_early_to_be_shown(tmp_path):
    later = [trial(number, {"batch_size": 32}) for number in range(1, MOST_TRIALS + 1)]
    high, low = (
        picture(tmp_path / str(score), "search/history", [trial(score=score), *later])
        for score in (0.875, 0.5)
    )

    assert high != low


def test_a_slice_of_too_many_words_has_those_of_the_best_trials(tmp_path):
    words = [f"word_{number}" for number in range(MOST_WORDS)]
    first, second = (
        picture(
            tmp_path / best,
            "search/slices",
            [trial(n, {"kind": word}, score=0.5 + n / 100) for n, word in enumerate([*words, best])],
        )
        for best in ("yes", "zero")
    )

    assert first != second


def test_few_trials_have_no_pictures(sink, tmp_path):
    several(sink, [0.5, 0.25, 0.75, 0.625])
    sink(SearchEnded(trial(2), "done"))

    assert Reader(tmp_path).pictures() == {}


def test_several_trainings_of_a_trial_are_one_row_with_the_score_that_is_their_mean(sink, tmp_path):
    sink(replace(search_started(space()), trainings=3))
    each = [replace(trial(0, score=score), executions=1) for score in (0.5, 0.75, 1.0)]
    sink(TrialStarted(0, {"batch_size": 32}))
    sink(TrialEnded(replace(trial(0, score=0.75), executions=3), trainings=each))
    reader = Reader(tmp_path)

    [group] = reader.sessions().values()
    assert (group.name, len(group.sessions)) == ("digits/trial-0000", 3)
    assert metrics(group)["", "score"] == 0.75
    assert reader.evaluations("digits/trial-0000", "score/training") == [(1, 0.5), (2, 0.75), (3, 1.0)]
    assert reader.evaluations("digits/trial-0000/training-3", "epoch_loss", "train")[-1] == (1, 0.5)


def test_a_confirmation_has_curves_of_its_own(sink, tmp_path):
    several(sink, [0.5])
    sink(TrialStarted(0, {"batch_size": 32}, 1))
    sink(TrialEnded(trial(0, score=0.75), 1))
    reader = Reader(tmp_path)

    assert list(reader.sessions()) == ["digits/trial-0000"]
    assert reader.evaluations("digits/trial-0000/confirmed-1", "epoch_loss", "validation")[-1] == (1, 0.75)


def test_discarding_leaves_what_is_not_ours(sink, tmp_path):
    several(sink, [0.5], nodes=NODES)
    sink(SearchEnded(trial(0), "done", test_metrics={"accuracy": 0.5}))
    sink.close()
    (tmp_path / "digits" / "notes.txt").write_text("mine")

    discard(tmp_path / "digits")

    assert [path.name for path in (tmp_path / "digits").iterdir()] == ["notes.txt"]
