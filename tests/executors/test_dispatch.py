"""Which job goes to which worker: where its program or its training is, and nobody waits for that but the training."""

from dataclasses import replace
from typing import Any

import pytest

from autoopt.executors.dispatch import PATIENCE, Post, Ticket, assigned
from autoopt.worker import Continuation
from tests.executors.jobs import job


def ticket(number: int, depth: int = 1, **changes: Any) -> Ticket:
    return Ticket(number, replace(job(number, depth={"dense": depth}), **changes))


def post(number: int, *known: Ticket, busy: bool = False) -> Post:
    found = Post(number, worker=number, ready=True, ticket=ticket(99) if busy else None)
    for each in known:
        found.note(each, pauses=each.job.pauses)
    return found


def given(waiting: list[Ticket], posts: list[Post]) -> dict[int, int]:
    """Return number of the place to number of the job."""
    return {at.number: which.job.number for at, which in assigned(waiting, posts)}


def test_jobs_go_to_free_workers_oldest_first() -> None:
    posts = [post(1), post(2, busy=True), Post(3, worker=3), post(4)]

    assert given([ticket(7), ticket(8), ticket(9)], posts) == {1: 7, 4: 8}


def test_a_job_goes_where_its_program_is() -> None:
    posts = [post(1, ticket(0, depth=2)), post(2, ticket(1, depth=3))]

    assert given([ticket(5, depth=3), ticket(6, depth=2)], posts) == {1: 6, 2: 5}


def test_a_program_that_only_a_busy_worker_has_is_left_to_it_where_there_is_another_job() -> None:
    posts = [post(1, ticket(0, depth=2), busy=True), post(2)]

    assert given([ticket(5, depth=2), ticket(6, depth=3)], posts) == {2: 6}
    assert given([ticket(5, depth=2)], posts) == {2: 5}


def test_a_job_is_not_passed_over_for_ever() -> None:
    old, posts = ticket(5, depth=2), [post(1, ticket(0, depth=3))]
    for number in range(6, 6 + PATIENCE):
        assert given([old, ticket(number, depth=3)], posts) == {1: number}

    assert given([old, ticket(50, depth=3)], posts) == {1: 5}


def test_a_thousand_free_workers_are_each_given_a_job() -> None:
    posts = [post(number) for number in range(1, 1_001)]

    assert given([ticket(7)], posts) == {1: 7}
    assert len(given([ticket(number) for number in range(1_000)], posts)) == 1_000


@pytest.mark.parametrize("busy", [False, True])
def test_what_goes_on_with_a_training_waits_for_the_worker_that_holds_it(busy: bool) -> None:
    posts = [post(1), post(2, ticket(3, pauses=True), busy=busy)]
    going_on = ticket(5, continues=Continuation(3, 3, 1))

    assert given([going_on], posts) == ({} if busy else {2: 5})


def test_what_goes_on_with_a_training_that_is_gone_begins_anywhere() -> None:
    assert given([ticket(5, continues=Continuation(3, 3, 1))], [post(1), post(2, busy=True)]) == {1: 5}


def test_a_training_that_has_gone_on_is_held_no_more() -> None:
    held = post(1, ticket(3, pauses=True))
    held.note(ticket(5, continues=Continuation(3, 3, 1)), pauses=False)

    assert not held.paused
