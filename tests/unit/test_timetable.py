"""The lecture plan: no meeting is overfull, no lesson stands before its needs, no exercise is lost."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmfn_core.teaching.course import Lesson, course
from lmfn_core.teaching.lesson import exercise
from lmfn_core.teaching.timetable import Pace, rows, timetable

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
EVEN = Pace(words=100, lines=10, hands_on=0)


def checker(title, minutes, difficulty=1):
    @exercise(title, difficulty=difficulty, minutes=minutes)
    def check(answer):
        """Nothing is checked."""

    return check


def lesson(number, walk, needs=(), exercises=(), seconds=0.0):
    made = Lesson(f"{number}_x", f"{number} · X", "", tuple(needs), "x", seconds, words=100 * walk, lines=0)
    made.__dict__["checkers"] = tuple(exercises)  # in the place of what the checkers' module holds
    return made


def numbers(meeting):
    return [lesson.number for lesson in meeting.lessons]


def test_minutes_are_text_and_code_and_run_rounded_up():
    made = Lesson("01_x", "01 · X", "", (), "x", 61.0, words=250, lines=35)
    assert Pace(words=100, lines=10).lecture(made) == 8  # 2.5 + 3.5 + 1.02
    unmeasured = Lesson("01_x", "01 · X", "", (), "x", None, words=250, lines=35)
    assert Pace(words=100, lines=10).lecture(unmeasured) == 6


def test_lessons_share_meetings_in_order_and_evenly():
    plan = timetable([lesson(f"0{i}", walk) for i, walk in enumerate((10, 10, 20, 30, 10))], 3, 45, EVEN)
    assert [numbers(meeting) for meeting in plan.meetings] == [["00", "01"], ["02"], ["03", "04"]]
    assert [meeting.lecture for meeting in plan.meetings] == [20, 20, 40] and plan.left_out == ()
    assert [meeting.free for meeting in plan.meetings] == [25, 25, 5]


def test_the_easiest_exercises_are_done_in_class_as_many_as_fit():
    a, b, c, d = checker("a", 20, 3), checker("b", 10, 2), checker("c", 10, 1), checker("d", 5, 3)
    (meeting,) = timetable([lesson("00", 20, exercises=(a, b, c, d))], 1, 45, EVEN).meetings
    assert meeting.in_class == (b, c, d) and meeting.at_home == (a,)
    assert (meeting.hands_on, meeting.homework, meeting.free) == (25, 20, 0)


def test_homework_is_avoided_before_loads_are_evened():
    parts = [lesson("00", 10), lesson("01", 10, exercises=[checker("a", 30)]), lesson("02", 15)]
    plan = timetable(parts, 2, 50, EVEN)
    assert [numbers(meeting) for meeting in plan.meetings] == [["00", "01"], ["02"]]
    plan = timetable(parts, 2, 55, EVEN)  # now either way leaves nothing for home: 10 and 55, or 50 and 15
    assert [numbers(meeting) for meeting in plan.meetings] == [["00", "01"], ["02"]]
    parts[0] = lesson("00", 40)  # 80 and 15, or 40 and 55
    assert [numbers(meeting) for meeting in timetable(parts, 2, 80, EVEN).meetings] == [["00"], ["01", "02"]]


def test_what_nothing_builds_on_is_left_out_first_and_appendices_before_all():
    parts = [lesson("00", 10), lesson("06", 10), lesson("08", 10, ["06"]), lesson("09", 10), lesson("A1", 10, ["06"])]
    left = [[x.number for x in timetable(parts, 1, minutes, EVEN).left_out] for minutes in (50, 40, 30, 20, 10)]
    assert left == [[], ["A1"], ["09", "A1"], ["08", "09", "A1"], ["06", "08", "09", "A1"]]


def test_lessons_to_keep_go_last_with_what_they_build_on():
    parts = [lesson("00", 10), lesson("06", 10), lesson("07", 10), lesson("08", 10, ["06"]), lesson("A1", 10)]

    def left(minutes):
        return [x.number for x in timetable(parts, 1, minutes, EVEN, keep=["08"]).left_out]

    assert [left(minutes) for minutes in (40, 30, 20)] == [["A1"], ["07", "A1"], ["07", "08", "A1"]]


def test_time_is_kept_for_exercises():
    parts = [lesson("00", 30), lesson("01", 30)]
    assert timetable(parts, 1, 60, Pace(words=100, hands_on=0)).left_out == ()
    assert [x.number for x in timetable(parts, 1, 60, Pace(words=100, hands_on=0.25)).left_out] == ["01"]


def test_meetings_without_a_lesson_are_free():
    plan = timetable([lesson("00", 10)], 3, 45, EVEN)
    assert [numbers(meeting) for meeting in plan.meetings] == [["00"], [], []]
    assert [row["notebooks"] for row in rows(plan)] == ["00 · X", "free, for projects", "free, for projects"]


@pytest.mark.parametrize(("meetings", "minutes"), [(0, 90), (4, 0), (3, 9)])
def test_what_cannot_be_is_refused(meetings, minutes):
    with pytest.raises(ValueError, match=f"{meetings}.*{minutes} minutes are"):
        timetable([lesson("00", 10)], meetings, minutes, EVEN)


@pytest.mark.parametrize("wrong", [{"words": 0}, {"lines": -1}, {"hands_on": 1.0}])
def test_an_impossible_pace_is_refused(wrong):
    with pytest.raises(ValueError, match="above 0 words"):
        Pace(**wrong)


@settings(max_examples=60, deadline=None)
@given(
    walks=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    tasks=st.lists(st.integers(1, 30), min_size=8, max_size=8),
    meetings=st.integers(1, 6),
    minutes=st.integers(40, 120),
)
def test_whatever_the_course_its_plan_holds(walks, tasks, meetings, minutes):
    parts = [
        lesson(f"{i:02}", walk, [f"{i // 2:02}"] if i else [], [checker(f"{i}a", tasks[i]), checker(f"{i}b", 5, 2)])
        for i, walk in enumerate(walks)
    ]
    plan = timetable(parts, meetings, minutes, EVEN)
    taught = [x for meeting in plan.meetings for x in meeting.lessons]
    assert len(plan.meetings) == meetings and taught == [x for x in parts if x not in plan.left_out]
    assert all(meeting.free >= 0 for meeting in plan.meetings)
    done = Counter(check for m in plan.meetings for check in (*m.in_class, *m.at_home))
    assert done == Counter(check for x in taught for check in x.checkers)
    present = {x.number for x in taught}
    assert all(set(x.needs) <= present for x in taught), "a lesson without what it builds on"


def test_no_other_grouping_leaves_less_homework():
    tasks = (25, 5, 40, 10, 30)
    parts = [lesson(f"0{i}", 15, exercises=[checker(str(i), task)]) for i, task in enumerate(tasks)]
    plan = timetable(parts, 3, 60, EVEN)
    left = []
    for cuts in [(0, *cuts, 5) for k in range(3) for cuts in combinations(range(1, 5), k)]:
        groups = [tasks[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
        if all(15 * len(group) <= 60 for group in groups):
            left.append(sum(map(homework_of, groups)))
    assert sum(meeting.homework for meeting in plan.meetings) == min(left) < max(left)


def homework_of(tasks):
    room, home = 60 - 15 * len(tasks), 0
    for task in sorted(tasks):
        room, home = (room - task, home) if task <= room else (room, home + task)
    return home


@pytest.mark.parametrize(("meetings", "minutes"), [(4, 90), (12, 90)])
def test_the_course_itself_fits(meetings, minutes):
    lessons = course(NOTEBOOKS)
    plan = timetable(lessons, meetings, minutes)
    assert sum(len(meeting.lessons) for meeting in plan.meetings) + len(plan.left_out) == len(lessons)
    assert plan.meetings[0].lessons[0] is lessons[0]
    assert sum(meeting.lecture for meeting in plan.meetings) <= meetings * minutes * 2 / 3
    assert meetings != 12 or plan.left_out == ()
    assert len(rows(plan)) == meetings + bool(plan.left_out)
