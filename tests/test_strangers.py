"""A run folder from a stranger does no harm: nothing in it is run, nothing outside is touched, and what is wrong is named."""

import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pytest
from click.testing import CliRunner

import autoopt
from autoopt.cli import main
from autoopt.errors import RunError, SpaceError
from autoopt.records import Objective
from autoopt.search import adopt, starting_points
from autoopt.storage import RunFolder
from tests.strangers import real_run, refusals

BIG = 40 * 2**20
"""Bytes of a file that no search writes."""

SECRET = "what is outside"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_run(tmp_path_factory.mktemp("runs") / "runs")


@pytest.fixture
def run(real: Path, tmp_path: Path) -> Path:
    """Return a copy of a real run, which a test may spoil."""
    return Path(shutil.copytree(real, tmp_path / "runs" / "stranger"))


class Marker:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


def changed(run: Path, name: str, **values: object) -> None:
    """Write some values into one of a run's files of JSON."""
    path = run / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def outside(run: Path, name: str = "secret.txt", content: bytes = SECRET.encode()) -> Path:
    path = run.parent.parent / name
    path.write_bytes(content)
    return path


def kept(run: Path) -> tuple[Path, int]:
    """Return the file of some weights, and the number of their trial."""
    path = min((run / "weights").iterdir())
    return path, int(path.name[6:10])


def test_a_real_run_is_read_whole(run: Path) -> None:
    assert set(refusals(run)) <= {"ablation", "ensemble", "refit"}  # these take model and data


# Code.


def pickled(marker: Marker) -> bytes:
    return pickle.dumps(marker)


def archived(marker: Marker) -> bytes:
    file = io.BytesIO()
    np.savez(file, arr_0=np.array([marker], dtype=object))
    return file.getvalue()


@pytest.mark.parametrize("forged", [pickled, archived])
def test_a_pickle_under_the_name_of_weights_is_not_opened(
    forged: Callable[[Marker], bytes], run: Path, tmp_path: Path
) -> None:
    path, number = kept(run)
    path.write_bytes(forged(Marker(tmp_path / "harm")))
    with pytest.raises(RunError, match=rf"{path.name} is damaged.*Remove it: its trial is trained again"):
        RunFolder(run).load_weights(number)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("forged", [pickled, archived])
@pytest.mark.parametrize("name", ["split.npz", "best.keras", "journal.log", "run.json", "result.json"])
def test_a_pickle_under_any_other_name_is_not_opened(
    name: str, forged: Callable[[Marker], bytes], run: Path, tmp_path: Path
) -> None:
    (run / name).write_bytes(forged(Marker(tmp_path / "harm")))
    found = refusals(run, name)
    assert any(name in str(error) for error in found.values())
    assert not (tmp_path / "harm").exists()


def test_a_lambda_in_a_model_is_not_run(run: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(run / "best.keras")
    with pytest.raises(RunError, match=r"best\.keras cannot be loaded: it holds code, as a Lambda"):
        _ = autoopt.load(run).best_model


def test_a_class_that_a_model_names_is_looked_for_in_keras_alone(run: Path, tmp_path: Path) -> None:
    config = {"module": "os", "class_name": "system", "config": {"command": f"mkdir {tmp_path / 'harm'}"}}
    with zipfile.ZipFile(run / "best.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
    with pytest.raises(RunError, match=r"best\.keras cannot be loaded: Could not locate class 'system'"):
        _ = autoopt.load(run).best_model
    assert not (tmp_path / "harm").exists()


def test_hyperparameters_are_of_keras_tuner_s_own_classes(run: Path) -> None:
    space = {"space": [{"class_name": "function", "config": {"name": "a", "conditions": []}}], "values": {}}
    changed(run, "run.json", space=space)
    with pytest.raises(
        RunError, match=r"run\.json is damaged.*class_name is 'function'\. Expected one of 'Fixed'"
    ):
        autoopt.load(run)


# Paths.


@pytest.mark.parametrize(
    "name", ["run.json", "result.json", "space.json", "journal.log", "best.keras", "split.npz"]
)
def test_a_link_that_leads_out_of_the_folder_is_not_followed(name: str, run: Path) -> None:
    (run / name).unlink()
    (run / name).symlink_to(outside(run))
    found = refusals(run, name)
    assert any(f"{name} is a link that leads out of the run folder" in str(each) for each in found.values())
    assert not any(SECRET in str(each) for each in found.values())


def test_a_folder_of_weights_that_leads_elsewhere_is_neither_read_nor_written(
    run: Path, tmp_path: Path
) -> None:
    shutil.move(run / "weights", tmp_path / "elsewhere")
    (run / "weights").symlink_to(tmp_path / "elsewhere")
    before = {path.name: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()}
    folder = RunFolder(run)
    for touch in (
        folder.load_weights,
        folder.drop_weights,
        lambda number: folder.save_weights(number, [np.ones(1)]),
    ):
        with pytest.raises(RunError, match="a link that leads out of the run folder"):
            touch(0)
    assert {path.name: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()} == before


@pytest.mark.parametrize("name", ["run.new.json", "writer.json", "writer.lock"])
def test_a_link_where_a_file_is_going_to_be_written_is_not_followed(name: str, run: Path) -> None:
    secret = outside(run)
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(secret)
    with RunFolder(run).held():
        RunFolder(run).write("run", {"seed": 1})
    assert secret.read_text() == SECRET


def test_links_inside_of_the_folder_and_to_the_folder_are_followed(run: Path, tmp_path: Path) -> None:
    (run / "best.keras").rename(run / "model.keras")
    (run / "best.keras").symlink_to("model.keras")
    (tmp_path / "mine").symlink_to(run)
    assert autoopt.load(tmp_path / "mine").best_model.count_params() > 0


@pytest.mark.parametrize("at", ["repeats", "continues"])
def test_trials_that_follow_each_other_in_a_circle_are_refused(at: str, run: Path) -> None:
    forged(run, **{at: 0})
    with pytest.raises(RunError, match=rf"trial 0\.{at} is 0\. Expected the number of an earlier trial"):
        _ = autoopt.load(run).trials


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("parts", "abc", "a whole number"),
        ("parts", 0, "a whole number from 1"),
        ("executions", 0, "a whole number from 1"),
        ("halved", "abc", "true or false"),
    ],
)
def test_what_a_trial_is_said_to_have_taken_is_checked(
    name: str, value: object, expected: str, run: Path
) -> None:
    forged(run, **{name: value})
    with pytest.raises(RunError, match=rf"trial 0\.{name} is {value!r}\. Expected {expected}\."):
        _ = autoopt.load(run).trials


@pytest.mark.parametrize("number", ["../../x", 7, -1, None])
def test_a_trial_has_the_number_of_its_place(number: object, run: Path) -> None:
    forged(run, number=number)
    with pytest.raises(RunError, match=r"journal\.log is damaged\. Its trial 0"):
        _ = autoopt.load(run).trials


def forged(run: Path, **values: object) -> None:
    """Change what the journal says of trial 0."""
    lines = (run / "journal.log").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    first = next(each for each in records if "trial" in each.get("user_attr", {}))
    first["user_attr"]["trial"].update(values)
    (run / "journal.log").write_text("".join(json.dumps(each) + "\n" for each in records))


def test_a_project_of_keras_tuner_is_not_read_beyond_its_folder(tmp_path: Path) -> None:
    trial = {"status": "COMPLETED", "score": 1.0, "hyperparameters": {"space": [], "values": {"secret": 1}}}
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "trial.json").write_text(json.dumps(trial))
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "trial_0").symlink_to(tmp_path / "secret")
    with pytest.raises(SpaceError, match="has no completed"):
        starting_points(tmp_path / "project", keras_tuner.HyperParameters())


def test_a_search_does_not_go_on_in_a_folder_that_leads_elsewhere(run: Path, tmp_path: Path) -> None:
    shutil.move(run / "weights", tmp_path / "elsewhere")
    (run / "weights").symlink_to(tmp_path / "elsewhere")
    before = sorted((tmp_path / "elsewhere").iterdir())
    with pytest.raises(RunError, match="a link that leads out of the run folder"):
        real_run(run.parent, run.name, resume=True)
    assert sorted((tmp_path / "elsewhere").iterdir()) == before


def test_a_foreign_oracle_writes_nothing_where_a_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for place in (".", "oracle", "oracle/trial_0"):
        run = tmp_path / place.replace("/", "-") / "run"
        link = run / "oracle" if place == "." else run / place / "trial.json"
        link.parent.mkdir(parents=True)
        link.symlink_to(tmp_path / "elsewhere" / ("." if place == "." else "trial.json"))
        with pytest.raises(RunError, match=rf"{link} is a link that leads out of the run folder"):
            adopted(run)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_foreign_oracle_waits_for_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "oracle").mkdir()
    os.mkfifo(tmp_path / "oracle" / "oracle.json")
    adopted(tmp_path)
    assert not (tmp_path / "oracle" / "oracle.json").exists()


def adopted(run: Path) -> None:
    """Have an oracle of KerasTuner's write to a run."""
    oracle = keras_tuner.oracles.RandomSearchOracle(objective="val_loss", max_trials=9, seed=1)
    adopt(oracle, Objective("val_loss", "min"), keras_tuner.HyperParameters(), (), str(run))


def test_a_model_file_that_a_run_names_is_not_imported(run: Path, tmp_path: Path) -> None:
    (tmp_path / "harm.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'harm')!r})\n")
    asked = {
        "model": str(tmp_path / "harm.py"),
        "data": None,
        "options": {},
        "folder": str(tmp_path),
        "seal": "x" * 64,
    }
    changed(run, "run.json", command=asked)
    code, printed = autoopt_("resume", run)
    assert code == 2
    assert "which file makes its model is not taken from there" in printed
    assert not (tmp_path / "harm").exists()


# Size, depth, and files that are none.


@pytest.mark.parametrize("name", ["run.json", "result.json", "space.json"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'"' + b"x" * BIG, "more than 34 MB"),
        (b"[" * 10**6, "nested too deeply"),
        (b'{"a":' * 10**5, "nested too deeply"),
    ],
)
def test_json_that_is_huge_or_deep_is_refused(name: str, content: bytes, message: str, run: Path) -> None:
    (run / name).write_bytes(content)
    found = refusals(run, name)
    assert any(name in str(error) and message in str(error) for error in found.values())


def test_a_record_of_the_journal_that_is_huge_is_refused(run: Path) -> None:
    with (run / "journal.log").open("ab") as file:
        file.write(b"x" * BIG)
    with pytest.raises(RunError, match="A line of it has more than 34 MB"):
        _ = autoopt.load(run).trials


@pytest.mark.parametrize("name", ["result.json", "journal.log", "best.keras", "split.npz", "writer.json"])
def test_a_pipe_or_a_folder_in_place_of_a_file_is_refused_and_never_waited_for(name: str, run: Path) -> None:
    for make in (os.mkfifo, os.mkdir):
        path = run / name
        if path.exists():
            path.unlink()
        make(path)
        found = refusals(run, name)
        assert name == "writer.json" or any(name in str(error) for error in found.values())
        if make is os.mkfifo:
            path.unlink(missing_ok=True)


def header(shape: tuple[int, ...]) -> bytes:
    """Return an `.npz` whose one array claims a shape, and has four bytes."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("arr_0.npy", file.getvalue() + bytes(4))
    return whole.getvalue()


@pytest.mark.parametrize("shape", [(10**12,), (2,), (-1, -1), (10**30,)])
def test_an_array_that_claims_more_than_it_has_is_refused_before_room_is_made(
    shape: tuple[int, ...], run: Path
) -> None:
    path, number = kept(run)
    path.write_bytes(header(shape))
    with pytest.raises(RunError, match=rf"{path.name} is damaged"):
        RunFolder(run).load_weights(number)


def test_an_archive_that_would_fill_the_memory_is_refused(run: Path, tmp_path: Path) -> None:
    path, number = kept(run)
    for name in (path, run / "best.keras", run / "split.npz"):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("arr_0.npy", b"")
            archive.filelist[0].file_size = 2**50  # what the directory of the archive will say
    for read in (
        lambda: RunFolder(run).load_weights(number),
        RunFolder(run).load_split,
        lambda: autoopt.load(run).best_model,
    ):
        with pytest.raises(
            RunError, match=r"claims to hold 1125899\.9 GB .* more than this machine has memory for"
        ):
            read()


# What is printed.

ESCAPES = "\x1b[2J\x1b]0;owned\x07\u202eevil\ud800 <script>alert(1)</script> [bold]"
TOLD = r"\x1b[2J\x1b]0;owned\x07\u202eevil\ud800 <script>alert(1)</script> [bold]"


def autoopt_(*words: object) -> tuple[int, str]:
    """Return the exit code of a command, and all that it printed."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    return result.exit_code, result.output


def named(run: Path, name: str) -> None:
    """Give a metric and a hyperparameter another name throughout a run."""
    for path in (run / "run.json", run / "result.json", run / "journal.log"):
        text = path.read_text()
        for known in ("val_accuracy", "optimizer/name"):
            text = text.replace(json.dumps(known)[1:-1], json.dumps(name)[1:-1])
        path.write_text(text)


@pytest.mark.parametrize("words", [("show", "stranger"), ("importance", "stranger"), ("runs",), ("show",)])
def test_names_are_shown_by_a_terminal_and_not_obeyed(words: tuple[str, ...], run: Path) -> None:
    named(run, ESCAPES)
    code, printed = autoopt_(*words, "--directory", run.parent)
    assert code == 0, printed
    assert TOLD in printed
    assert not {"\x1b", "\x07", "\u202e", "\ud800"} & set(printed)


def test_errors_are_shown_by_a_terminal_and_not_obeyed(run: Path) -> None:
    changed(run, "run.json", objective={"name": "loss", "direction": ESCAPES})
    code, printed = autoopt_("show", run)
    assert code == 2
    assert "Expected one of 'min', 'max'" in printed
    assert not {"\x1b", "\x07", "\u202e", "\ud800"} & set(printed)


def test_markup_in_names_is_not_read_as_such(run: Path) -> None:
    named(run, "[/red]")
    code, printed = autoopt_("show", run)
    assert (code, "[/red]" in printed) == (0, True)


@pytest.mark.parametrize("as_json", [False, True])
def test_one_run_that_cannot_be_read_leaves_the_others_listed(as_json: bool, run: Path) -> None:
    shutil.copytree(run, run.parent / "sound")
    (run.parent / "gone").mkdir()
    (run.parent / "gone" / "run.json").symlink_to("nowhere")
    (run / "result.json").write_text("[")
    code, printed = autoopt_("runs", "--directory", run.parent, *(["--json"] if as_json else []))
    assert code == 0, printed
    assert "sound" in printed
    assert "result.json is damaged. It is no JSON" in printed
    assert as_json or "unreadable: " in printed


def test_the_commands_on_a_run_that_cannot_be_read_exit_with_2(run: Path, tmp_path: Path) -> None:
    (run / "run.json").write_text('{"objective": 3}')
    for words in (
        ("show", run),
        ("importance", run),
        ("export", run, tmp_path / "a.json", "--format", "json"),
    ):
        code, printed = autoopt_(*words)
        assert code == 2
        assert "run.json is damaged. Its objective is 3. Expected names and values" in printed
