"""A journal file that is written in batches: nothing is lost between writes, and others see what was flushed."""

from pathlib import Path
from typing import Any

from autoopt.storage.journal_file import JournalFile
from tests.full_disk import files_may_have


def backend(path: Path, held: float = 1000.0) -> JournalFile:
    file = JournalFile(path, held=held)
    file.open()
    return file


def records(*numbers: int) -> list[dict[str, Any]]:
    return [{"number": number} for number in numbers]


def test_what_waits_is_read_along_with_what_is_written(tmp_path: Path) -> None:
    journal = backend(tmp_path / "log")
    journal.append_logs(records(0, 1))
    journal.flush()
    journal.append_logs(records(2, 3))

    for first in range(5):
        assert list(journal.read_logs(first)) == records(*range(first, 4))


def test_others_see_what_was_flushed_in_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    journal = backend(path)
    journal.append_logs(records(0))
    journal.append_logs(records(1))
    assert list(backend(path).read_logs(0)) == []

    journal.flush()
    assert list(backend(path).read_logs(0)) == records(0, 1)


def test_a_record_does_not_wait_for_ever(tmp_path: Path) -> None:
    journal = backend(tmp_path / "log", held=-1.0)
    journal.append_logs(records(0))

    assert list(backend(tmp_path / "log").read_logs(0)) == records(0)


def test_a_file_is_gone_on_with(tmp_path: Path) -> None:
    first = backend(tmp_path / "log")
    first.append_logs(records(0, 1))
    first.flush()
    second = backend(tmp_path / "log")
    second.append_logs(records(2))

    assert list(second.read_logs(1)) == records(1, 2)


def test_a_lock_that_is_a_link_to_nowhere_is_not_waited_for(tmp_path: Path) -> None:
    lock = tmp_path / "log.lock"
    lock.symlink_to("nowhere")
    journal = backend(tmp_path / "log")
    assert not lock.is_symlink()

    journal.append_logs(records(0))
    journal.flush()
    assert not journal.waits


def test_what_the_disk_refuses_waits_and_is_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    journal = backend(folder / "log")
    journal.append_logs(records(0))
    journal.flush()
    folder.rename(tmp_path / "away")
    journal.append_logs(records(1))
    journal.flush()
    assert journal.waits and list(journal.read_logs(0)) == records(0, 1)

    (tmp_path / "away").rename(folder)
    journal.flush()
    assert not journal.waits
    assert list(backend(folder / "log").read_logs(0)) == records(0, 1)


def test_a_file_that_is_gone_is_written_whole(tmp_path: Path) -> None:
    journal = backend(tmp_path / "log")
    journal.append_logs(records(0))
    journal.flush()
    (tmp_path / "log").unlink()
    journal.append_logs(records(1))
    journal.flush()

    assert list(backend(tmp_path / "log").read_logs(0)) == records(0, 1)


def test_what_a_full_disk_took_of_an_append_is_cut_off_and_no_record_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "log"
    journal = backend(path)
    journal.append_logs(records(*range(5)))
    journal.flush()
    size = path.stat().st_size
    with files_may_have(size + 20):  # a record and a half
        journal.append_logs(records(*range(5, 9)))
        journal.flush()
    assert path.stat().st_size == size and journal.waits

    journal.flush()
    assert list(backend(path).read_logs(0)) == records(*range(9))


def test_a_lock_that_could_not_be_removed_does_not_hold_up_the_next_write(tmp_path: Path) -> None:
    journal = backend(tmp_path / "log")
    for number in range(2):
        journal.append_logs(records(number))
        # Whoever removes it meanwhile has Optuna fail, as a disk does that can only be read by now.
        with journal._locked():
            journal._lock_file.unlink()
        journal._lock_file.touch()
        journal.flush()

    assert not journal.waits and not journal._lock_file.exists()
