"""A winner as a script: source text of a model, its optimizer and its training, without a line of autoopt in it.

Models are read from their configurations; nothing here builds or trains one.
"""

from autoopt.script.script import Winner, script_of

__all__ = ["Winner", "script_of"]
