"""The rules of the house, read from the syntax trees: which way arrows go, and who may name which library."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "autoopt"

# From the top of the house down; a room imports only from below itself.
FLOORS = (
    {"__main__"},
    {"cli"},
    {"commands", "looking", "starting", "predicting", "board"},
    {"printing"},
    {"tuner"},
    {"tuning", "porting", "flags", "subject"},
    {"session", "setup"},
    {"result"},
    {"afterwards", "resuming"},
    {"checks", "rehearsal", "handover", "asked", "confirming"},
    {"search", "worker_process", "remote_worker"},
    {"executors"},
    {"retraced"},
    {"worker", "inspection", "fingerprints"},
    {"hypermodel", "own_training", "tailored"},
    {"reading"},
    {"own_fit"},
    {"model_function", "coverage", "candidates"},
    {
        "compiling",
        "optimizers",
        "initial",
        "backbone",
        "space",
        "heritage",
        "priors",
        "images",
        "step_size",
        "class_weights",
        "call",
        "contents",
    },
    {"axes", "engines", "reports", "script", "starters", "search_options"},
    {"surgery", "task", "data", "storage", "objectives", "model_file", "library_output"},
    {"course", "preparing"},
    {
        "prepared",
        "hyperparameters",
        "schedules",
        "resources",
        "early_stopping",
        "failure",
        "constraints",
        "seeding",
        "budget",
        "stopwatch",
        "aside",
        "unloaded",
        "command",
        "download",
        "front",
        "points",
        "events",
        "mailbox",
    },
    {"records", "recipe", "pricing", "arguments", "schema", "rounding"},
    {"spelling"},
    {"untrusted"},
    {"memory"},
    {"errors"},
)

LIBRARIES_IN_FILES = {"tensorflow": 2, "jax": 2, "ray": 2, "click": 2}
LIBRARIES_IN_ROOMS = {"optuna": 2, "plotly": 2, "tensorboard": 2, "matplotlib": 1}


def modules():
    return sorted(ROOT.rglob("*.py"))


def room(path):
    relative = path.relative_to(ROOT).with_suffix("")
    return relative.parts[0]


@functools.cache
def imported(path):
    """Return every dotted name that a file imports, at the top or inside of a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def floor(name):
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


def test_every_room_has_its_floor():
    rooms = {room(path) for path in modules()} - {"__init__"}
    assert rooms <= set().union(*FLOORS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_below(path):
    if room(path) == "__init__":
        return
    below = {name.split(".")[1] for name in imported(path) if name.startswith("autoopt.")}
    upward = {other for other in below - {room(path)} if floor(other) <= floor(room(path))}
    assert not upward


@pytest.mark.parametrize("library", LIBRARIES_IN_FILES)
def test_a_framework_is_imported_by_at_most_two_files(library):
    files = [path for path in modules() if any(name.split(".")[0] == library for name in imported(path))]
    assert len(files) <= LIBRARIES_IN_FILES[library], files


@pytest.mark.parametrize("library", LIBRARIES_IN_ROOMS)
def test_optuna_and_plots_are_imported_by_at_most_two_rooms(library):
    rooms = {room(path) for path in modules() if any(n.split(".")[0] == library for n in imported(path))}
    assert len(rooms) <= LIBRARIES_IN_ROOMS[library], rooms


def test_importing_autoopt_loads_no_framework():
    code = "import autoopt, sys; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    heavy = {"keras", "keras_tuner", "tensorflow", "jax", "torch", "optuna", "tensorboard", "click", "numpy"}
    assert not heavy & set(ast.literal_eval(loaded))


def test_the_architecture_document_stays_within_a_hundred_lines():
    text = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf8")
    assert len(text.splitlines()) <= 100


@pytest.mark.parametrize("room", ["data", "preparing", "starters"])
def test_what_a_message_advises_of_columns_is_spelled_for_its_reader(room):
    for path in sorted((ROOT / room).rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf8"))))
        told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
        texts = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        advice = [
            each.value
            for each in texts
            if id(each) not in told and re.search(r"\b(types|drop|target|task)=", each.value)
        ]
        assert not advice, f"{path} speaks Python, whatever its reader types: use spelled() for {advice}"
