"""A file is there as it was or as it is now: nothing half written takes its name."""

from pathlib import Path

import pytest

from autoopt.storage.durable import replacing


def test_what_was_written_takes_the_name_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "trial-0001.weights.npz"
    target.write_text("old")
    with replacing(target) as fresh:
        assert (fresh.parent, fresh.suffix) == (target.parent, ".npz")
        fresh.write_text("new")
        assert target.read_text() == "old"

    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
def test_where_writing_fails_the_old_file_stays_alone(error: BaseException, tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    target.write_text("old")
    with pytest.raises(type(error)), replacing(target) as fresh:
        fresh.write_text("ne")
        raise error

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_was_never_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "run.json"):
        pass
