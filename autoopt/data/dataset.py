"""What every trial learns from: a `Dataset`, made by `Dataset.of` from what users have."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from autoopt.data.checks import check
from autoopt.data.cuts import Cut, Split
from autoopt.data.given import given_parts
from autoopt.data.nested import mapped
from autoopt.data.parts import Part, Progress, Stream
from autoopt.data.rows import Rows, check_unsaid
from autoopt.data.rules import asked_share, check_ruled, ruled, said, share_of
from autoopt.data.splits import check_seed, check_share, cut_again, split
from autoopt.data.sufficiency import check_test, few
from autoopt.errors import DataError
from autoopt.resources import Resources
from autoopt.schema import Schema
from autoopt.spelling import named

if TYPE_CHECKING:
    from autoopt.preparing import Preparation


@dataclass(frozen=True, eq=False)
class Dataset:
    """A train, a validation and, where there is enough, a test part.

    Example:
        >>> import numpy as np
        >>> import autoopt
        >>> x, y, patients = np.zeros((1000, 4)), np.arange(1000) % 2, np.arange(1000) // 10
        >>> data = autoopt.Dataset.of((x, y), groups=patients, seed=0)
        >>> data.train.n, data.validation.n, data.test.n
        (640, 160, 200)

    Attributes:
        train: What trials are trained on.
        validation: What the objective is measured on.
        test: What nothing looks at until the end; None without one.
        notes: What was decided for the user, one sentence each.
        split: Which rows went where, when parts were cut from one whole.
        weighed: Whether class weights stand in the sample weights of `train`, which those of `validation` lack.
        whole: What train and validation are views of, one after the other; None where they are arrays of their own.
        rows: What it was made of where that are raw rows; None of arrays.
    """

    train: Part | Stream
    validation: Part | Stream
    test: Part | Stream | None = None
    notes: tuple[str, ...] = ()
    split: Split | None = None
    weighed: bool = False
    whole: Part | None = None
    rows: Rows | None = None

    def __post_init__(self) -> None:
        """Refuse parts of another type."""
        for name, part in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            if not isinstance(part, Part | Stream) and not (part is None and name == "test"):
                raise DataError(
                    f"Dataset({name}=…) was given a {type(part).__name__}. Expected an "
                    f"autoopt.data.Part or Stream. Write {name}=Part(x, y), or leave the cutting to "
                    "autoopt.Dataset.of((x, y))."
                )

    @classmethod
    def of(
        cls, data: Any, *, target: Any = None, task: Any = None, types: Any = None, drop: Any = (),
        validation_data: Any = None, validation_split: float = 0.2, test_data: Any = None, test_split: Any = "auto",
        groups: Any = None, time_order: bool = False, seed: int | None = 0, memory: Any = None,
        progress: Progress | None = None,
    ) -> "Dataset":  # fmt: skip
        """Make a Dataset of what the user has, checked, and cut into parts where none were given.

        Args:
            data: (x, y) or (x, y, sample_weight) of arrays, dicts of arrays or DataFrames; a `tf.data.Dataset`, a
                `keras.utils.PyDataset` or a torch `DataLoader`, or a function `data(batch_size)` that returns one, of which
                the batch size is searched; a `Dataset`; or the path of an .npz. Or raw rows, labels included, which are
                prepared as the rows that train are: a DataFrame, or the path of a CSV, TSV, Parquet, Feather, JSON lines,
                FASTA or .npy file, or of a folder of images, sounds or texts with a folder for each class.
            target: Of raw rows, the name of the column that is predicted, or names of several of 0 and 1. None takes one
                called target, label, class or y, else the last.
            task: Of raw rows, `binary`, `multiclass`, `multilabel`, `regression` or `counts`; None tells it from the labels.
            types: Of raw rows, kinds of columns by name (`number`, `category`, `text`, `date`; of a column of letters `dna`,
                `rna`, `protein`, `sequence`); others are told from values. Or `"series"`: each row is a series of numbers, one
                step a column. Of a folder of images the height and width that they are brought to: `{"image": "64x48"}`.
            drop: Of raw rows, names of columns that are not learnt from.
            validation_data: What to validate on, in any of these forms; then nothing is cut from `data`.
            validation_split: Share that validates where `validation_data` is None, between 0 and 1.
            test_data: What to test on at the end; 25 examples or more.
            test_split: Share of `data` that is the test part where neither of the two is given, 0 for none; `"auto"`
                is 0.2 of 1,000 rows or more.
            groups: One label a row, for example the patient: no group has rows in two parts. Of raw rows, the name of the
                column that has them, which is not learnt from then.
            time_order: Whether the rows are in time order: the last are the test part, and those before it validate.
            seed: Of the cut; None takes a fresh one.
            memory: `"4GB"`, `"500MB"`, or bytes that raw rows may take. Those that need more are prepared once and read from
                disk in batches, or prepared batch by batch where that has no room. None: half of what the machine has, or what
                is available where that is less.
            progress: Called with how much of raw rows is read, of how much: bytes, rows or files.

        Raises:
            DataError: The data cannot be learnt from, or cut, as it is; the message says why and what to do.
        """
        check_share(validation_split)
        check_seed(seed)
        share = asked_share(test_split, validation_data, test_data)
        column = groups if isinstance(groups, str) else None
        told = {"target": target, "task": task, "types": types, "drop": drop, "groups": column}
        if isinstance(data, Dataset):
            check_ruled(groups, time_order, "autoopt.Dataset", data)
            check_unsaid(told, "an autoopt.Dataset")
            return _ready(data, validation_data, test_data, None if share is None else test_split)
        limit = Resources(memory=memory).memory_limit
        given = given_parts(data, validation_data, test_data, told, seed, limit, progress)
        asked_share(test_split, given.validation, given.test)  # which a folder may have
        check_ruled(groups, time_order, named("validation_data"), given.validation)
        if given.validation is not None:
            made = cls(given.data, given.validation, given.test, given.notes)
            return _sized(_prepared(made, given.rows, limit), named("test_data"))
        whole = given.data
        assert isinstance(whole, Part)
        rules = ruled(groups if given.groups is None else given.groups, time_order, data, whole.n)
        cut = split(
            whole.y, whole.n, validation_split=validation_split, seed=seed, rules=rules,
            test=0.0 if given.test is not None else share_of(whole.n, share),
        )  # fmt: skip
        test = given.test if cut.test is None else whole.take(cut.test)
        pool, n = whole.take(cut.pool), len(cut.train)
        made = cls(pool.between(0, n), pool.between(n, pool.n), test, given.notes, cut, whole=pool)
        return _sized(
            _prepared(made, given.rows, limit),
            named("test_data") if cut.test is None else "The test part",
            *said(cut),
        )

    @property
    def schema(self) -> Schema | None:
        """What the raw rows are that it was made of; None of arrays."""
        return None if self.rows is None else self.rows.schema

    @property
    def preparation(self) -> "Preparation | None":
        """What made arrays of the raw rows; None of arrays."""
        return None if self.rows is None else self.rows.preparation

    @property
    def pooled(self) -> bool:
        """Whether train and validation are rows of one whole, which may be cut otherwise."""
        parts = isinstance(self.train, Part) and isinstance(self.validation, Part)
        return parts and self.split is not None and not self.weighed

    @cached_property
    def pool(self) -> Part:
        """The rows of train and after them those of validation; only where both are arrays in memory."""
        if self.whole is not None:
            return self.whole
        assert isinstance(self.train, Part) and isinstance(self.validation, Part)
        sides = [(part.x, part.y, part.sample_weight) for part in (self.train, self.validation)]
        return Part(*mapped(lambda *arrays: np.concatenate(arrays), *sides))

    def recut(self, seed: int) -> Cut | None:
        """Return a fresh cut of the pool by the same rules: parts as large as these, or nearly so where there are groups.

        Args:
            seed: Of the cut.

        Returns:
            None where there is only one cut: validation data was given, the rows are in time order, or class
            weights stand in the sample weights.
        """
        return (
            cut_again(self.split, self.pool.y, seed) if self.split is not None and self.can_be_recut else None
        )

    @property
    def can_be_recut(self) -> bool:
        """Whether there is more than one cut of it."""
        return self.pooled and self.split is not None and not self.split.rules.time_order

    def parts(self, cut: Cut | None) -> tuple[Part | Stream, Part | Stream]:
        """Return what trains and what validates under a cut of the pool; None leaves the parts as they are."""
        if cut is None:
            return self.train, self.validation
        return self.pool.take(cut.train), self.pool.take(cut.validation)


def _ready(data: Dataset, validation_data: Any, test_data: Any, test_split: Any) -> Dataset:
    asked = {"validation_data": validation_data, "test_data": test_data, "test_split": test_split}
    for name, given in asked.items():
        if given is not None:
            raise DataError(
                f"{named(name)} was given along with an autoopt.Dataset. Expected one or the other: a Dataset has "
                f"its parts already. Leave {named(name)} out, or pass data as (x, y)."
            )
    for part in (data.train, data.validation, data.test):
        if isinstance(part, Part):
            check(part.x, part.y, part.sample_weight)
    if data.test is not None and data.split is None:
        check_test(data.test, data.train, "The test part of the autoopt.Dataset")
    return data


def _prepared(made: Dataset, rows: Rows | None, limit: int | None) -> Dataset:
    """Return a Dataset of raw rows as one of arrays, or of batches where they are too large, prepared as the rows that train say."""
    if rows is None:
        return made
    train, validation, whole, test = made.train, made.validation, made.whole, made.test
    assert isinstance(train, Part) and isinstance(validation, Part)
    raw = train if whole is None else whole
    tested = test if isinstance(test, Part) else None
    fitted = rows.fitted(raw, train.n)
    made = replace(made, notes=(*made.notes, *fitted.said(train), *fitted.cut(raw)), rows=fitted)
    parts = [each for each in (train, validation, tested) if each is not None]
    said = fitted.too_large(sum(each.n for each in parts), limit)
    if said:
        (train, validation, *tests), more = fitted.deferred(parts)
        return replace(
            made, train=train, validation=validation, test=next(iter(tests), None), whole=None,
            notes=(*made.notes, said, *more),
        )  # fmt: skip
    if whole is None:
        train, validation = fitted.arrays(train), fitted.arrays(validation)
    else:
        whole = fitted.arrays(whole)
        train, validation = whole.between(0, train.n), whole.between(train.n, whole.n)
    tested = None if tested is None else fitted.arrays(tested)
    return replace(made, train=train, validation=validation, test=tested, whole=whole)


def _sized(data: Dataset, name: str, *more: str) -> Dataset:
    """Return a Dataset that says how large its parts are, once its test part is found to be large enough."""
    if data.test is not None:
        check_test(data.test, data.train, name)
    sizes = (_sizes(data.train, data.validation, data.test), *few(data.train, data.validation))
    return replace(data, notes=(*data.notes, *sizes, *more))


def _sizes(train: Part | Stream, validation: Part | Stream, test: Part | Stream | None) -> str:
    def counted(part: Part | Stream, word: str = "") -> str:
        return f"an unknown number of{word or ' them'}" if part.n is None else f"{part.n:,}{word}"

    plural = "" if train.n == 1 else "s"
    tested = "there is no test part" if test is None else f"{counted(test)} are the test part"
    return (
        f"{counted(train, f' example{plural}')} train, {counted(validation)} validate, {tested}.".capitalize()
    )
