"""Command: how a run was begun in a shell, kept in it so that `autoopt resume` goes on with the same model file.

A model file is code. It is taken from a run folder only where this user's own autoopt wrote it there, which a seal
shows: whoever else made the folder does not know the key.
"""

import contextlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

LIMITS = ("budget", "max_trials")
"""Flags that say when a search ends."""

FLAGS = {"opened": "--open", "closed": "--close"}
"""Flags whose names are no names of options."""

DIRECTORY = "autoopt_runs"
"""Where runs lie, where nothing else was said."""

LOGDIR = "tensorboard_logs"
"""Where TensorBoard's logs lie, where nothing else was said; a run that goes on writes to the same place."""

KEY = "seal.key"
"""In the user's own folder for what programs remember."""


@dataclass(frozen=True)
class Command:
    """How a run is begun, or goes on.

    Attributes:
        model: `file.py`, `file.py:function` or `package.module:function`.
        data: The data file, None where the model's file has the data.
        options: Flags of `autoopt tune`, None or empty where one was not given.
        folder: In which it is carried out: what the model's file reads may lie there.
    """

    model: str
    data: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    folder: str = field(default_factory=os.getcwd)

    def written(self) -> dict[str, Any]:
        """Return it as JSON has it, sealed where this user's key can be kept."""
        given: dict[str, Any] = {"logdir": Path(LOGDIR)}
        given |= {name: value for name, value in self.options.items() if value not in (None, ())}
        plain = json.loads(json.dumps({**asdict(self), "options": given}, default=_whole))
        return {**plain, "seal": _seal(plain)}


def _whole(path: Path) -> str:
    return str(path.absolute())


def read(record: Any) -> Command | None:
    """Return what `Command.written` wrote; None where this user did not write it, or there is none."""
    if not isinstance(record, Mapping):
        return None
    plain = {name: value for name, value in record.items() if name != "seal"}
    seal = _seal(plain)
    given = str(record.get("seal", "")).encode(errors="replace")  # half of a pair has no bytes
    if not seal or not hmac.compare_digest(seal.encode(), given):
        return None
    options = {
        name: tuple(value) if isinstance(value, list) else value for name, value in plain["options"].items()
    }
    data = None if plain["data"] is None else Path(plain["data"])
    return Command(plain["model"], data, options, plain["folder"])


def spelled(record: Any) -> list[str]:
    """Return the words of the shell that begin a run, of what `Command.written` wrote; none where they are not known."""
    if not isinstance(record, Mapping) or not isinstance(record.get("model"), str):
        return []
    words = ["autoopt", "tune", record["model"]]
    words += [str(record["data"])] if record.get("data") else []
    options = record.get("options")
    for name, value in options.items() if isinstance(options, Mapping) else ():
        flag = FLAGS.get(name, f"--{name.replace('_', '-')}")
        if isinstance(value, bool):
            words += [flag] * value  # it stands alone, or not at all
            continue
        for each in value if isinstance(value, list | tuple) else [value]:
            words += [flag, str(each)]
    return words


_current: ContextVar[Command | None] = ContextVar("command", default=None)


@contextlib.contextmanager
def given(command: Command) -> Iterator[None]:
    """Have a run that is begun meanwhile know the command that begins it."""
    token = _current.set(command)
    try:
        yield
    finally:
        _current.reset(token)


def going_on(before: Command | None, now: Command | None, options: Mapping[str, Any]) -> Command:
    """Return the command that goes on with a run: one of the two is there.

    Args:
        before: What began it, None where that is not known.
        now: The model file that is named now, None where none is.
        options: Flags given now. Limits replace those of before, all of them.
    """
    changes = {name: value for name, value in options.items() if value not in (None, ())}
    kept = {} if before is None else dict(before.options)
    for name in LIMITS if set(LIMITS) & changes.keys() else ():
        kept.pop(name, None)
    found = now or before
    assert found is not None
    return replace(found, options={**kept, **changes})


def current() -> Command | None:
    """Return the command that is carried out, None where there is none."""
    return _current.get()


def _seal(plain: Mapping[str, Any]) -> str:
    """Return a text that only this user can make of some plain data, empty where no key can be kept."""
    key = _key()
    return (
        "" if key is None else hmac.new(key, json.dumps(plain, sort_keys=True).encode(), "sha256").hexdigest()
    )


def _key() -> bytes | None:
    """Return this user's key, made where there is none."""
    path = Path(platformdirs.user_state_path("autoopt")) / KEY
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # another process was quicker
                file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with open(file, "wb") as opened:
                    opened.write(secrets.token_bytes(32))
        return path.read_bytes() or None
    except OSError:
        return None
