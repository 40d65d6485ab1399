"""Mistakes are told once, with how often they were met."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Severity
from archdsl.diagnostics.report import Report, code_and_span
from archdsl.faults.code import Code
from archdsl.faults.fault import Cause, Fault, Note, Span
from archdsl.limits import MAX_MESSAGE


def test_a_report_keeps_the_same_mistake_once() -> None:
    report = Report()
    report.tell(Fault(Code.UNUSED, "m"), None, severity=Severity.WARNING)
    assert not report.failed
    report.tell(Fault(Code.BAD_VALUE, "m", "h"), None)
    report.tell(Fault(Code.BAD_VALUE, "m", "h"), None)
    assert report.failed and [found.code for found in report.diagnostics] == [Code.UNUSED, Code.BAD_VALUE]


def test_a_network_tells_one_mistake_of_a_place_once_and_how_often_it_was_met() -> None:
    report, span = Report(code_and_span), Span("f", 1, 1, 1, 2)
    for path in ("a", "b", "a"):
        report.tell(Fault(Code.BAD_VALUE, f"in {path}"), span, path)
    report.tell(Fault(Code.SIZE_ERROR, "other"), span, "a")
    assert [(found.message, found.path) for found in report.diagnostics] == [("in a", "a, first of 2"), ("other", "a")]


def test_what_is_told_is_cut_to_what_people_read() -> None:
    report = Report()
    report.tell(Fault(Code.BAD_VALUE, "m" * 9999, "h" * 9999), None)
    (found,) = report.diagnostics
    assert found.hint is not None
    assert (len(found.message), len(found.hint)) == (MAX_MESSAGE + 1, MAX_MESSAGE + 1)


def test_one_wrong_value_is_one_mistake_wherever_it_is_read() -> None:
    report, cause = Report(code_and_span), Cause("k", "0", "line 3")
    for line in (9, 12, 10):
        report.tell(Fault(Code.BAD_VALUE, "`size` is 0", notes=(cause,)), Span("f", line, 1, line, 2), f"n{line}")
    report.tell(Fault(Code.BAD_VALUE, "`size` is 0", notes=(cause,)), Span("g", 1, 1, 1, 2), "other")
    report.tell(Fault(Code.BAD_VALUE, "`size` is 0", notes=(Note("k", "0", "line 3"),)), Span("f", 20, 1, 20, 2))
    first, alone = report.diagnostics
    assert (first.span, first.path, first.notes) == (
        Span("f", 9, 1, 9, 2), "n9", (cause, Note("also", "", "in line 10, 12, 1 of g")),
    )  # fmt: skip
    assert alone.span == Span("f", 20, 1, 20, 2)
