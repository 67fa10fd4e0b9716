"""Texts of TensorBoard's Text page, as it renders them."""

import html
import re

import pytest
from tensorboard import plugin_util

from autoopt.records import Objective, SearchEnded
from autoopt.reports.tensorboard import texts
from tests.reports.tensorboard_reader import trial


def cells(markdown):
    """Return the rows of the table that TensorBoard makes of a text, as a browser shows them."""
    page = plugin_util.markdown_to_safe_html(markdown)
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.S)
    return [[shown(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def shown(cell):
    """Return the text of a cell, one in bold between asterisks."""
    bold = re.fullmatch(r"<strong>(.*)</strong>", cell, re.S)
    assert "<" not in (cell if bold is None else bold.group(1))
    return html.unescape(cell) if bold is None else f"*{html.unescape(bold.group(1))}*"


def test_a_recipe_stands_beside_the_users_own_with_what_differs_in_bold():
    text = texts.recipe(trial(3, {"batch_size": 32, "rate": 0.25}), {"batch_size": 32, "rate": 0.5})

    assert cells(text) == [
        ["hyperparameter", "this trial", "your model"],
        ["batch_size", "32", "32"],
        ["*rate*", "*0.25*", "*0.5*"],
    ]


@pytest.mark.parametrize(
    "name", ["a|b", "*bold*", "__x__", "<b>x</b>", "[a](http://b)", "`code`", r"back\slash", "&amp;"]
)
def test_a_users_name_is_shown_as_it_is(name):
    text = texts.recipe(trial(1, {name: name}), {})

    assert cells(text)[1][:2] == [f"*{name}*", f"*{name}*"]


def test_what_changed_names_what_differs_and_what_is_not_used():
    text = texts.changes(trial(2, {"a": 1, "c": 3}), {"a": 1, "b": 2})

    assert cells(text)[1:] == [["b", "2", "not used"], ["c", "not used", "3"]]


def test_your_own_model_as_the_best_has_nothing_changed():
    assert "your model as you wrote it" in texts.changes(trial(0, {"a": 1}), {"a": 1})


def test_the_outcome_leads_from_the_users_model_to_the_test_part():
    standing = {
        "confirmed_mean": 0.75,
        "confirmed_error": 0.125,
        "your_model_confirmed_mean": 0.5,
        "test_error": 0.25,
    }
    ended = SearchEnded(trial(), "all trials are done", (0.75,), {"accuracy": 0.875}, standing, True)

    text = texts.outcome(ended, Objective("val_accuracy", "max"), 0.625)

    assert [row[1] for row in cells(text)[1:]] == [
        "0.6250",
        "0.7500",
        "0.5000",
        "0.7500 ± 0.1250",
        "0.8750 [0.6250, 1.0000]",
    ]
    assert "better than your model beyond noise" in text


def test_a_starter_is_not_called_the_users_model():
    ended = SearchEnded(trial(), "all trials are done", beats_baseline=True)

    told = [
        texts.recipe(trial(3, {"a": 1}), {"a": 2}, "the starter"),
        texts.changes(trial(2, {"a": 1}), {"a": 2}, "the starter"),
        texts.changes(trial(0, {"a": 1}), {"a": 1}, "the starter"),
        texts.outcome(ended, Objective("val_accuracy", "max"), 0.625, "the starter"),
    ]

    assert not any("your" in text.lower() or "you wrote" in text for text in told)
    assert all("the starter" in text.lower() for text in told)
