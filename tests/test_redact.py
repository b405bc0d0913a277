"""What `redact=` masks: how much of what it should, how little of what it should not, and in how much time."""

from __future__ import annotations

import sys
import time

import pytest

from core.errors import ActionError
from core.redact.kinds import KINDS, read_kinds
from core.redact.mask import Redactor
from tests import redact_cases
from tests.redact_cases import Case

PACKAGES = ("phonenumbers", "stdnum", "detect_secrets")


@pytest.fixture
def extra() -> None:
    for package in PACKAGES:
        pytest.importorskip(package, reason="the extra `redact` is not installed")


@pytest.mark.parametrize(
    ("cases", "clean", "floor"),
    [
        (redact_cases.TUNED, redact_cases.CLEAN_TUNED, 0.99),
        (redact_cases.HELD_OUT, redact_cases.CLEAN_HELD_OUT, 0.95),
    ],
    ids=["tuned", "held_out"],
)
@pytest.mark.usefixtures("extra")
def test_nearly_all_is_masked_and_nearly_nothing_else(
    cases: tuple[Case, ...], clean: tuple[str, ...], floor: float
) -> None:
    missed = [case for case in cases if case[2] in Redactor((case[0],)).text(case[1])]
    everything = Redactor(KINDS)
    wrong = [text for text in clean if everything.text(text) != text]
    found = len(cases) - len(missed)
    assert found / len(cases) >= floor, missed
    assert found / (found + len(wrong)) >= floor, wrong


@pytest.mark.usefixtures("extra")
def test_the_words_round_what_is_masked_stay() -> None:
    mask = Redactor(KINDS)
    text = "Mail jane@example.com, call +1 650 253 0000 or see https://example.com/x (from 8.8.8.8)."
    assert mask.text(text) == "Mail [EMAIL], call [PHONE] or see [URL] (from [IP])."
    assert mask.masked == {"email": 1, "phone": 1, "url": 1, "ip": 1}
    assert Redactor(("ip",)).text(text) == text.replace("8.8.8.8", "[IP]")


@pytest.mark.usefixtures("extra")
def test_what_overlaps_is_masked_as_one() -> None:
    assert Redactor(KINDS).text("https://a:b@example.com/?m=x@example.com") == "[URL]"


@pytest.mark.usefixtures("extra")
def test_a_long_number_that_is_an_id_stays_one() -> None:
    mask = Redactor(KINDS)
    assert mask.identifier("4111111111111111") == "4111111111111111"
    assert mask.identifier("jane@example.com") == mask.text("jane@example.com") == "[EMAIL]"


def test_without_kinds_a_text_is_left_alone() -> None:
    assert Redactor(()).text("jane@example.com") == "jane@example.com"


@pytest.mark.parametrize(("kind", "package"), zip(("phone", "card"), PACKAGES, strict=False))
def test_a_missing_package_is_named(kind: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ActionError) as raised:
        Redactor((kind,))
    assert raised.value.code == "no_redaction"
    assert package in raised.value.message
    assert "lmsys-tui[redact]" in raised.value.hint


def test_kinds_are_read_as_people_write_them() -> None:
    assert read_kinds(None) == read_kinds("none") == ()
    assert read_kinds("all") == KINDS
    assert read_kinds("url, EMAIL") == ("email", "url")
    with pytest.raises(ActionError, match="no kind"):
        read_kinds("email,names")


@pytest.mark.parametrize(
    "text",
    ["a" * 40_000 + "@", "a@" * 20_000, "x@" + "a." * 20_000, "1." * 5_000, "http://" * 6_000, "://" * 10_000, "//.+/:_authToken=" * 2_000,
     "-----BEGIN PRIVATE KEY-----" * 500, "eyJ" + "a" * 40_000, "password=" * 5_000, "a:" * 20_000, "a [at] b [dot] " * 3_000],
    ids=lambda text: text[:16],
)  # fmt: skip
@pytest.mark.usefixtures("extra")
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    Redactor(KINDS).text(text)
    assert time.process_time() - started < 5
