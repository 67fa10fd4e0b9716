"""The process that is measured: a job on standard input, the answer in the file named on the command line."""

import json
import sys
from pathlib import Path

from benchmarks.throughput.candidates import drawn
from benchmarks.throughput.job import Job
from benchmarks.throughput.problems import PROBLEMS
from benchmarks.throughput.tuners import tuner

job = Job.from_json(sys.stdin.read())
problem = PROBLEMS[job.problem]()
if job.tuner == "draw":
    answer = json.dumps(drawn(problem, job.trials or 0, job.seed, job.folder))
else:
    answer = tuner(job.tuner)(problem, job).to_json()
Path(sys.argv[1]).write_text(answer)
