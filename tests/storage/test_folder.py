"""The run folder: made, found, gone on with or replaced; weights come back; nothing in it is a pickle."""

import dataclasses
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest

from autoopt.constraints import Constraints
from autoopt.errors import RunError
from autoopt.records import Trial
from autoopt.search import Confirmed, Difference
from autoopt.storage import RunFolder, create, every, find, locate
from autoopt.storage.kinds import Finished, Gain, Limits, Scores, Told
from autoopt.storage.writer import LOCK, WHO
from tests import toys
from tests.full_disk import files_may_have


def made(tmp_path: Path, name: str | None = "my-run", resume: Any = False) -> RunFolder:
    folder = create(tmp_path, name, resume)
    folder.write("run", {"seed": 3})
    return folder


def test_a_run_that_exists_is_refused_with_what_to_pass(tmp_path: Path) -> None:
    made(tmp_path)

    with pytest.raises(
        RunError, match=r"exists already. Pass resume=True .*'overwrite'.*another project_name"
    ):
        create(tmp_path, "my-run", False)


def test_resume_goes_on_with_a_run_that_exists(tmp_path: Path) -> None:
    made(tmp_path)

    assert create(tmp_path, "my-run", True).read("run") == {"seed": 3}


def test_resume_starts_a_run_that_does_not_exist(tmp_path: Path) -> None:
    assert create(tmp_path, "my-run", True).read("run") == {}


def test_overwrite_removes_everything_of_the_old_run(tmp_path: Path) -> None:
    made(tmp_path).save_weights(1, [np.ones(2)])

    left = create(tmp_path, "my-run", "overwrite").path.rglob("*")
    assert {path.name for path in left} <= {LOCK, WHO}


def test_overwrite_starts_a_run_that_does_not_exist(tmp_path: Path) -> None:
    assert create(tmp_path, "my-run", "overwrite").path.is_dir()


def test_overwrite_leaves_a_folder_alone_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "my-run").mkdir()
    (tmp_path / "my-run" / "thesis.tex").write_text("years of work")

    with pytest.raises(RunError, match="is no run"):
        create(tmp_path, "my-run", "overwrite")
    assert (tmp_path / "my-run" / "thesis.tex").exists()


def test_without_a_name_each_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    assert len({made(tmp_path, None).name for _ in range(3)}) == 3


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/abs"])
def test_a_name_that_is_no_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="Expected a plain name without slashes"):
        create(tmp_path, name, False)


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")

    with pytest.raises(RunError, match=r"is a file. Expected a folder"):
        create(tmp_path / "runs", "my-run", False)


def test_a_disk_without_any_room_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with (
        files_may_have(1000),
        pytest.raises(RunError, match=r"\(File too large\)\. Expected .* Free some, or name"),
    ):
        create(tmp_path, "my-run", False)


def test_what_the_disk_refuses_is_read_as_if_it_were_there(tmp_path: Path) -> None:
    folder = made(tmp_path)
    with files_may_have(100):
        folder.write("result", {"long": "x" * 200})
        folder.save_split({name: np.arange(300) for name in ("train", "validation", "is")})
    assert folder.read("result") == {"long": "x" * 200} and not (folder.path / "result.json").exists()
    assert len((folder.load_split() or {})["train"]) == 300
    assert folder.in_memory == ["result.json", "split.npz"]

    folder.write("space", {})
    assert folder.in_memory == [] and RunFolder(folder.path).read("result") == {"long": "x" * 200}


def test_what_a_folder_out_of_reach_was_to_hold_is_read_from_memory(tmp_path: Path) -> None:
    name = "x" * 300  # the system refuses to look there
    folder, model = RunFolder(tmp_path / name, most=10**6), toys.dense()
    folder.write("result", {"best": 3})
    folder.save_split({name: np.arange(3) for name in ("train", "validation", "is")})
    folder.keep_weights(3, [np.ones(2)])

    assert not folder.save_model(folder.best_model, model)
    assert not folder.has_model(folder.best_model) and not folder.has_weights(4)
    assert folder.read("result") == {"best": 3} and folder.read("run") == {}
    assert len((folder.load_split() or {})["train"]) == 3 and folder.load_weights(3)[0].tolist() == [1, 1]


def test_a_model_that_the_disk_refuses_is_no_more_written_once_its_user_has_it(tmp_path: Path) -> None:
    folder, model = made(tmp_path), toys.dense()
    with files_may_have(1000), folder.held():
        assert not folder.save_model(folder.best_model, model)
        assert not folder.has_model(folder.best_model)
    folder.write("space", {})

    assert folder.in_memory == ["best.keras"] and not folder.best_model.exists()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["result"], "result.json is in memory alone and ends with this process"),
        (["result", "space"], "result.json, space.json are in memory alone and end with this process"),
    ],
)
def test_what_ends_with_the_process_is_named(
    names: list[Any], told: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = made(tmp_path)
    with files_may_have(100), folder.held():
        for name in names:
            folder.write(name, {"long": "x" * 200})

    assert told in caplog.text


def test_a_model_that_is_written_at_last_takes_the_place_of_one_that_was_refused(tmp_path: Path) -> None:
    folder, model = made(tmp_path), toys.dense()
    with files_may_have(1000), folder.held():
        assert not folder.save_model(folder.refit, model)
    assert folder.save_model(folder.refit, model)

    assert folder.has_model(folder.refit) and folder.in_memory == []


def test_weights_come_back_bit_by_bit_in_their_order(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    weights = [random.normal(size=(i + 1,)).astype("float32") for i in range(12)] + [np.array(7, "int64")]
    folder = made(tmp_path)
    folder.save_weights(3, weights)
    back = folder.load_weights(3)

    assert all(
        one.dtype == other.dtype and np.array_equal(one, other)
        for one, other in zip(back, weights, strict=True)
    )


def test_half_precision_weights_come_back(tmp_path: Path) -> None:
    import ml_dtypes

    folder = made(tmp_path)
    folder.save_weights(0, [np.arange(4).astype(ml_dtypes.bfloat16), np.arange(4).astype("float16")])
    back = folder.load_weights(0)

    assert [array.astype("float32").tolist() for array in back] == [[0.0, 1.0, 2.0, 3.0]] * 2


def test_dropped_weights_are_gone_and_may_be_dropped_again(tmp_path: Path) -> None:
    folder = made(tmp_path)
    folder.save_weights(3, [np.ones(2)])
    folder.drop_weights(3)
    folder.drop_weights(3)

    assert not folder.has_weights(3)


def test_weights_that_need_pickle_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder.path / "weights").mkdir()
    np.savez(folder.path / "weights" / "trial-0003.weights.npz", np.array([{"a": 1}], dtype=object))

    with pytest.raises(RunError, match=r"is damaged\. Its arr_0 holds objects that only pickle reads"):
        folder.load_weights(3)


@pytest.mark.parametrize("left", [b"", b"PK", None])
def test_weights_in_a_damaged_file_are_not_had(left: bytes | None, tmp_path: Path) -> None:
    folder = made(tmp_path)
    folder.save_weights(3, [np.ones(2)])
    path = folder.path / "weights" / "trial-0003.weights.npz"
    path.write_bytes(path.read_bytes()[:-30] if left is None else left)
    again = RunFolder(folder.path)

    assert folder.has_weights(3) and not again.has_weights(3)
    again.save_weights(3, [np.ones(2)])
    assert RunFolder(folder.path).has_weights(3)


def test_weights_of_other_names_are_not_had(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder.path / "weights").mkdir()
    np.savez(folder.path / "weights" / "trial-0003.weights.npz", kernel=np.ones(2))

    assert not folder.has_weights(3)
    with pytest.raises(RunError, match=r"It lacks arr_0\. Expected arr_0 and so on"):
        folder.load_weights(3)


@pytest.mark.parametrize(
    ("kinds", "record"),
    [
        ((Finished, Told), Trial),
        ((Scores,), Confirmed),
        ((Gain,), Difference),
        ((Limits,), Constraints),
    ],
)
def test_what_is_read_is_checked_for_all_that_is_written(kinds: tuple[type, ...], record: Any) -> None:
    known = {name for kind in kinds for name in get_type_hints(kind)}

    assert known == {each.name for each in dataclasses.fields(record)}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = made(tmp_path)
    (folder.path / "run.json").write_text("{")

    with pytest.raises(RunError, match=r"run.json is damaged"):
        folder.read("run")


def test_a_run_is_found_by_its_name_and_by_its_folder(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    folder = made(runs)

    assert find("my-run", runs).path == find(folder.path).path == folder.path


def test_a_run_that_is_not_there_is_told_with_the_nearest_that_is(tmp_path: Path) -> None:
    made(tmp_path, "digits-wide")

    with pytest.raises(RunError, match="Did you mean 'digits-wide'"):
        find("digits-wid", tmp_path)


def test_every_run_is_listed_oldest_first(tmp_path: Path) -> None:
    names = ["b", "a", "c"]
    for age, name in zip((30, 20, 10), names, strict=True):
        import os
        import time

        os.utime(made(tmp_path, name).path / "run.json", (time.time() - age,) * 2)
    (tmp_path / "no run").mkdir()

    assert [folder.name for folder in every(tmp_path)] == names


def test_a_project_of_keras_tuner_is_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    project = tmp_path / "guide"
    project.mkdir()
    (project / "oracle.json").write_text("{}")

    for resume in (False, True):
        with pytest.raises(RunError, match="It is a project of KerasTuner's: replace it with"):
            locate(tmp_path, "guide", resume)
    assert {path.name for path in create(tmp_path, "guide", "overwrite").path.iterdir()} <= {LOCK, WHO}
