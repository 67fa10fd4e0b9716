"""Library output: what TensorFlow's C++ code writes to stderr while it is imported. For the command line only.

TensorFlow is imported by the user's file, by Keras or by KerasTuner, whichever is first, on every backend.
"""

import importlib.abc
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NOISY = "tensorflow"

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""From 1 on no information, from 2 on no warnings, from 3 on no errors."""


def keep_off_screen() -> None:
    """Hold back what the first import of TensorFlow writes; it is shown only where that import fails.

    Its later log lines are left out by `TF_CPP_MIN_LOG_LEVEL=3`, unless the user has set that variable. At 0 the user
    wants to see all of it, and nothing is held back; what TensorFlow writes as it starts heeds no other level.
    """
    if NOISY in sys.modules or os.environ.get(LEVEL) == "0":
        return
    os.environ.setdefault(LEVEL, "3")
    sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as if this finder were not there, and has it loaded quietly."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != NOISY:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)  # looking for it, as libraries do, is not yet importing it
        if spec is not None and spec.loader is not None:
            spec.loader = _QuietLoader(spec, spec.loader)
        return spec


class _QuietLoader(importlib.abc.Loader):
    """Loads a module as its own loader does, with stderr's file descriptor pointing elsewhere."""

    def __init__(self, spec: ModuleSpec, own: Any) -> None:
        self._spec = spec
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        self._spec.loader = module.__loader__ = self._own
        with tempfile.TemporaryFile() as held:
            screen = os.dup(2)
            # C++ writes to the descriptor, past sys.stderr.
            os.dup2(held.fileno(), 2)
            try:
                self._own.exec_module(module)
            except BaseException:
                held.seek(0)
                os.write(screen, held.read())
                raise
            finally:
                os.dup2(screen, 2)
                os.close(screen)
