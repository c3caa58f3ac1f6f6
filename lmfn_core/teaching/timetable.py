"""A lecture plan in minutes: which notebooks fit into so many meetings, what is done in the room and what at home.

Of a lesson's minutes two kinds are known: the run was measured (its example record), and the exercises say theirs
(their checkers). The third, walking through text and code, is an estimate: so many words and lines of code a minute.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lmfn_core.teaching.course import Lesson, builds_on


@dataclass(frozen=True)
class Pace:
    """How fast a class goes; an estimate, to be corrected after the first meeting.

    Raises:
        ValueError: when a speed is not above 0, or ``hands_on`` is not from 0 to below 1.
    """

    words: float = 120.0  # of a notebook's text that are read or told a minute
    lines: float = 12.0  # of its code that are explained a minute
    hands_on: float = 1 / 3  # least share of all meetings that is left for exercises

    def __post_init__(self) -> None:
        if self.words <= 0 or self.lines <= 0 or not 0 <= self.hands_on < 1:
            raise ValueError(f"A class reads above 0 words and lines a minute, with 0 <= hands_on < 1; got {self}.")

    def lecture(self, lesson: Lesson) -> int:
        """Minutes to walk through a lesson, its run included, rounded up."""
        run = (lesson.seconds or 0) / 60
        return math.ceil(lesson.words / self.words + lesson.lines / self.lines + run)


@dataclass(frozen=True)
class Meeting:
    """What is done in one meeting, and what is left for home."""

    minutes: int
    lessons: tuple[Lesson, ...] = ()
    lecture: int = 0  # minutes
    in_class: tuple[Callable[..., bool], ...] = ()  # exercises, by their checkers
    at_home: tuple[Callable[..., bool], ...] = ()

    @property
    def hands_on(self) -> int:
        """Minutes of the exercises in class."""
        return sum(check.minutes for check in self.in_class)

    @property
    def homework(self) -> int:
        """Minutes of the exercises at home."""
        return sum(check.minutes for check in self.at_home)

    @property
    def free(self) -> int:
        """Minutes for questions, and for those who need longer."""
        return self.minutes - self.lecture - self.hands_on


@dataclass(frozen=True)
class Timetable:
    """Meetings in order, and the lessons that found no place."""

    meetings: tuple[Meeting, ...]
    left_out: tuple[Lesson, ...] = field(default=())


def timetable(
    lessons: Sequence[Lesson], meetings: int, minutes: int, pace: Pace | None = None, keep: Sequence[str] = ()
) -> Timetable:
    """Lay a course into meetings.

    While the walk through all lessons is longer than the time for it, a lesson that no other one builds on is left
    out: an appendix, else the latest. Neighbouring lessons share a meeting so that as little as can be is left for
    home. The easiest exercises of a meeting are done in class, as many as fit.

    Args:
        lessons: of ``course``. meetings: how many at most; those that stay empty are free for projects.
        minutes: of one meeting. pace: how fast the class goes. keep: numbers of lessons that are left out last.

    Raises:
        ValueError: when not one lesson fits.

    >>> demo = Lesson("01_x", "01 · X", "", (), "x", 60.0, words=1200, lines=120)
    >>> plan = timetable([demo], meetings=2, minutes=45)
    >>> plan.meetings[0].lecture, plan.meetings[0].free, plan.meetings[1].lessons
    (21, 24, ())
    """
    if meetings < 1 or minutes < 1:
        raise ValueError(f"{meetings} meetings of {minutes} minutes are none; give at least 1 of each.")
    pace = pace or Pace()
    kept, room = list(lessons), meetings * minutes * (1 - pace.hands_on)
    while kept:
        held = _laid(kept, meetings, minutes, pace)
        if sum(map(pace.lecture, kept)) <= room and held:
            held += [Meeting(minutes)] * (meetings - len(held))
            return Timetable(tuple(held), tuple(lesson for lesson in lessons if lesson not in kept))
        kept.remove(_least_missed(kept, keep))
    raise ValueError(f"{meetings} x {minutes} minutes are too short for any lesson at this pace; give longer meetings.")


def _least_missed(lessons: Sequence[Lesson], keep: Sequence[str]) -> Lesson:
    """Of the lessons that no other one builds on: one that need not be kept, best an appendix, best the latest."""
    needed = {number for needs in builds_on(lessons).values() for number in needs}
    ends = [lesson for lesson in lessons if lesson.number not in needed]
    ranked = sorted(ends, key=lambda lesson: (lesson.number not in keep, lesson.number))  # A comes after all digits
    return ranked[-1]


def _laid(lessons: Sequence[Lesson], meetings: int, minutes: int, pace: Pace) -> list[Meeting]:
    """Neighbours share meetings, in none of which the walk is too long; empty when that cannot be.

    Least homework first; then equal loads, by the sum of their squares. ``best`` holds the best way to lay the first
    j lessons into k meetings, for each j; k grows by one in each round.
    """
    size = len(lessons)
    fits: dict[tuple[int, int], Meeting] = {}
    for start in range(size):
        for end in range(start + 1, size + 1):
            meeting = _meeting(tuple(lessons[start:end]), minutes, pace)
            if meeting.lecture > minutes:
                break
            fits[start, end] = meeting
    best: dict[int, tuple[int, int, tuple[int, ...]]] = {0: (0, 0, (0,))}  # homework, squares, where it was cut
    whole = []
    for _ in range(min(meetings, size)):
        reached: dict[int, tuple[int, int, tuple[int, ...]]] = {}
        for (start, end), meeting in fits.items():
            if start in best:
                homework, squares, cuts = best[start]
                load = meeting.lecture + meeting.hands_on + meeting.homework
                way = (homework + meeting.homework, squares + load**2, (*cuts, end))
                reached[end] = min(reached.get(end, way), way)
        best = reached
        whole += [best[size]] if size in best else []
    if not whole:
        return []
    cuts = min(whole)[2]
    return [fits[start, end] for start, end in zip(cuts, cuts[1:], strict=False)]


def _meeting(lessons: tuple[Lesson, ...], minutes: int, pace: Pace) -> Meeting:
    lecture = sum(map(pace.lecture, lessons))
    exercises = [check for lesson in lessons for check in lesson.checkers]
    left, chosen = minutes - lecture, []
    for check in sorted(exercises, key=lambda check: (check.difficulty, check.minutes)):  # equals stay in order
        if check.minutes <= left:
            chosen.append(check)
            left -= check.minutes
    in_class = tuple(check for check in exercises if check in chosen)
    return Meeting(minutes, lessons, lecture, in_class, tuple(check for check in exercises if check not in chosen))


def rows(plan: Timetable) -> list[dict[str, object]]:
    """A row per meeting, for a table; then one for what found no place.

    >>> [row["notebooks"] for row in rows(Timetable((Meeting(90),)))]
    ['free, for projects']
    """
    found = [
        {
            "meeting": str(number),
            "notebooks": "<br>".join(lesson.title for lesson in meeting.lessons) or "free, for projects",
            "walk": meeting.lecture,
            "exercises in class": _named(meeting.in_class),
            "spare": meeting.free,
            "at home": _named(meeting.at_home),
        }
        for number, meeting in enumerate(plan.meetings, start=1)
    ]
    if plan.left_out:
        titles = "<br>".join(lesson.title for lesson in plan.left_out)
        empty = {"walk": "", "exercises in class": "", "spare": ""}
        found.append({"meeting": "no room", "notebooks": titles, **empty, "at home": "by oneself"})
    return found


def _named(checkers: Sequence[Callable[..., bool]]) -> str:
    return "<br>".join(f"{check.title} ({check.minutes})" for check in checkers)
