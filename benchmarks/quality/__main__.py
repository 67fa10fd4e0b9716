"""The process that is measured: a job on standard input, the answer in the file named on the command line."""

import sys
from pathlib import Path

from benchmarks.quality.job import Job
from benchmarks.quality.tasks import TASKS
from benchmarks.quality.tuners import tuner

job = Job.from_json(sys.stdin.read())
Path(sys.argv[1]).write_text(tuner(job.tuner)(TASKS[job.task](job.epochs), job).to_json())
