"""The benchmark of many workers: what timers count, and one small search with them."""

from click.testing import CliRunner

from autoopt.executors.executor import JobReport
from autoopt.records import Logs
from autoopt.stopwatch import Stopwatch
from autoopt.worker import Job
from benchmarks.cli import main
from benchmarks.scale.command import row
from benchmarks.scale.courses import Course
from benchmarks.scale.searching import State, searched
from benchmarks.scale.timers import TimerExecutor
from tests.executors.jobs import job


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def timers(slots: int, clock: Hands) -> TimerExecutor:
    return TimerExecutor(slots, lambda job: Course(0.0, 5.0, 0.9), Stopwatch(clock), clock)


def on(job: Job, epoch: int, logs: Logs) -> str:
    return "continue"


def test_seconds_of_workers_pass_while_the_driver_waits() -> None:
    clock = Hands()
    executor = timers(2, clock)
    for number in (1, 2):
        executor.submit(job(number, epochs=2))

    found = [executor.wait(on).trial for _ in range(2)]

    assert [(trial.number, trial.seconds, trial.epochs) for trial in found] == [(1, 10.0, 2), (2, 10.0, 2)]
    assert (executor.now, executor.at_work, executor.free) == (10.0, 0.0, 0.0)


def test_a_worker_is_idle_from_its_end_until_it_is_given_something() -> None:
    clock = Hands()
    executor = timers(1, clock)
    executor.submit(job(1, epochs=1))
    executor.wait(on)

    clock.at = 3.0  # the driver is at work
    executor.submit(job(2, epochs=1))

    assert (executor.now, executor.free) == (8.0, 3.0)


def test_a_job_that_waits_begins_while_the_driver_is_at_work() -> None:
    clock = Hands()
    executor = timers(1, clock)
    for number in (1, 2):
        executor.submit(job(number, epochs=1))

    clock.at = 7.0
    found = [executor.wait(on).trial for _ in range(2)]

    assert [(trial.started, trial.finished) for trial in found] == [(0.0, 5.0), (5.0, 10.0)]
    assert executor.free == 0.0


def test_a_trial_that_is_pruned_ends_after_its_next_epoch() -> None:
    clock = Hands()
    executor = timers(1, clock)
    executor.submit(job(1, epochs=10))
    report: JobReport = lambda job, epoch, logs: "prune" if epoch == 1 else "continue"  # noqa: E731

    trial = executor.wait(report).trial

    assert (trial.status, trial.epochs) == ("pruned", 3)


def test_a_row_says_what_is_wanted_and_what_workers_lack() -> None:
    before = State(0.0, 0.0, 0.0, 0, 0, {})
    after = State(100.0, 20.0, 50.0, 40, 30, {"suggest": 10.0, "log": 5.0})

    found = row("30 s", 2, before, after)

    assert found["asks/s at most"] == 2.0
    assert found["workers idle, %"] == 25.0
    assert (found["driver at work, %"], found["suggest, %"], found["log, %"]) == (20.0, 50.0, 25.0)


def test_a_search_goes_on_with_timers() -> None:
    half, end = searched("digits", 4, (4, 8))

    assert (half.ended, end.ended) == (4, 8)
    assert half.now < end.now and {"suggest", "log"} <= set(end.kinds)


def test_a_kind_that_is_not_known_is_refused_with_those_that_are() -> None:
    found = CliRunner().invoke(main, ["scale", "--kinds", "years"])

    assert found.exit_code == 2 and "was given 'years'. Known: digits, 30 s" in found.output


def test_what_the_best_lacks_is_told_with_and_without_what_runs() -> None:
    found = CliRunner().invoke(main, ["together", "--workers", "2", "--counts", "2,4", "--seeds", "0"])

    assert found.exit_code == 0, found.output
    lines = [line for line in found.output.splitlines() if line.startswith("| 2 |")]
    assert [line.split(" | ")[1] for line in lines] == ["no", "yes"]
