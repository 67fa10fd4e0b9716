"""Workers: how many trials a minute two of them train, against two processes that share nothing, and against one.

`__main__.py` is what a measured process runs, `command.py` compares them.
"""
