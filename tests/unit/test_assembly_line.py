"""Reading and writing run beside the computing, a few photographs at a time; a bad one does not stop the others."""

import threading

import pytest

from lmfn_core.restoring.assembly_line import assembly_line

TIMEOUT = 30


def test_order_and_what_each_station_is_given():
    written = []
    outcomes = list(
        assembly_line(range(7), read=lambda i: i * 10, work=lambda x: x + 1, write=lambda *a: written.append(a))
    )
    assert written == [(i, i * 10, i * 10 + 1) for i in range(7)]
    assert [o.item for o in outcomes] == list(range(7)) and all(o.error is None for o in outcomes)
    assert list(assembly_line([], *[print] * 3)) == []


@pytest.mark.parametrize("station", ["read", "work", "write"])
def test_one_bad_item_is_told_and_the_rest_are_done(station):
    def fail(item):
        if item == 2:
            raise OSError("disk full")
        return item

    done = []
    stations = {"read": lambda i: i, "work": lambda i: i, "write": lambda i, *_: done.append(i)}
    stations[station] = (lambda i, *_: done.append(fail(i))) if station == "write" else fail
    errors = {o.item: o.error for o in assembly_line(range(5), **stations)}
    assert {i for i, error in errors.items() if error} == {2} and str(errors[2]) == "disk full"
    assert done == [0, 1, 3, 4]


@pytest.mark.parametrize("station", ["read", "work", "write"])
def test_a_defect_is_no_outcome(station):
    stations = {"read": lambda i: i, "work": lambda i: i, "write": lambda *a: None}
    stations[station] = lambda *_: {}["a defect"]
    with pytest.raises(KeyError):
        list(assembly_line(range(3), **stations))


def test_the_next_is_read_and_the_last_is_written_while_one_is_computed():
    reading, writing = threading.Event(), threading.Event()

    def read(i):
        if i == 2:
            reading.set()
        return i

    def work(i):
        if i == 1:  # computed only once 2 is being read and 0 being written
            assert reading.wait(TIMEOUT) and writing.wait(TIMEOUT)
        return i

    outcomes = list(assembly_line(range(3), read, work, write=lambda *_: writing.set()))
    assert len(outcomes) == 3


def test_no_more_than_three_are_held():
    held, most = set(), 0

    def read(i):
        nonlocal most
        held.add(i)
        most = max(most, len(held))
        return i

    list(assembly_line(range(20), read, work=lambda i: i, write=lambda i, *_: held.discard(i)))
    assert most <= 4  # one may be read in the moment between two others being handed on


def test_stopped_what_was_computed_is_written_and_nothing_more_begun():
    read, written = [], []

    def work(i):
        if i == 2:
            raise KeyboardInterrupt
        return i

    line = assembly_line(range(20), lambda i: read.append(i) or i, work, write=lambda i, *_: written.append(i))
    with pytest.raises(KeyboardInterrupt):
        list(line)
    assert written == [0, 1] and read == [0, 1, 2, 3]
