"""Many photographs in turn, with reading and writing beside the computing: three stations, one photograph at each.

A thread reads ahead by one and a thread writes behind by one, so that never more than three photographs are in memory.
Decoding and encoding release Python's lock; the network has the calling thread.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import torch

EXPECTED = (ValueError, OSError, MemoryError, torch.OutOfMemoryError)
"""What a bad photograph or a full disk raises: kept beside the item, and the others go on."""


@dataclass(frozen=True)
class Outcome:
    """What became of one item.

    >>> Outcome("a.jpg", None).error is None
    True
    """

    item: object
    error: Exception | None  # one of ``EXPECTED``; None: done


def assembly_line(
    items: Iterable[object],
    read: Callable[[object], object],
    work: Callable[[object], object],
    write: Callable[[object, object, object], object],
) -> Iterator[Outcome]:
    """Take every item through ``read(item)``, ``work(read)`` and ``write(item, read, worked)``.

    Yields an ``Outcome`` for each, in order, once it is written. When the caller stops, by Ctrl-C too, what has been
    computed is still written, and nothing more is begun.

    >>> [o.error for o in assembly_line([1, 2], read=float, work=abs, write=lambda *_: None)]
    [None, None]
    """
    coming = iter(items)
    with ThreadPoolExecutor(1, "reader") as reader, ThreadPoolExecutor(1, "writer") as writer:
        ahead = deque((item, reader.submit(read, item)) for item in islice(coming, 1))
        behind: deque[tuple[object, Future]] = deque()
        while ahead:
            item, reading = ahead.popleft()
            ahead.extend((following, reader.submit(read, following)) for following in islice(coming, 1))
            try:
                photo = reading.result()
                finished = writer.submit(write, item, photo, work(photo))
            except EXPECTED as error:
                finished = Future()
                finished.set_exception(error)
            behind.append((item, finished))
            while len(behind) > 1:
                yield _outcome(*behind.popleft())
        while behind:
            yield _outcome(*behind.popleft())


def _outcome(item: object, finished: Future) -> Outcome:
    error = finished.exception()
    if error is not None and not isinstance(error, EXPECTED):
        raise error  # a defect
    return Outcome(item, error)
