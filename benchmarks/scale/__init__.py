"""Scale: what the searching process can hand out to 10, 100 and 1,000 workers, which are timers here.

`courses.py` says how long trainings take, `timers.py` is the executor, `searching.py` the search, `command.py` the command.
"""
