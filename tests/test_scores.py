"""Scores of classes: they are scikit-learn's, for every form of labels and outputs, weighted and in batches."""

from typing import Any

import keras
import numpy as np
import pytest
from sklearn import metrics as sk

from autoopt.errors import DataError
from autoopt.task import classes
from autoopt.task.classes import Classes
from autoopt.task.scores import Score, scores

N = 400
AVERAGED = {"f1": sk.f1_score, "precision": sk.precision_score, "recall": sk.recall_score}


def softmax(values: np.ndarray) -> np.ndarray:
    raised = np.exp(values - values.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def drawn(classes: Classes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return labels and logits, rare classes among them, the labels as scikit-learn takes them, and weights."""
    random, count = np.random.default_rng(0), classes.count
    weights = random.choice([0.0, 0.5, 1.0, 3.0], N).astype("float32")
    if classes.form == "several":
        y = (random.random((N, count)) < [0.5, 0.2, 0.03]).astype("float32")
        return y, (random.normal(size=(N, count)) + y - 3 * (count > 2)).astype("float32"), y, weights
    share = np.array([0.9, 0.1]) if count == 2 else np.array([0.7, 0.25, 0.05])
    numbers = random.choice(count, N, p=share)
    logits = random.normal(size=(N, count)) + np.eye(count)[numbers] + 2 * share
    if classes.form == "one unit":
        return numbers[:, None], logits[:, 1:].astype("float32") - 2.5, numbers, weights
    y = np.eye(count, dtype="float32")[numbers] if classes.form == "one-hot" else numbers
    return y, logits.astype("float32"), numbers, weights


def probabilities(classes: Classes, logits: np.ndarray) -> np.ndarray:
    return softmax(logits) if classes.form in ("numbers", "one-hot") else sigmoid(logits)


def measured(score: Score, y: Any, outputs: Any, weights: Any = None) -> float:
    """Return what the metric says of three batches of different lengths."""
    metric = score.metric()
    for some in (slice(0, 30), slice(30, 331), slice(331, N)):
        given = None if weights is None else weights[some]
        metric.update_state(y[some], keras.ops.convert_to_tensor(outputs[some]), given)
    return float(metric.result())


def expected(kind: str, classes: Classes, truth: np.ndarray, chances: np.ndarray, weights: Any) -> float:
    if kind == "auc":
        two = classes.exclusive and classes.count == 2
        ranked = chances[:, -1] if two else chances
        return float(
            sk.roc_auc_score(truth, ranked, average="macro", multi_class="ovr", sample_weight=weights)
        )
    taken = chances.argmax(-1) if classes.form in ("numbers", "one-hot") else (chances > 0.5).astype(int)
    if kind == "balanced_accuracy":
        return float(sk.balanced_accuracy_score(truth, taken, sample_weight=weights))
    average = "binary" if classes.exclusive and classes.count == 2 else "macro"
    return float(AVERAGED[kind](truth, taken, average=average, zero_division=0, sample_weight=weights))


FORMS = {
    "class numbers": Classes("numbers", 3),
    "two class numbers": Classes("numbers", 2),
    "one-hot": Classes("one-hot", 3),
    "one unit": Classes("one unit", 2),
    "several labels": Classes("several", 3),
}


PAIRS = [(kind, form) for form, read in FORMS.items() for kind in scores(read)]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("logits", [False, True], ids=["probabilities", "logits"])
@pytest.mark.parametrize(("kind", "form"), PAIRS)
def test_a_score_is_scikit_learns(kind: str, form: str, logits: bool, weighted: bool) -> None:
    classes = Classes(FORMS[form].form, FORMS[form].count, logits)
    y, given, truth, weights = drawn(classes)
    chances, used = probabilities(classes, given), weights if weighted else None
    found = measured(Score(kind, classes), y, given if logits else chances, used)

    tolerance = 2e-3 if kind == "auc" else 1e-5
    assert found == pytest.approx(expected(kind, classes, truth, chances, used), abs=tolerance)


def test_auc_is_right_where_all_chances_are_small() -> None:
    random = np.random.default_rng(1)
    y = (random.random(N) < 0.05).astype(int)
    chances = (sigmoid(random.normal(size=N) + y) * 1e-5).astype("float32")[:, None]

    assert measured(Score("auc", Classes("one unit", 2)), y, chances) == pytest.approx(
        sk.roc_auc_score(y, chances[:, 0]), abs=5e-3
    )
    assert float(keras.metrics.AUC()(y[:, None], chances)) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["f1", "auc"])
def test_a_class_number_that_is_ignored_and_a_weight_of_0_are_left_out(kind: str) -> None:
    classes = Classes("numbers", 3, ignored=-1)
    y, logits, _, _ = drawn(classes)
    chances, kept = softmax(logits), np.arange(N) % 3 > 0
    alone = Score(kind, classes).metric()
    alone.update_state(y[kept], chances[kept])

    assert measured(Score(kind, classes), np.where(kept, y, -1), chances) == pytest.approx(
        float(alone.result())
    )
    assert measured(Score(kind, classes), y, chances, kept * 1.0) == pytest.approx(float(alone.result()))


@pytest.mark.parametrize("kind", ["recall", "auc"])
def test_each_position_counts_with_its_examples_weight(kind: str) -> None:
    classes = Classes("numbers", 3)
    y, logits, _, weights = drawn(classes)
    chances, weights = softmax(logits), weights[: N // 4]
    image = Score(kind, classes).metric()
    image.update_state(y.reshape(-1, 2, 2, 1), chances.reshape(-1, 2, 2, 3), weights[:, None])

    flat = measured(Score(kind, classes), y, chances, np.repeat(weights, 4))
    assert float(image.result()) == pytest.approx(flat)


def net(units: int, activation: str | None, *shape: int) -> keras.Model:
    return keras.Sequential([keras.Input((*shape, 4)), keras.layers.Dense(units, activation)])


def own(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(y_pred)


SPARSE, BINARY = keras.losses.SparseCategoricalCrossentropy, keras.losses.BinaryCrossentropy
NUMBERS, YES, HOT = np.arange(6) % 3, np.arange(6) % 2, np.eye(3)[np.arange(6) % 3]
READ: dict[str, tuple[keras.Model, Any, Any, Classes]] = {
    "numbers": (net(3, "softmax"), NUMBERS, "sparse_categorical_crossentropy", Classes("numbers", 3)),
    "logits": (
        net(3, None),
        NUMBERS,
        SPARSE(from_logits=True, ignore_class=-1),
        Classes("numbers", 3, True, -1),
    ),
    "one-hot": (net(3, "softmax"), HOT, "categorical_crossentropy", Classes("one-hot", 3)),
    "positions": (
        net(3, "softmax", 2),
        HOT[:, None] + [[0], [0]],
        "categorical_crossentropy",
        Classes("one-hot", 3),
    ),
    "one unit": (net(1, "sigmoid"), YES, "binary_crossentropy", Classes("one unit", 2)),
    "one logit": (net(1, None), YES, [BINARY(from_logits=True)], Classes("one unit", 2, True)),
    "linear probabilities": (net(1, None), YES, "binary_crossentropy", Classes("one unit", 2)),
    "hinge": (net(1, None), 2 * YES - 1, "hinge", Classes("one unit", 2, True)),
    "several": (net(3, "sigmoid"), 1 - HOT, "binary_focal_crossentropy", Classes("several", 3)),
    "softmax under a binary loss": (net(3, "softmax"), HOT, "binary_crossentropy", Classes("one-hot", 3)),
    "a loss of the user's": (net(3, "softmax"), NUMBERS, own, Classes("numbers", 3)),
    "that and one unit": (net(1, "sigmoid"), YES, own, Classes("one unit", 2)),
    "that and several logits": (net(3, None), (1 - HOT).astype(int), own, Classes("several", 3, True)),
}


@pytest.mark.parametrize("case", READ)
def test_the_classes_are_read_from_model_labels_and_loss(case: str) -> None:
    model, y, loss, expected_classes = READ[case]

    assert classes(model, y, loss) == expected_classes


@pytest.mark.parametrize("loss", ["mse", own])
def test_a_regression_tells_no_classes_apart(loss: Any) -> None:
    with pytest.raises(DataError, match=r"the loss is mean_squared_error|are no classes"):
        classes(net(1, None), np.linspace(0, 1, 6), loss)
