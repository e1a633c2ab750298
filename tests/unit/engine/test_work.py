from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.domain.files import InputFile
from framework.domain.mini_batches import MiniBatch
from framework.engine.work import Scored, Ticket, WorkQueue
from framework.errors import ScorerInitError

PATIENCE_S = 30.0


def ticket(*indices: int) -> Ticket:
    return Ticket(MiniBatch(index, (InputFile(str(index), 1),)) for index in indices)


def scored(task) -> Scored:
    return Scored(task.batch, tries=1, seconds=0.1, succeeded=1)


def taken(queue: WorkQueue, most: int = 1) -> list[int]:
    return [task.batch.index for task in queue.take(most, wait=False)]


def queue_of(*tickets: Ticket) -> WorkQueue:
    queue = WorkQueue()
    for each in tickets:
        queue.put(each.tasks)
    return queue


def test_what_came_first_is_taken_first():
    queue = queue_of(ticket(5, 6), ticket(1, 2))

    assert taken(queue, 3) == [5, 6, 1]
    assert taken(queue, 3) == [2]
    assert taken(queue, 3) == []


def test_what_is_put_back_is_taken_next_and_in_order():
    queue = queue_of(ticket(0, 1, 2, 3))
    tasks = queue.take(3, wait=False)
    queue.put_back(tasks[1:])

    assert taken(queue, 9) == [1, 2, 3]


def test_only_what_has_not_begun_is_withdrawn():
    first, second = ticket(0, 1, 2, 3), ticket(4, 5)
    queue = queue_of(first, second)
    begun = queue.take(2, wait=False)
    queue.put_back([begun[1]])

    assert [task.batch.index for task in queue.withdraw(first)] == [2, 3]
    assert taken(queue, 9) == [1, 4, 5]


def test_what_was_put_back_as_new_can_be_withdrawn_unless_it_was_tried_before():
    mine = ticket(0, 1, 2)
    queue = queue_of(mine)
    tasks = queue.take(3, wait=False)
    tasks[1].tries = 1
    queue.put_back(tasks, as_new=True)

    assert [task.batch.index for task in queue.withdraw(mine)] == [0, 2]
    assert taken(queue, 9) == [1]


def test_withdrawing_twice_takes_nothing_the_second_time():
    mine = ticket(0, 1)
    queue = queue_of(mine)

    assert len(queue.withdraw(mine)) == 2
    assert queue.withdraw(mine) == []


def test_a_closed_queue_gives_nothing():
    queue = queue_of(ticket(0))
    queue.close()

    assert taken(queue) == []
    assert queue.take(1, wait=True) == []
    assert queue.is_closed


def test_closing_wakes_those_who_wait():
    queue, got = WorkQueue(), []
    waiter = threading.Thread(target=lambda: got.append(queue.take(1, wait=True)))
    waiter.start()
    queue.close()
    waiter.join(PATIENCE_S)

    assert got == [[]]


def test_new_work_wakes_those_who_wait():
    queue, got = WorkQueue(), []
    waiter = threading.Thread(target=lambda: got.extend(queue.take(1, wait=True)))
    waiter.start()
    queue.put(ticket(7).tasks)
    waiter.join(PATIENCE_S)

    assert [task.batch.index for task in got] == [7]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_nothing_is_lost_or_doubled_whatever_is_taken_put_back_and_withdrawn(sizes, data):
    tickets, begin = [], 0
    for size in sizes:
        tickets.append(ticket(*range(begin, begin + size)))
        begin += size
    queue = queue_of(*tickets)
    held, withdrawn = [], []
    for _ in range(data.draw(st.integers(0, 12))):
        action = data.draw(st.sampled_from(["take", "put_back", "as_new", "withdraw"]))
        if action == "take":
            held += queue.take(data.draw(st.integers(0, 4)), wait=False)
        elif action == "withdraw":
            withdrawn += queue.withdraw(data.draw(st.sampled_from(tickets)))
        else:
            count = data.draw(st.integers(0, len(held)))
            queue.put_back(held[:count], as_new=action == "as_new")
            held = held[count:]
    rest = queue.take(begin, wait=False)

    everything = sorted(task.batch.index for task in [*held, *withdrawn, *rest])
    assert everything == list(range(begin))


def test_a_ticket_waits_for_all_of_its_mini_batches():
    mine = ticket(3, 1)
    assert mine.wait(0.0) is False

    for task in mine.tasks:
        mine.finish(scored(task))
    assert mine.wait(0.0) is True
    assert [each.batch.index for each in mine.results()] == [1, 3]


def test_what_is_given_back_is_not_waited_for():
    mine = ticket(0, 1, 2)
    mine.finish(scored(mine.tasks[1]))
    mine.give_back(2)

    assert mine.wait(0.0) is True
    assert [each.batch.index for each in mine.results()] == [1]


def test_an_abandoned_ticket_gives_what_is_finished():
    mine = ticket(0, 1, 2)
    mine.finish(scored(mine.tasks[0]))
    mine.abandon()

    assert mine.wait() is True
    assert [each.batch.index for each in mine.results()] == [0]


def test_an_error_ends_the_waiting():
    mine = ticket(0)
    got = []

    def wait() -> None:
        with pytest.raises(ScorerInitError) as raised:
            mine.wait()
        got.append(raised.value)

    waiter = threading.Thread(target=wait)
    waiter.start()
    error = ScorerInitError("no")
    mine.fail(error)
    waiter.join(PATIENCE_S)

    assert got == [error]


def test_a_ticket_without_mini_batches_is_finished():
    assert ticket().wait() is True
    assert ticket().results() == []
