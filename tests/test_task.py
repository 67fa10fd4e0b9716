"""What a model is compiled with, and which data is refused for it before a trial."""

import doctest
import importlib
from typing import Any

import keras
import numpy as np
import pytest

from autoopt.errors import DataError
from autoopt.records import Objective
from autoopt.task import check, check_input, default_objective, infer

L = keras.layers
N = 12
X = np.linspace(-1, 1, N * 8, dtype="float32").reshape(N, 8)
CLASSES = np.arange(N) % 3
BINARY = np.arange(N) % 2
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
MULTI_HOT = np.tile(np.array([[1, 1, 0], [0, 1, 1]]), (N // 2, 1))
IMAGES = X.reshape(N, 4, 2, 1)


def chain(*layers: Any, shape: tuple[int, ...] = (8,)) -> Any:
    return keras.Sequential([keras.Input(shape), *layers])


class Subclass(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = L.Dense(4, "relu")
        self.out = L.Dense(3, "softmax")

    def call(self, x: Any) -> Any:
        return self.out(self.hidden(x))


def two_heads(as_dict: bool = False) -> Any:
    inputs = keras.Input((8,))
    kind = L.Dense(3, "softmax", name="kind")(inputs)
    size = L.Dense(1, name="size")(inputs)
    return keras.Model(inputs, {"kind": kind, "size": size} if as_dict else [kind, size])


def nested() -> Any:
    inputs = keras.Input((8,))
    return keras.Model(inputs, chain(L.Dense(3), L.Softmax())(inputs))


def operation() -> Any:
    inputs = keras.Input((8,))
    return keras.Model(inputs, keras.ops.softmax(L.Dense(3)(inputs)))


def name(loss: Any) -> str:
    return loss if isinstance(loss, str) else f"{loss.name} from logits"


SPARSE, CATEGORICAL, BCE, MSE = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
)
LOGITS = " from logits"
TASKS: dict[str, tuple[Any, Any, Any, str]] = {
    "classes, softmax": (lambda: chain(L.Dense(3, "softmax")), X, CLASSES, SPARSE),
    "classes in a column": (lambda: chain(L.Dense(3, "softmax")), X, CLASSES[:, None], SPARSE),
    "classes as floats": (lambda: chain(L.Dense(3, "softmax")), X, CLASSES.astype("float32"), SPARSE),
    "classes, logits": (lambda: chain(L.Dense(3)), X, CLASSES, SPARSE + LOGITS),
    "classes, Softmax layer": (lambda: chain(L.Dense(3), L.Softmax()), X, CLASSES, SPARSE),
    "classes, Activation layer": (lambda: chain(L.Dense(3), L.Activation("softmax")), X, CLASSES, SPARSE),
    "classes, nested model": (nested, X, CLASSES, SPARSE),
    "classes, operation": (operation, X, CLASSES, SPARSE),
    "classes, dropped": (lambda: chain(L.Dense(3, "softmax"), L.Reshape((3,))), X, CLASSES, SPARSE),
    "classes, not built": (lambda: keras.Sequential([L.Dense(3, "softmax")]), X, CLASSES, SPARSE),
    "classes, subclass": (Subclass, X, CLASSES, SPARSE),
    "two classes, two outputs": (lambda: chain(L.Dense(2, "softmax")), X, BINARY, SPARSE),
    "one-hot, softmax": (lambda: chain(L.Dense(3, "softmax")), X, ONE_HOT, CATEGORICAL),
    "one-hot, logits": (lambda: chain(L.Dense(3)), X, ONE_HOT, CATEGORICAL + LOGITS),
    "soft labels": (lambda: chain(L.Dense(3, "softmax")), X, ONE_HOT * 0.9 + 0.1 / 3, CATEGORICAL),
    "binary, sigmoid": (lambda: chain(L.Dense(1, "sigmoid")), X, BINARY, BCE),
    "binary booleans": (lambda: chain(L.Dense(1, "sigmoid")), X, BINARY > 0, BCE),
    "binary floats": (lambda: chain(L.Dense(1, "sigmoid")), X, BINARY.astype("float32"), BCE),
    "binary, logit": (lambda: chain(L.Dense(1)), X, BINARY, BCE + LOGITS),
    "multi-hot, sigmoid": (lambda: chain(L.Dense(3, "sigmoid")), X, MULTI_HOT, BCE),
    "multi-hot, logits": (lambda: chain(L.Dense(3)), X, MULTI_HOT, BCE + LOGITS),
    "masks": (
        lambda: chain(L.Conv2D(3, 1, activation="softmax"), shape=(4, 2, 1)),
        IMAGES,
        np.ones((N, 4, 2), int),
        SPARSE,
    ),
    "binary masks": (
        lambda: chain(L.Conv2D(1, 1, activation="sigmoid"), shape=(4, 2, 1)),
        IMAGES,
        np.ones((N, 4, 2, 1), int),
        BCE,
    ),
    "real numbers": (lambda: chain(L.Dense(1)), X, X[:, 0], MSE),
    "counts": (lambda: chain(L.Dense(1)), X, np.arange(N), MSE),
    "floats 0 and 1, linear": (lambda: chain(L.Dense(1)), X, BINARY.astype("float32"), MSE),
    "several real numbers": (lambda: chain(L.Dense(2)), X, X[:, :2], MSE),
    "an autoencoder": (lambda: chain(L.Dense(8)), X, X, MSE),
}


@pytest.mark.parametrize("case", TASKS)
def test_the_loss_follows_from_labels_and_outputs(case: str) -> None:
    make, x, y, expected = TASKS[case]
    task = infer(make(), y, x)
    assert name(task.loss) == expected
    assert expected.removesuffix(LOGITS) in task.note


@pytest.mark.parametrize("case", TASKS)
def test_what_is_inferred_passes_the_check_trains_and_reports_the_default_objective(case: str) -> None:
    make, x, y, _ = TASKS[case]
    if case == "masks" and keras.backend.backend() == "torch":
        pytest.skip("fit itself fails: https://github.com/pytorch/pytorch/issues/175084")
    model = make()
    task = infer(model, y, x)
    check(model, y, task.loss)
    check_input(model, x)
    model.compile("sgd", task.loss, metrics=task.metrics, run_eagerly=True)
    history = model.fit(x, y, validation_data=(x, y), verbose=0).history
    assert default_objective(task.loss).name in history


@pytest.mark.parametrize("case", TASKS)
def test_reading_a_model_changes_nothing_in_it(case: str) -> None:
    make, x, y, _ = TASKS[case]
    model = make()
    built, weights = model.built, [value.copy() for value in model.get_weights()]
    check(model, y, infer(model, y, x).loss, x)
    assert model.built == built
    assert not model.compiled
    assert len(model.get_weights()) == len(weights)
    assert all((one == other).all() for one, other in zip(weights, model.get_weights(), strict=True))


def test_accuracy_of_logits_counts_a_positive_one_as_the_second_class() -> None:
    model = chain(L.Dense(1, use_bias=False, kernel_initializer="ones"))
    x = np.full((4, 8), 0.05, "float32")  # a logit of 0.4: a probability of 0.6
    task = infer(model, np.array([1, 1, 1, 0]))
    model.compile("sgd", task.loss, metrics=task.metrics, run_eagerly=True)
    assert model.evaluate(x, np.array([1, 1, 1, 0]), verbose=0, return_dict=True)["accuracy"] == 0.75


def test_the_note_names_labels_and_outputs() -> None:
    note = infer(chain(L.Dense(3, "softmax")), CLASSES).note
    assert note == f"Compiled with {SPARSE} and accuracy: integer labels 0…2, 3 outputs with softmax."
    assert infer(chain(L.Dense(3)), CLASSES).note.endswith(
        "3 outputs without activation, hence from_logits=True."
    )


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize("given_dict", [False, True])
def test_several_outputs_get_a_loss_each_and_train(as_dict: bool, given_dict: bool) -> None:
    model = two_heads(as_dict)
    y: Any = {"kind": CLASSES, "size": X[:, 0]} if as_dict or given_dict else (CLASSES, X[:, 0])
    task = infer(model, y)
    assert (list(task.loss.values()) if isinstance(task.loss, dict) else task.loss) == [SPARSE, MSE]
    check(model, y, task.loss)
    model.compile("sgd", task.loss, metrics=task.metrics, run_eagerly=True)
    history = model.fit(X, y, validation_data=(X, y), verbose=0).history
    assert default_objective(task.loss).name in history
    assert "kind_accuracy" in history


@pytest.mark.parametrize(
    ("layer", "loss"),
    [
        (L.Dense(3, "softmax"), SPARSE),
        (L.Dense(1, "sigmoid"), BCE),
        (L.Dense(3, "sigmoid"), BCE),
        (L.Dense(3), MSE),
    ],
)
def test_without_labels_the_outputs_decide(layer: Any, loss: str) -> None:
    assert infer(chain(layer), None).loss == loss


OBJECTIVES = [
    ("sparse_categorical_crossentropy", "val_accuracy"),
    ("bce", "val_accuracy"),
    (keras.losses.CategoricalCrossentropy(from_logits=True), "val_accuracy"),
    (keras.losses.binary_crossentropy, "val_accuracy"),
    (keras.losses.CategoricalFocalCrossentropy(), "val_accuracy"),
    (keras.losses.CategoricalHinge(), "val_accuracy"),
    ({"only": "binary_crossentropy"}, "val_accuracy"),
    (["binary_crossentropy"], "val_accuracy"),
    ("mse", "val_loss"),
    (keras.losses.Huber(), "val_loss"),
    (keras.losses.mean_absolute_error, "val_loss"),
    (lambda y, p: keras.ops.mean(p), "val_loss"),
    (["binary_crossentropy", "mse"], "val_loss"),
    ({"a": "binary_crossentropy", "b": "binary_crossentropy"}, "val_loss"),
    ("no such loss", "val_loss"),
    (None, "val_loss"),
]


@pytest.mark.parametrize(("loss", "expected"), OBJECTIVES)
def test_the_default_objective_follows_from_the_loss(loss: Any, expected: str) -> None:
    assert default_objective(loss) == Objective(expected, "max" if expected == "val_accuracy" else "min")


def softmax(n: int) -> Any:
    return chain(L.Dense(n, "softmax", name="out"))


REFUSED: dict[str, tuple[Any, Any, Any, str]] = {
    "one class too many": (
        softmax(10),
        np.arange(11),
        SPARSE,
        r"10 as its largest label.*'out' has 10 outputs.*Dense\(11\)",
    ),
    "counted from 1": (softmax(3), np.array([1, 2, 3]), SPARSE, r"count from 0: 0 to 2\. Pass y - 1"),
    "negative": (softmax(3), np.array([-1, 0, 1]), SPARSE, r"label -1.*count from 0"),
    "one unit, classes": (
        chain(L.Dense(1, "sigmoid")),
        CLASSES,
        SPARSE,
        r"2 as its largest label.*1 output.*Dense\(3\)",
    ),
    "real numbers as classes": (softmax(3), np.array([0.5, 1]), SPARSE, r"holds 0\.5.*mean_squared_error"),
    "one-hot for sparse": (
        softmax(3),
        ONE_HOT,
        SPARSE,
        r"looks one-hot.*Compile with categorical_crossentropy",
    ),
    "conv classes": (
        chain(L.Conv2D(2, 1, activation="softmax"), shape=(4, 2, 1)),
        np.tile([0, 2], (N, 4, 1)),
        SPARSE,
        r"Conv2D\(3\)",
    ),
    "mask of another size": (
        chain(L.Conv2D(2, 1, activation="softmax"), shape=(4, 2, 1)),
        np.zeros((N, 4, 4), int),
        SPARSE,
        r"\(4, 4\) per example.*positions of shape \(4, 2\)",
    ),
    "label per step for whole examples": (softmax(3), np.zeros((N, 5), int), SPARSE, r"for whole examples"),
    "numbers for one-hot": (
        softmax(3),
        CLASSES,
        CATEGORICAL,
        rf"Compile with {SPARSE}, or pass keras.utils.to_categ",
    ),
    "width of one-hot": (softmax(4), ONE_HOT, CATEGORICAL, r"shape \(3,\) per example.*\(4,\).*Dense\(3\)"),
    "binary loss of ten": (
        softmax(10),
        CLASSES,
        BCE,
        rf"'out' has 10 outputs.*binary_cross.*Compile with {SPARSE}",
    ),
    "binary labels to 2": (chain(L.Dense(1, "sigmoid")), CLASSES, BCE, r"from 0 to 2.*Dense\(3, 'softmax'\)"),
    "minus one and one": (chain(L.Dense(1, "sigmoid")), BINARY * 2 - 1, BCE, r"Pass \(y \+ 1\) // 2"),
    "width of numbers": (
        chain(L.Dense(1)),
        X[:, :3],
        MSE,
        r"\(3,\) per example.*Change the last layer to Dense\(3\)",
    ),
    "one number for three": (chain(L.Dense(3)), X[:, 0], MSE, r"Change the last layer to Dense\(1\)"),
    "a column for three": (chain(L.Dense(3)), X[:, :1], "mae", r"Change the last layer to Dense\(1\)"),
    "constant": (softmax(1), BINARY, BCE, r"always 1.*Dense\(1, 'sigmoid'\)"),
    "one array for two": (two_heads(), CLASSES, [SPARSE, MSE], r"1 arrays and the model has 2 outputs"),
    "name of an output": (two_heads(), {"kid": CLASSES}, None, r"'kid'.*Did you mean 'kind'"),
    "no dict": (two_heads(True), (CLASSES, X[:, 0]), None, r"y is no dict"),
    "second output": (
        two_heads(),
        (CLASSES, X[:, :2]),
        [SPARSE, MSE],
        r"output 'size' has labels of shape \(2,\)",
    ),
    "not built": (
        keras.Sequential([L.Dense(2, "softmax")]),
        CLASSES,
        SPARSE,
        r"2 as its largest.*Dense\(3\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_labels_that_do_not_fit_are_refused_with_the_fix(case: str) -> None:
    model, y, loss, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        check(model, y, loss)


def test_losses_given_as_objects_and_functions_are_checked_alike() -> None:
    for loss in (keras.losses.SparseCategoricalCrossentropy(), keras.losses.sparse_categorical_crossentropy):
        with pytest.raises(DataError, match=r"Dense\(3\)"):
            check(softmax(2), CLASSES, loss)


def test_an_ignored_class_is_no_label() -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
    check(softmax(3), np.array([0, 2, 255]), loss)


def test_a_loss_of_the_users_own_is_not_judged() -> None:
    check(softmax(3), X, lambda y, p: keras.ops.mean(p))


def test_a_built_subclass_is_read_with_the_shapes_of_its_inputs() -> None:
    model = Subclass()
    model(X)
    with pytest.raises(DataError, match="3 as its largest label"):
        check(model, np.array([0, 3]), SPARSE, X)


def pair_of_inputs() -> Any:
    inputs = [keras.Input((8,), name="left"), keras.Input((2,), name="right")]
    return keras.Model(inputs, L.Dense(1)(L.Concatenate()(inputs)))


INPUTS: dict[str, tuple[Any, Any, str]] = {
    "width": (softmax(3), X[:, :7], r"rows of shape \(7,\).*takes \(8,\).*keras\.Input to shape=\(7,\)"),
    "flat images": (softmax(3), IMAGES, r"Reshape it: x = x\.reshape\(\(-1, 8\)\)"),
    "text": (softmax(3), np.array(["a", "b"]), r"holds text.*TextVectorization"),
    "one of two": (pair_of_inputs(), X, r"1 arrays and the model has 2 inputs, \['left', 'right'\]"),
    "name": (
        pair_of_inputs(),
        {"left": X, "rihgt": X[:, :2]},
        r"without the model's input 'right'.*mean 'rihgt'",
    ),
    "second": (
        pair_of_inputs(),
        {"left": X, "right": X},
        r"x\['right'\] has rows of shape \(8,\).*'right' takes \(2,\)",
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_inputs_that_do_not_fit_are_refused_with_both_shapes(case: str) -> None:
    model, x, message = INPUTS[case]
    with pytest.raises(DataError, match=message):
        check_input(model, x)


@pytest.mark.parametrize("x", [(X, X[:, :2]), {"left": X, "right": X[:, :2], "unused": X}])
def test_inputs_by_order_or_by_name_fit(x: Any) -> None:
    check_input(pair_of_inputs(), x)


def test_a_missing_or_superfluous_last_axis_of_one_fits_as_in_keras() -> None:
    check_input(chain(L.Flatten(), shape=(4, 2, 1)), IMAGES[..., 0])
    check_input(softmax(3), X[..., None])


def test_a_model_without_known_inputs_takes_what_comes() -> None:
    check_input(Subclass(), X)
    check_input(keras.Sequential([L.Dense(2)]), X)


@pytest.mark.parametrize("module", ["compiling", "losses"])
def test_examples_in_the_docstrings_run(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"autoopt.task.{module}")).failed == 0
