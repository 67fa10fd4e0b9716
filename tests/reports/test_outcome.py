"""What a finished run looks like as text."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from autoopt.records import Trial
from autoopt.reports import Grid, outcome, screen, table, trials_table, where_to_look

SUMMARY = {
    "run": "autoopt_runs/mine",
    "objective": {"name": "val_accuracy", "direction": "max"},
    "baseline_score": 0.9,
    "best_score": 0.95,
    "best_trial": 3,
    "confirmed": {"mean": 0.94, "std": 0.01, "n": 3},
    "test_metrics": {"accuracy": 0.93, "loss": 0.2},
    "changes": [{"name": "optimizer/weight_decay", "before": None, "after": 0.05}],
    "trials": {"completed": 2, "pruned": 2, "failed": 0},
    "reason": "the budget is used up",
    "running": False,
    "seconds": 75.2,
}


def trial(
    number: int, score: float | None = 0.9, error: str | None = None, **hyperparameters: object
) -> Trial:
    status = "failed" if error else "completed"
    return Trial(
        number, status, score, hyperparameters, {"loss": [1.0, 0.5]}, 1, 0.0, 2.0, error, error or ""
    )  # fmt: skip


def test_the_outcome_says_what_was_reached_and_what_was_changed() -> None:
    assert outcome(SUMMARY) == [
        "4 trials in 1m15s (2 completed, 2 pruned); ended: the budget is used up.",
        "  baseline   val_accuracy 0.9000  (your model)",
        "  best       val_accuracy 0.9500  (trial 3)",
        "  confirmed  val_accuracy 0.9400  (3 fresh seeds; deviation 0.0100)",
        "  test       accuracy 0.9300, loss 0.2000",
        "Changed from your model:",
        "  optimizer/weight_decay   not used -> 0.05",
    ]


@pytest.mark.parametrize(
    ("absent", "said"), [([], "2.4 MB"), (["best.keras", "journal.log"], "2.4 MB; in memory alone: best.keras, journal.log")]
)  # fmt: skip
def test_the_outcome_says_what_the_run_folder_takes_and_what_is_not_in_it(
    absent: list[str], said: str
) -> None:
    assert outcome({**SUMMARY, "disk": 2_400_000, "in_memory": absent})[1] == f"  disk       {said}"


@pytest.mark.parametrize(
    ("why", "said"), [("there was no time left", ["  confirmed  not: there was no time left"]), ("", [])]
)
def test_the_outcome_says_why_nothing_was_confirmed_that_was_to_be(why: str, said: list[str]) -> None:
    lines = outcome({**SUMMARY, "confirmed": None, "unconfirmed": why})
    assert [line for line in lines if "confirmed" in line] == said


def test_a_name_of_the_user_s_stays_in_its_line() -> None:
    name = "un\x1bits\nmore"
    lines = outcome({
        **SUMMARY, "changes": [{"name": name, "before": 1, "after": 2}], "edges": [{"text": f"{name} lies low."}],
    })  # fmt: skip
    assert lines[-2:] == ["  un\\x1bits\\nmore   1 -> 2", "un\\x1bits\\nmore lies low."]


CONFIRMED = {
    "confirmed": {"mean": 0.9612, "std": 0.0021, "n": 3, "error": 0.008},
    "baseline_confirmed": {"mean": 0.91, "std": 0.004, "n": 3, "error": 0.011},
    "gain": {"mean": 0.0512, "least": 0.031},
    "beats_baseline": True,
    "fresh_cuts": True,
    "test_error": 0.013,
    "gap": 0.0062,
    "test_metrics": {"accuracy": 0.955, "loss": 0.2},
}


def test_a_confirmed_winner_is_told_with_its_errors_and_beside_your_model() -> None:
    assert outcome({**SUMMARY, **CONFIRMED})[3:6] == [
        "  confirmed  val_accuracy 0.9612 ± 0.0080  (95 %, 3 fresh seeds and cuts; deviation 0.0021); "
        "your model 0.9100 ± 0.0110",
        "             better than your model beyond noise (+0.0512, 99 % from +0.0310)",
        "  test       accuracy 0.9550 ± 0.0130, loss 0.2000; 0.0062 below confirmed",
    ]


def test_a_gain_within_noise_is_not_claimed() -> None:
    noise = {**CONFIRMED, "gain": {"mean": 0.002, "least": -0.01}, "beats_baseline": False, "gap": -0.001}
    lines = outcome({**SUMMARY, **noise})
    assert lines[4].strip() == "not better than your model beyond noise (+0.0020, 99 % from -0.0100)"
    assert lines[5].endswith("; 0.0010 above confirmed")
    assert lines[6] == (
        "The search did not beat your model beyond noise: trial 3 is exported all the same, because it is the better "
        "one with fresh seeds, 0.9612 to 0.9100."
    )


def test_no_share_is_said_to_be_more_than_1_worse() -> None:
    noise = {**CONFIRMED, "gain": {"mean": 0.002, "least": -3.4}, "beats_baseline": False}

    assert "(+0.0020, 99 % from -1.0000)" in "".join(outcome({**SUMMARY, **noise}))


BELOW = {
    "with fresh seeds": (CONFIRMED, "it is the better one with fresh seeds, 0.9612 to 0.9100"),
    "over a limit": (
        {"baseline_excess": "has 90 parameters, more than max_params=50"},
        "your model has 90 parameters",
    ),
}


@pytest.mark.parametrize("case", BELOW)
def test_a_winner_that_scored_less_than_your_model_in_the_search_says_why_it_is_exported(case: str) -> None:
    more, why = BELOW[case]
    lines = outcome({**SUMMARY, **more, "baseline_score": 0.97})
    told = next(line for line in lines if line.startswith("In the search"))
    assert told.startswith(
        "In the search your model scored better than trial 3, 0.9700 to 0.9500: trial 3 is exported"
    )
    assert f"because {why}" in told


def test_an_interval_of_a_share_ends_where_shares_end() -> None:
    wide = {**CONFIRMED, "confirmed": {"mean": 0.9, "std": 0.1, "n": 3, "error": 0.3}, "test_error": 0.5}
    lines = outcome({**SUMMARY, **wide})
    assert lines[3].startswith("  confirmed  val_accuracy 0.9000 [0.6000, 1.0000]  (95 %, 3 fresh seeds")
    assert lines[5].startswith("  test       accuracy 0.9550 [0.4550, 1.0000], loss 0.2000;")


def test_single_runs_claim_nothing() -> None:
    one = {"mean": 0.96, "std": 0.0, "n": 1, "error": 0.01}
    lines = outcome({**SUMMARY, **CONFIRMED, "confirmed": one, "gain": None, "beats_baseline": None})
    assert lines[3].startswith(
        "  confirmed  val_accuracy 0.9600 ± 0.0100  (95 %, 1 fresh seed and cut); your model"
    )
    assert lines[4].strip() == "a single run of each does not tell whether it is better than your model"


def test_an_error_that_is_not_known_is_not_told() -> None:
    one = {"mean": 0.96, "std": 0.0, "n": 1, "error": math.inf}
    lines = outcome({**SUMMARY, **CONFIRMED, "confirmed": one, "test_error": math.nan})
    assert lines[3].startswith("  confirmed  val_accuracy 0.9600  (1 fresh seed and cut); your model")
    assert lines[5].startswith("  test       accuracy 0.9550, loss 0.2000;")


def test_an_error_of_seeds_alone_says_so_and_claims_nothing() -> None:
    few = {"mean": 0.96, "std": 0.01, "n": 3, "error": 0.025, "of_seeds_alone": True}
    lines = outcome({**SUMMARY, **CONFIRMED, "confirmed": few, "gain": None, "beats_baseline": None})
    assert "(95 %, of seeds alone: 3 fresh seeds and cuts; deviation 0.0100)" in lines[3]
    assert lines[4].strip() == "seeds alone do not tell whether it is better than your model"


def test_your_own_model_is_not_compared_with_itself() -> None:
    lines = outcome({**SUMMARY, **CONFIRMED, "best_trial": 0, "gain": None, "beats_baseline": None})
    assert lines[3].endswith("deviation 0.0021)")
    assert lines[4].startswith("  test")


def test_a_winner_of_several_executions_is_told_apart_from_their_mean() -> None:
    several = {**SUMMARY, "executions": {"mean": 0.92, "n": 3}}
    told = "(trial 3, the best of its 3 executions; their mean is 0.9200)"
    assert outcome(several)[2] == f"  best       val_accuracy 0.9500  {told}"


def test_a_winner_by_folds_is_told_apart_from_their_mean() -> None:
    folded = {**SUMMARY, "folds": {"mean": 0.92, "std": 0.013, "n": 5}}
    told = "(trial 3, the best of its 5 folds; their mean is 0.9200 ± 0.0130)"
    assert outcome(folded)[2] == f"  best       val_accuracy 0.9500  {told}"


@pytest.mark.parametrize("kind", ["folds", "executions"])
def test_your_models_score_and_the_gap_to_test_are_told_as_means_where_they_are(kind: str) -> None:
    several = {**SUMMARY, kind: {"mean": 0.92, "std": 0.013, "n": 5}, "confirmed": None, "gap": -0.01}
    lines = outcome(several)

    assert lines[1] == f"  baseline   val_accuracy 0.9000  (your model, the mean of its {kind})"
    assert lines[3].endswith(f"; 0.0100 above the mean of its {kind}")


def test_a_baseline_over_a_limit_says_which() -> None:
    over = {**SUMMARY, "baseline_excess": "has 90 parameters, more than max_params=50"}
    assert outcome(over)[1].endswith("(your model, which has 90 parameters, more than max_params=50)")


def test_a_search_that_beat_nothing_says_so() -> None:
    exported = "What is exported is your model as written, trained."
    assert outcome({**SUMMARY, "changes": [], "best_trial": 0})[-1] == (
        f"Nothing was changed: no trial beat your model with fresh seeds. {exported}"
    )
    assert outcome({**SUMMARY, "changes": [], "best_trial": 0, "confirmed": None})[-1] == (
        f"Nothing was changed: no trial beat your model. {exported}"
    )


def test_a_starter_is_not_called_the_user_s_model() -> None:
    gained = {"baseline_confirmed": {"mean": 0.91, "n": 3}, "gain": {"mean": 0.05, "least": 0.03}}
    summary = {**SUMMARY, **gained, "starter": "mlp", "beats_baseline": True, "run": "mine"}
    told = "\n".join(
        [*outcome(summary), *outcome({**summary, "changes": []}), *map(str, screen(summary, Grid("", (), ()), None, ""))]
    )  # fmt: skip
    assert "your model" not in told.lower()
    for words in (
        "(the starter)",
        "; the starter 0.9100",
        "better than the starter",
        "Changed from the starter",
        "beat the starter",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("running", "told"),
    [(True, "it has not ended"), (False, "it was interrupted: autoopt resume autoopt_runs/mine goes on")],
)
def test_a_run_that_has_not_ended_shows_the_best_so_far(running: bool, told: str) -> None:
    unfinished = {"best_trial": None, "reason": "", "seconds": None, "running": running}
    assert outcome({**SUMMARY, **unfinished}) == [
        f"4 trials (2 completed, 2 pruned); {told}.",
        "  baseline   val_accuracy 0.9000  (your model)",
        "  best       val_accuracy 0.9500  (so far)",
    ]


def test_a_trial_is_listed_with_what_it_changed() -> None:
    own, better = trial(0, 0.8, width=1.0, rate=0.1), trial(1, 0.9, width=1.0, rate=0.2)
    lines = trials_table([better, own], [own, better], "val_accuracy")
    assert lines[0].split()[:3] == ["trial", "val_accuracy", "epochs"]
    assert lines[1].split() == ["1", "0.9000", "2", "2.0s", "completed", "rate=0.2"]
    assert lines[2].endswith("nothing: it is your model")


def test_failed_trials_are_counted_and_the_first_is_explained() -> None:
    every = [trial(0), trial(1, None, "ValueError: too wide\nmore"), trial(2, None, "MemoryError: ")]
    lines = trials_table(every[:1], every, "val_accuracy")
    assert lines[-1] == "2 trials failed, the first of them trial 1: ValueError: too wide"


def test_a_table_wraps_what_does_not_fit_and_loses_nothing() -> None:
    lines = table(("name", "value"), [("a", "[x] " + "long " * 30)], width=40)
    assert max(map(len, lines)) <= 40
    assert " ".join(lines).count("long") == 30 and "[x]" in lines[1]


def test_commands_to_look_with_can_be_pasted() -> None:
    lines = where_to_look(Path("my runs/mine"), Path("tensorboard_logs"))
    assert lines[1:] == ["Look:  autoopt show 'my runs/mine'", "       autoopt board"]
    assert where_to_look(Path("mine"), Path("logs"))[-1].endswith("autoopt board --logdir logs")


def test_of_raw_rows_the_model_that_takes_them_is_named() -> None:
    lines = where_to_look(Path("mine"), Path("tensorboard_logs"), takes_rows=True)
    assert lines[:2] == [
        "Model: autoopt export mine best.keras writes it, for raw rows",
        "Use:   autoopt predict mine FILE",
    ]


def test_a_front_is_listed_by_its_first_objective_and_the_knee_is_named() -> None:
    front = [{"trial": n, "val_accuracy": n / 20, "parameters": 1000.0 * n} for n in (3, *range(4, 14))]
    lines = outcome({**SUMMARY, "front": front})
    listed = lines[lines.index("Front: 11 trials, the 8 nearest to the knee") + 1 :]

    assert "  best       val_accuracy 0.9500  (trial 3, the knee of the front)" in lines
    assert listed[0].split() == ["trial", "val_accuracy", "parameters"]
    assert [int(line.split()[0]) for line in listed[1:9]] == list(range(10, 2, -1))
    assert listed[8].split() == ["3", "0.1500", "3,000", "the", "knee"]


def test_a_knee_that_changes_nothing_is_the_users_model() -> None:
    unchanged = {**SUMMARY, "changes": [], "front": [{"trial": 0, "val_accuracy": 0.9, "latency": 0.51234}]}

    assert outcome(unchanged)[-1] == "Nothing was changed: the knee is your model."
    assert "  0      0.9000        0.5123   the knee" in outcome(unchanged)


def test_the_table_of_trials_has_a_column_for_each_objective() -> None:
    one = replace(trial(1), scores={"val_accuracy": 0.9, "parameters": 1210.0})
    heads, row, other = trials_table([one, trial(2)], [], "val_accuracy", others=["parameters"])

    assert heads.split()[:3] == ["trial", "val_accuracy", "parameters"]
    assert (row.split()[2], other.split()[2]) == ("1,210", "-")
