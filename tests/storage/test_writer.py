"""One process at a time writes to a run; the place of one that died is taken, and that is said."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autoopt.errors import RunError
from autoopt.storage import create
from autoopt.storage.writer import LOCK, WHO, Writer, is_written_to

HOLDING = """
import sys
from pathlib import Path

sys.modules["keras"] = sys.modules["optuna"] = None  # neither is needed to write, and both take long to load
import importlib.util

spec = importlib.util.spec_from_file_location("writer", sys.argv[2])
writer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(writer)
held = writer.Writer(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process write to a run; it is killed at the end."""
    import autoopt.storage.writer as module

    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path), str(module.__file__)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_refused_with_the_name_of_the_one_that_writes(tmp_path: Path) -> None:
    with (
        another_process(tmp_path) as process,
        pytest.raises(RunError, match=f"by process {process.pid}, since "),
    ):
        Writer(tmp_path)


def test_the_place_of_a_process_that_was_killed_is_taken_and_that_is_said(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        pass
    taken = Writer(tmp_path)

    assert taken.note.startswith(f"Process {process.pid}, since ")
    assert taken.note.endswith(" was writing to this run and is gone: it goes on here.")
    taken.release()


def test_what_was_given_back_is_taken_without_a_word(tmp_path: Path) -> None:
    Writer(tmp_path).release()
    again = Writer(tmp_path)

    assert again.note == ""
    assert json.loads((tmp_path / WHO).read_text())["pid"] == os.getpid()
    again.release()
    assert not (tmp_path / WHO).exists()


def test_two_searches_of_one_process_do_not_write_to_one_run(tmp_path: Path) -> None:
    first = Writer(tmp_path)
    with pytest.raises(RunError, match=r"another search of this very process\. Wait until that has ended"):
        Writer(tmp_path)
    first.release()


def test_a_folder_that_is_gone_or_anothers_is_no_more_written_to(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    writer = Writer(run)
    writer.check()
    run.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError, match="it was removed, or another run has its name now"):
        writer.check()
    run.mkdir()
    other = Writer(run)
    with pytest.raises(FileNotFoundError):
        writer.check()

    writer.release()
    other.check()
    other.release()


@pytest.mark.parametrize("content", ["", "[1]", '{"pid": "me"}', '{"pid": 1, "since": "then"}', "\x00"])
def test_whoever_is_said_to_write_in_a_damaged_file_is_another_process(content: str, tmp_path: Path) -> None:
    (tmp_path / WHO).write_text(content)
    Writer(tmp_path).release()


def test_a_run_is_not_replaced_while_it_is_written_to(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    with another_process(run):
        for resume in (True, "overwrite"):
            with pytest.raises(RunError, match="is being written to by process"):
                create(tmp_path, "run", resume)  # type: ignore[arg-type]
        assert (run / "run.json").exists()
    folder = create(tmp_path, "run", "overwrite")

    assert {each.name for each in run.iterdir()} == {LOCK}
    assert folder.note.endswith("it goes on here.")


def test_where_a_search_died_before_it_wrote_anything_another_may_begin(tmp_path: Path) -> None:
    with another_process(tmp_path):
        pass

    folder = create(tmp_path.parent, tmp_path.name, True)
    with folder.held(), pytest.raises(RunError, match="being written to"):
        create(tmp_path.parent, tmp_path.name, True)


def test_whether_a_run_is_written_to_is_told_until_its_process_is_gone(tmp_path: Path) -> None:
    assert not is_written_to(tmp_path)
    with another_process(tmp_path):
        assert is_written_to(tmp_path)
    assert not is_written_to(tmp_path)
    own = Writer(tmp_path)
    assert is_written_to(tmp_path)
    own.release()
    assert not is_written_to(tmp_path)
