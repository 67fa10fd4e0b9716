"""`autoopt board`: TensorBoard on the logs of all runs, or of one, until it is stopped; its HParams page in a browser."""

import errno
import os
import shlex
import socket
import sys
import webbrowser
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from autoopt.command import LOGDIR
from autoopt.errors import RunError, UsageError
from autoopt.printing import print_lines, say

HPARAMS = "#hparams"
"""The page of TensorBoard that has the table of all trials."""

PORT, NEXT = 6006, 100
"""Where TensorBoard usually is, and how many ports from the one that is asked for are tried before any other."""

WITHOUT_TENSORFLOW = "tensorboard.compat.notf"

DEPTH = 4
"""Of files below the logs: run, trial, training or validation."""


def serve(run: str | None, directory: Path, logdir: Path | None, port: int, host: str, browse: bool) -> int:
    """Serve TensorBoard until it is stopped; say where its table of all trials is.

    Args:
        run: Whose logs alone are shown, a folder or a name; None for those of all.
        directory: Where runs lie.
        logdir: Where logs lie; None for the usual place, or where the run says.
        port: The first to be tried; 0 for any that is free.
        host: Who may look.
        browse: Whether a browser may be opened.

    Raises:
        UsageError: There are no such logs, or host or port cannot be had.
    """
    logs = _of_all(logdir) if run is None else _of_run(run, directory, logdir)
    _check_address(host, port)
    if not _has_logs(logs):
        filling = (
            f"tune model.py --logdir {shlex.quote(str(logs))}"
            if run is None
            else f"resume {shlex.quote(run)}"
        )
        say(f"There is nothing in {str(logs)!r} yet. A search fills it: autoopt {filling}")
    # With a module of this name TensorBoard leaves TensorFlow out, which takes seconds to load.
    sys.modules.setdefault(WITHOUT_TENSORFLOW, ModuleType(WITHOUT_TENSORFLOW))
    from tensorboard import default, program

    server = program.TensorBoard(default.get_plugins(), server_class=partial(_listening, browse=browse))
    server.configure(("tensorboard", "--logdir", str(logs), "--host", host, "--port", str(port)))
    try:
        return 0 if server.main() == 0 else 1
    except KeyboardInterrupt:
        return 0


def _of_all(logdir: Path | None) -> Path:
    """Return the folder with the logs of all runs."""
    path = Path(LOGDIR) if logdir is None else logdir
    if path.is_dir():
        return path
    is_file = "is a file, not a folder" if path.exists() else "is not there"
    raise UsageError(
        f"--logdir is {str(path)!r}, which {is_file}. Expected the folder of TensorBoard's logs. Run a search first, "
        "or name its --logdir."
    )


def _of_run(run: str, directory: Path, logdir: Path | None) -> Path:
    """Return the folder with the logs of one run."""
    from autoopt import storage

    folder = storage.find(run, directory)
    told = folder.read("run").get("logs")
    if logdir is None and told is None:
        raise RunError(
            f"The run {run!r} does not say where its logs lie: an earlier version began it. Expected the folder that it was "
            f"given as logdir. Name it: autoopt board {run} --logdir {LOGDIR}"
        )
    path = Path(str(told)) if logdir is None else logdir / folder.name
    if not path.is_dir():
        raise RunError(
            f"The logs of the run {run!r} are not in {str(path)!r}: they were moved, removed or never written. Expected a folder "
            f"with them. Name the one that they lie in now: autoopt board {run} --logdir FOLDER"
        )
    return path


def _has_logs(logs: Path) -> bool:
    return any(any(logs.glob("*/" * depth + "*tfevents*")) for depth in range(DEPTH))


def _check_address(host: str, port: int) -> None:
    """Check that this process may listen there, once the port is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET  # as TensorBoard takes it
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            probe.bind((host, port))
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            return
        raise UsageError(
            f"--host was given {host!r} and --port {port}, where nobody can listen ({error}). Expected a name or an address of "
            f"this machine, and a port that you may take: leave them out for localhost and {PORT}."
        ) from error


def _listening(application: Any, flags: Any, browse: bool) -> Any:
    """Return a server at the first free port, and tell the user where it is."""
    from tensorboard import program

    asked = flags.port
    for port in _ports(asked):
        flags.port = port
        try:
            server = program.WerkzeugServer(application, flags)
        except program.TensorBoardServerException:
            continue
        _tell(server.get_url(), asked, browse)
        return server
    raise UsageError(
        f"--port was given {asked}, and no port is free. Expected one that is. Stop what listens."
    )


def _ports(asked: int) -> Iterator[int]:
    """Yield the ports to try: from the one that was asked for on, and in the end any that the system names."""
    if asked:
        yield from range(asked, min(asked + NEXT, 1 << 16))
    yield 0


def _tell(url: str, asked: int, browse: bool) -> None:
    """Say where the table is, and open it where there is a browser."""
    if asked and not url.endswith(f":{asked}/"):
        say(f"Port {asked} is taken: TensorBoard takes another.")
    print_lines([f"The table of all trials: {url}{HPARAMS}"])
    # Past 40 runs, as TensorBoard counts them, these pages open with none ticked.
    say(
        "Text, Images and Scalars show what is ticked: write search, or trial-0007, into their filter. Ctrl-C ends TensorBoard."
    )
    if browse and sys.stdout.isatty() and has_display(os.environ):
        _open(f"{url}{HPARAMS}")


def has_display(environment: Mapping[str, str]) -> bool:
    """Return whether whoever reads the terminal sits at this machine's screen."""
    if any(name in environment for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return False
    own = sys.platform in ("darwin", "win32")
    return own or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _open(url: str) -> None:
    """Open a page, unless the only browser there is would take the terminal."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return
    takes_terminal = isinstance(found, webbrowser.GenericBrowser) and not isinstance(
        found, webbrowser.BackgroundBrowser
    )
    if not takes_terminal:
        found.open(url)
