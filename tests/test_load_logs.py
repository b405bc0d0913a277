"""Logs whose conversations are put together from trees, pairs and traces: a fixture in the exact shape of each source,
loaded by a script as a person would, and what its odd rows become.
"""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.control import Cancelled
from core.errors import ActionError
from core.load import Conversation, Reject, open_source
from core.load.files import Meter
from core.load.logs import LAYOUTS, Layout
from core.load.readers import open_rows
from tests.doors import run_text
from tests.shared_data import ROOT

LOGS = ROOT / "tests/data/logs"

HOSTILE = "[/INST] [bold red]boo[/] \x1b[31mred\x1b]52;c;aGk=\x07 \u202eevil\u202c \U0001f469\u200d\U0001f4bb"
CUT = "invalid JSON"
NOTHING = "no user turn: no step of the trace holds a user's words"


@dataclass(frozen=True)
class Chat:
    """What a conversation of a fixture must be."""

    id: str
    first: str
    roles: str
    model: str | None = None
    language: str | None = None
    timestamp: str | None = None
    user: str | None = None
    last: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fixture:
    shape: str
    chats: tuple[Chat, ...]
    rejects: dict[int, str]


def c(id: str, first: str, roles: str, *fields: str | None, last: str | None = None, **metadata: Any) -> Chat:
    return Chat(id, first, roles, *fields, last=last, metadata=metadata)


OASST_CHATS = (
    c("root-a", "Explain monopsony in economics.", "uaua", "oasst-sft-1", "en", "2023-02-05T14:23:50.983374Z", "u-asker",
      last="One seller.", messages=6, tree_state="ready_for_export"),
    c("root-b", HOSTILE, "ua", None, "de", "2023-03-01T00:00:00Z", "u-b", last="Ranked."),
)  # fmt: skip
GPT4O, SONNET = "gpt-4o-2024-05-13", "claude-3-5-sonnet-20241022"

FIXTURES = {
    "wildchat.jsonl": Fixture(
        "wildchat",
        (
            c("a1" * 16, "Plan a week in Lisbon.", "ua", "gpt-4-0314", "English", "2023-04-09T00:02:53Z", "ip-one",
              country="United States", state="Texas", toxic=False, turn=1, redacted=False),
            c("b2" * 16, HOSTILE, "uaua", "gpt-3.5-turbo-0301", "German", "2023-04-10T10:00:00Z", "ip-two",
              country="Germany", toxic=True, turn=2),
        ),
        {3: "empty text", 4: CUT},
    ),
    "arena.jsonl": Fixture(
        "arena",
        (
            c("58210e39b3fd4441a2bd4a518bb44c2d", "What is the difference between OpenCL and CUDA?", "ua", "chatglm-6b",
              "English", "2023-04-24T15:53:11.132200Z", "arena_user_973", last="Both ...", winner="model_b",
              model_a="chatglm-6b", model_b="koala-13b", answers_b=["CUDA is ..."], anony=True, turn=1),
            c("q2", HOSTILE, "uaua", "vicuna-13b", "Unknown", "2023-04-24T15:54:14.600000Z", "arena_user_1",
              winner="tie (bothbad)", answers_b=["b1", "b2"]),
        ),
        {3: "empty text", 4: "wrong type: the messages are not a list", 5: CUT},
    ),
    "arena_140k.jsonl": Fixture(
        "arena",
        (
            c("v1", "Prove that sqrt(2) is irrational.", "ua", "claude-opus-4", "en", "2025-05-01T08:00:00.123000Z",
              winner="both_bad", answers_b=["Assume ..."], evaluation_session_id="s1", is_code=False),
            c("v2", HOSTILE, "ua", "claude-opus-4", "pl", "2025-05-01T08:05:00Z", evaluation_order=2),
        ),
        {3: "empty text", 4: CUT},
    ),
    "arena_55k.csv": Fixture(
        "arena-pairs",
        (
            c("30192", "Is it morally right?", "uaua", "gpt-4-1106-preview", last="Yes.", winner="model_a",
              model_b="gpt-4-0613", answers_b=["As an AI ...", ""]),
            c("53567", HOSTILE, "ua", "koala-13b", winner="tie"),
        ),
        {4: "no user turn: the conversation is empty", 5: "2 fields where the header has 9"},
    ),
    "oasst.jsonl": Fixture(
        "oasst",
        OASST_CHATS,
        {10: "the message it replies to is not in the file", 11: "message 'a-best' comes twice", 12: "empty text", 13: CUT},
    ),
    "oasst.csv": Fixture(
        "oasst",
        OASST_CHATS,
        {11: "the message it replies to is not in the file", 12: "message 'a-best' comes twice", 13: "empty text",
         14: "1 fields where the header has 18"},
    ),
    "oasst_trees.jsonl": Fixture(
        "oasst-trees",
        (
            c("t-a", "How do I whittle a spoon?", "uau", None, "en", "2023-02-05T14:23:50.983374Z", "u-tree",
              last="Which one?", messages=4, tree_state="ready_for_export"),
            c("t-b", HOSTILE, "u", None, "es", "2023-02-05T14:23:50.983374Z", "u1"),
        ),
        {3: "empty text", 4: CUT},
    ),
    "chatgpt_conversations.json": Fixture(
        "chatgpt",
        (
            c("cg-1", "My sourdough is flat, why?", "uauata", "o3", None, "2023-11-14T22:13:20.123456Z",
              last="Over-proofed.", title="Sourdough", is_archived=True, branches=2),
            c("cg-2", HOSTILE, "ua", "gpt-4", None, "2023-11-14T22:15:00Z", gizmo_id="g-abc"),
        ),
        {3: "empty text", 4: "no user turn", 5: "not an object"},
    ),
    "claude_conversations.json": Fixture(
        "claude",
        (
            c("cl-1", "How were Roman roads built?", "uatau", None, None, "2024-05-01T10:00:00Z", "acc-1", last="Thanks",
              name="Roman roads", attachments=["via.txt"]),
            c("cl-2", HOSTILE, "ua", None, None, "2024-05-02T10:00:00Z", "acc-2"),
        ),
        {3: "no user turn: the conversation is empty", 4: "empty text", 5: "not an object"},
    ),
    "openai_chat.jsonl": Fixture(
        "openai-chat",
        (
            c("req-2", "Where is my parcel?", "sua", GPT4O, None, "2024-05-01T10:00:00.500000Z", "u-8",
              request={"temperature": 0.2}),
            c("req-1", "Where is my parcel?", "suauata", GPT4O, None, "2024-05-01T10:00:00.250000Z", "u-7",
              last="In Leeds.", requests=3),
            c("req-5", HOSTILE, "sua", "gpt-4o-mini", None, "2024-05-01T10:01:40Z", "u-9"),
        ),
        {6: "empty text", 7: "no messages in the request", 8: CUT},
    ),
    "openai_responses.jsonl": Fixture(
        "openai-responses",
        (
            c("resp_1", "Are semicolons optional in JavaScript?", "sua", "gpt-4.1", None, "2025-03-08T23:29:02Z", "u-r1",
              last="Aye."),
            c("resp_2", HOSTILE, "suata", "gpt-4.1", None, "2025-03-08T23:30:00Z"),
        ),
        {3: "no user turn: the conversation is empty", 4: CUT},
    ),
    "openai_batch.jsonl": Fixture(
        "openai-batch",
        (
            c("b-1", "Capital of France?", "sua", "gpt-3.5-turbo-0125", None, "2024-03-28T19:06:35Z", last="Paris.",
              status=200, method="POST", body={"max_tokens": 1000}),
            c("b-2", HOSTILE, "sua", "gpt-3.5-turbo-0125", None, "2024-03-28T19:06:35Z", last="Hej."),
            c("b-3", "Late?", "su", "gpt-3.5-turbo-0125"),
        ),
        {4: "empty text", 7: "a result without its request", 9: CUT},
    ),
    "anthropic.jsonl": Fixture(
        "anthropic",
        (
            c("an-1", "Weather in Bern?", "suata", SONNET, None, "2025-01-02T03:04:05Z", "u-a", last="Sunny.", requests=2),
            c("an-3", HOSTILE, "sua", SONNET, None, "2025-01-02T04:00:00Z"),
        ),
        {4: "no user turn", 5: "no user turn: the conversation is empty", 6: CUT},
    ),
    "anthropic_batch.jsonl": Fixture(
        "anthropic-batch",
        (
            c("ab-1", "Hello, world", "u", SONNET, None, None, "u-ab", status="errored"),
            c("ab-2", HOSTILE, "sua", SONNET, last="Hi again.", status="succeeded"),
        ),
        {3: "no user turn", 6: "a result without its request", 7: CUT},
    ),
    "langfuse_traces.json": Fixture(
        "langfuse",
        (
            c("s-1", "Weather today?", "suaua", None, "en", "2024-06-01T10:00:00Z", "lu-1", last="Rain.", traces=2,
              tags=["beta"], release="v1", environment="production", session="s-1"),
            c("t-3", "Summarise this.", "ua", None, "en", "2024-06-02T10:00:00Z", None, last="Done."),
            c("t-4", HOSTILE, "ua", None, "fr", "2024-06-03T10:00:00Z", "lu-2", last="No."),
        ),
        {5: NOTHING, 6: "neither a trace nor an observation"},
    ),
    "langfuse_observations.jsonl": Fixture(
        "langfuse",
        (
            c("tr-1", "Who wrote Faust?", "ua", "gpt-4o", None, "2024-07-01T09:00:00Z", "lu-9", last="Goethe.", calls=1),
            c("tr-2", HOSTILE, "uata", "claude-sonnet-4", None, "2024-07-01T10:00:00Z", "lu-9", last="final", calls=2),
        ),
        {5: NOTHING, 6: CUT},
    ),
    "openinference.jsonl": Fixture(
        "openinference",
        (
            c("oi-s1", "Best museum in Wien?", "ua", "gpt-4o", None, "2024-08-01T10:00:00Z", "oi-u1", last="The KHM.",
              name="rag", session="oi-s1"),
            c("0xbb", HOSTILE, "ua", "claude-3-opus", None, "2024-08-02T10:00:00Z", "oi-u2", last="ok"),
        ),
        {4: NOTHING, 5: CUT},
    ),
    "openinference_table.jsonl": Fixture(
        "openinference",
        (
            c("tt1", "Sum 2 and 2.", "ua", "gpt-4", None, "2024-08-01T10:00:00Z", "tab-u", last="4"),
            c("tab-s", HOSTILE, "u", "gpt-4", None, "2024-08-01T10:01:00Z"),
        ),
        {3: NOTHING, 4: CUT},
    ),
    "otlp.jsonl": Fixture(
        "otlp",
        (
            c("conv-1", "Do you sell kites?", "uataua", "gpt-4o-2024-08-06", None, "2024-08-30T06:40:00Z", "ot-u1",
              last="One.", traces=2, session="conv-1", **{"service.name": "shop", "gen_ai.provider.name": "openai"}),
            c("7c" * 16, HOSTILE, "sua", "gpt-3.5-turbo", None, "2024-08-30T06:41:30Z", None, last="old style"),
            c("7d" * 16, "Asked in an event?", "sua", "gpt-4", None, "2024-08-30T06:42:00Z", None, last="Yes."),
        ),
        {5: NOTHING, 6: "no span with a trace id", 7: CUT},
    ),
    "message_rows.jsonl": Fixture(
        "message-rows",
        (
            c("s-1", "How do I reset my password?", "uau", "gpt-4o", None, "2024-05-01T10:00:00Z", "7", last="Thanks",
              channel="web", messages=3),
            c("s-2", HOSTILE, "u", None, None, "2024-05-02T09:00:00Z", "8", channel="app"),
        ),
        {5: "the row with the id '2' comes twice", 6: "the message names no conversation", 7: "the message has no role",
         8: "empty text", 9: "no user turn", 10: CUT},
    ),
    "exchange_rows.csv": Fixture(
        "exchange-rows",
        (
            c("", "Alone", "u", "gpt-4o", None, "2024-05-01T12:00:00Z", "u-3"),
            c("c-1", "Write a haiku about rain", "uaua", "gpt-4o", None, "2024-05-01T10:00:00Z", "u-1",
              last="Grey clouds ...", rating="5", exchanges=2),
            c("c-2", HOSTILE, "ua", "gpt-4o", None, "2024-05-01T11:00:00Z", "u-2", last="No."),
        ),
        {6: "empty text", 7: "2 fields where the header has 7"},
    ),
    "lmsys.jsonl": Fixture(
        "lmsys",
        (c("l0", "Hello there", "ua", "vicuna-13b", "English"), c("l1", HOSTILE, "ua", "vicuna-13b", "English")),
        {3: CUT},
    ),
    "sharegpt.jsonl": Fixture("sharegpt", (c("sg_0", HOSTILE, "ua"),), {2: CUT}),
    "messages.jsonl": Fixture("messages", (c("", HOSTILE, "su", "gpt-4"),), {2: CUT}),
    "first_turn.jsonl": Fixture("first-turn", (c("1", HOSTILE, "u", None, "en"),), {2: CUT}),
}  # fmt: skip

ANSWERS_ONLY = "openai_batch_output.jsonl"


def loaded(
    folder: Path, source: Path, count: int
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[int, str]]:
    """What loading says, the conversations as they are read, and the reasons of the rejects by line."""
    shows = "".join(f"query.show query={number}\n" for number in range(1, count + 1))
    ran = run_text(folder, f"data.load source={source}\n{shows}data.rejects")
    assert ran.code == 0, ran.out + ran.err
    first, *rows, rejects = (row["data"] for row in ran.rows)
    return first, rows, {row["line"]: row["reason"] for row in rejects}


# The fixtures


def test_every_fixture_is_in_the_table_and_every_layout_has_one() -> None:
    assert {path.name for path in LOGS.iterdir()} == {*FIXTURES, ANSWERS_ONLY}
    assert {layout.name for layout in LAYOUTS} <= {fixture.shape for fixture in FIXTURES.values()}


@pytest.mark.parametrize("name", FIXTURES)
def test_a_fixture_loads_through_a_script(tmp_path: Path, name: str) -> None:
    fixture = FIXTURES[name]
    told, rows, rejects = loaded(tmp_path / "w", LOGS / name, len(fixture.chats))
    assert told["shape"] == fixture.shape
    assert (told["loaded"], told["duplicates"]) == (len(fixture.chats), 0)
    assert told["rejected"] == len(fixture.rejects)
    for row, chat in zip(rows, fixture.chats, strict=True):
        assert row["text"] == chat.first
        assert row["conversation_id"] == chat.id or (
            not chat.id and row["conversation_id"].startswith("auto-")
        )
        assert "".join(turn["role"][0] for turn in row["turns"]) == chat.roles
        assert next(turn["content"] for turn in row["turns"] if turn["role"] == "user") == chat.first
        assert (row["chat_model"], row["language"]) == (chat.model, chat.language)
        assert (row["timestamp"], row["user"]) == (chat.timestamp, chat.user)
        assert chat.last is None or row["turns"][-1]["content"] == chat.last
        assert {key: row["metadata"].get(key) for key in chat.metadata} == chat.metadata
    assert set(rejects) == set(fixture.rejects)
    for line, reason in fixture.rejects.items():
        assert rejects[line].startswith(reason)


def test_moderation_and_toxicity_are_kept() -> None:
    wild = [item for item in open_source(LOGS / "wildchat.jsonl") if isinstance(item, Conversation)]
    assert [item.metadata["openai_moderation"][0]["flagged"] for item in wild] == [False, True]
    assert wild[0].metadata["detoxify_moderation"]
    arena = [item for item in open_source(LOGS / "arena.jsonl") if isinstance(item, Conversation)]
    assert [item.metadata["openai_moderation"]["flagged"] for item in arena] == [False, True]
    assert arena[1].metadata["toxic_chat_tag"]["roberta-large"]["flagged"] is True
    tree = next(item for item in open_source(LOGS / "oasst.jsonl") if isinstance(item, Conversation))
    assert {"detoxify", "labels", "emojis"} <= tree.metadata.keys()


def test_moderation_too_long_to_keep_leaves_its_verdict(tmp_path: Path) -> None:
    result = {
        "categories": {"hate": False, "violence": True},
        "category_scores": {"hate": 0.1},
        "flagged": True,
    }
    row = {"conversation_id": "a", "conversation": [{"role": "user", "content": "hi"}], "turn": 1}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row | {"openai_moderation": [result] * 400}), encoding="utf-8")
    (item,) = open_source(path)
    assert isinstance(item, Conversation)
    assert item.metadata == {"turn": 1, "openai_moderation": {"flagged": True, "categories": ["violence"]}}


# No shape is taken for another


@pytest.mark.parametrize("name", FIXTURES)
def test_no_row_of_a_fixture_fits_the_layout_of_another(name: str) -> None:
    rows = [row for _, row in open_rows(LOGS / name).read(Meter()) if isinstance(row, dict)]
    fitting = {layout.name for layout in LAYOUTS for row in rows if layout.fits(row)}
    own = FIXTURES[name].shape
    assert fitting <= {own}
    assert (own in {layout.name for layout in LAYOUTS}) == bool(fitting)


@pytest.mark.parametrize("name", [name for name in FIXTURES if not name.endswith(".csv")])
def test_the_shape_is_the_same_as_parquet_and_as_json_lines(tmp_path: Path, name: str) -> None:
    """Parquet fills what a row lacks with nulls, and CSV-like tables with JSON in their cells say the same."""
    rows = [row for _, row in open_rows(LOGS / name).read(Meter()) if isinstance(row, dict)]
    shape = FIXTURES[name].shape
    whole = [row for row in rows if shape in ("messages", "first-turn") or _fits(shape, row)]
    path = tmp_path / "a.parquet"
    try:
        table = pa.Table.from_pylist(whole)
        pq.write_table(table, path)
    except (pa.ArrowException, NotImplementedError):
        pytest.skip("these rows have no one type by column, so no such Parquet file can be")
    source = open_source(path)
    assert source.info.shape == shape
    good = [item.first_query for item in source if isinstance(item, Conversation)]
    assert good == [chat.first for chat in FIXTURES[name].chats]


def _fits(shape: str, row: dict[str, object]) -> bool:
    layouts = {layout.name: layout for layout in LAYOUTS}
    return shape not in layouts or layouts[shape].fits(row)


def test_a_column_that_is_named_fills_its_role() -> None:
    source = open_source(LOGS / "arena.jsonl", mapping={"model": "model_b", "user": "question_id"})
    item = next(item for item in source if isinstance(item, Conversation))
    assert (item.model, item.user) == ("koala-13b", "58210e39b3fd4441a2bd4a518bb44c2d")
    assert source.info.mapping["model"] == "model_b"
    oasst = open_source(LOGS / "oasst.jsonl", mapping={"language": "tree_state"})
    assert {item.language for item in oasst if isinstance(item, Conversation)} == {"ready_for_export"}
    with pytest.raises(ActionError, match="No row has the column"):
        open_source(LOGS / "arena.jsonl", mapping={"model": "nothing"})


# Batches


def test_answers_without_their_questions_say_what_is_missing(tmp_path: Path) -> None:
    ran = run_text(tmp_path / "w", f"data.load source={LOGS / ANSWERS_ONLY}")
    assert ran.code == 1
    assert ran.error["code"] == "answers_only"
    assert "Append the file of requests" in ran.error["hint"]


# Requests of one conversation


def call(user: str, *said: str, system: str = "s", answer: str = "…") -> dict[str, Any]:
    roles = ("user", "assistant")
    turns = [{"role": roles[number % 2], "content": text} for number, text in enumerate(said)]
    messages = [{"role": "system", "content": system}, *turns]
    choice = {"message": {"role": "assistant", "content": answer}}
    return {
        "user_id": user,
        "request": {"model": "m", "messages": messages},
        "response": {"choices": [choice]},
    }


def conversations(tmp_path: Path, rows: Sequence[object], name: str = "a.jsonl") -> list[Conversation]:
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return [item for item in open_source(path) if isinstance(item, Conversation)]


def test_each_call_of_a_conversation_does_not_count_again(tmp_path: Path) -> None:
    history = [f"t{number}" for number in range(9)]
    rows = [call("u", *history[: 2 * n + 1], system=f"at {n}", answer=history[2 * n + 1]) for n in range(4)]
    for order in (rows, rows[::-1]):
        (item,) = conversations(tmp_path, order)
        assert [turn.content for turn in item.turns][1:] == history[:8]
        assert item.metadata["requests"] == 4


def test_people_who_ask_the_same_stay_apart(tmp_path: Path) -> None:
    rows = [
        call("ann", "hi"), call("bob", "hi"), call("ann", "hi"), call("ann", "hi", "…", "more"),
        call("cat", "hi", "…", "never logged before"), call("bob", "hello"),
    ]  # fmt: skip
    items = conversations(tmp_path, rows)
    assert sorted((item.user, len(item.turns)) for item in items) == [
        ("ann", 3), ("ann", 5), ("bob", 3), ("bob", 3), ("cat", 5),
    ]  # fmt: skip


def test_two_branches_of_one_conversation_stay_two(tmp_path: Path) -> None:
    rows = [call("u", "q"), call("u", "q", "…", "left"), call("u", "q", "…", "right")]
    assert [item.turns[-2].content for item in conversations(tmp_path, rows)] == ["left", "right"]


def response(number: int, asked: object, previous: int | None = None) -> dict[str, Any]:
    """A request of the Responses API whose turns before it the server keeps, with its answer."""
    request = {"model": "gpt-4.1", "input": asked, "instructions": "Be brief."}
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": f"a{number}"}],
    }
    return {
        "created_at": 1_704_103_200 + number,
        "request": request | ({"previous_response_id": f"resp_{previous}"} if previous is not None else {}),
        "response": {"id": f"resp_{number}", "output": [said]},
    }


def test_requests_that_name_the_answer_they_go_on_from_are_one(tmp_path: Path) -> None:
    result = [{"type": "function_call_output", "call_id": "c", "output": "42"}]
    rows = [response(1, "q1"), response(2, "q2", 1), response(3, result, 2), response(4, "q4", 3)]
    for order in (rows, rows[::-1]):
        (item,) = conversations(tmp_path, order)
        assert (item.external_id, item.timestamp) == ("resp_1", "2024-01-01T10:00:01Z")
        assert [turn.content for turn in item.turns] == [
            "Be brief.",
            "q1",
            "a1",
            "q2",
            "a2",
            "42",
            "a3",
            "q4",
            "a4",
        ]
        assert item.metadata["requests"] == 4


def test_branches_loops_and_answers_that_are_not_there(tmp_path: Path) -> None:
    rows = [response(1, "q1"), response(2, "left", 1), response(3, "right", 1)]
    assert [[t.content for t in i.turns][1::2] for i in conversations(tmp_path, rows)] == [
        ["q1", "left"],
        ["q1", "right"],
    ]
    rows = [response(1, "q1", 2), response(2, "q2", 1), response(3, "q3", 3), response(4, "q4", 9)]
    items = conversations(tmp_path, rows)
    said = sorted(turn.content for item in items for turn in item.turns if turn.role == "user")
    assert said == ["q1", "q2", "q3", "q4"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_conversations_come_back_whole_from_their_calls(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """However many people talk at once, and in whatever order the calls stand, each conversation comes back once."""
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=8))
    seed = data.draw(st.integers(0, 2**16))
    rows, expected = [], []
    for person, length in enumerate(lengths):
        said = ["same question", *(f"{person}-{n}" for n in range(1, 2 * length - 1))]
        rows += [call(f"u{person}", *said[: 2 * n + 1]) for n in range(length)]
        expected.append((f"u{person}", *said))
    random.Random(seed).shuffle(rows)
    items = conversations(tmp_path_factory.mktemp("calls"), rows)
    found = [(item.user, *(turn.content for turn in item.turns[1:-1])) for item in items]
    assert sorted(map(str, found)) == sorted(map(str, expected))


# Trees


def test_messages_of_a_tree_may_stand_in_any_order(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (LOGS / "oasst.jsonl").read_text().splitlines()[:9]]
    expected = {item.first_query: item.turns for item in conversations(tmp_path, rows)}
    assert len(expected) == 2
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert {item.first_query: item.turns for item in conversations(tmp_path, rows)} == expected


def test_messages_that_reply_to_each_other_end(tmp_path: Path) -> None:
    base = {"role": "assistant", "message_tree_id": "t", "text": "x"}
    rows = [
        {**base, "message_id": "r", "parent_id": None, "role": "prompter", "text": "start"},
        {**base, "message_id": "a", "parent_id": "b"},
        {**base, "message_id": "b", "parent_id": "a"},
        {**base, "message_id": "self", "parent_id": "self"},
        {**base, "message_id": "second", "parent_id": None, "role": "prompter"},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    items = list(open_source(path))
    assert [item.first_query for item in items if isinstance(item, Conversation)] == ["start"]
    assert [item.line for item in items if isinstance(item, Reject)] == [2, 3, 4, 5]


@pytest.mark.parametrize("name", ["oasst.jsonl", "openai_chat.jsonl", "openai_batch.jsonl", "otlp.jsonl"])
def test_gathering_rows_can_be_stopped_before_a_conversation_comes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join((LOGS / name).read_bytes() for _ in range(200)))
    source = open_source(path)
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Cancelled

    source.tick = stop
    seen: list[object] = []
    with pytest.raises(Cancelled):
        seen.extend(item for item in source if isinstance(item, Conversation))
    assert not seen
    assert source.meter.done > 0


# Archives


def archive(path: Path, members: dict[str, object]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, value in members.items():
            file.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return path


def test_an_export_is_read_inside_its_archive(tmp_path: Path) -> None:
    chats = json.loads((LOGS / "chatgpt_conversations.json").read_text())
    path = archive(
        tmp_path / "export.zip",
        {
            "user.json": {"id": "u"},
            "chat.html": b"<p>",
            "conversations.json": chats,
            "message_feedback.json": [],
        },
    )
    told, rows, _ = loaded(tmp_path / "w", path, 2)
    assert (told["dataset"], told["shape"], told["loaded"], told["rejected"]) == ("export", "chatgpt", 2, 3)
    assert rows[0]["text"] == "My sourdough is flat, why?"


def test_what_macos_adds_to_an_archive_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "chats.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("logs/chats.jsonl", '{"id": 1, "text": "hi"}\n')
        archive.writestr("__MACOSX/logs/._chats.jsonl", b"\x00\x05\x16\x07")
        archive.writestr("logs/.DS_Store", b"\x00")
    (item,) = open_source(path)
    assert isinstance(item, Conversation)
    assert item.first_query == "hi"


def test_an_export_in_numbered_parts_is_one(tmp_path: Path) -> None:
    chats = json.loads((LOGS / "claude_conversations.json").read_text())
    path = archive(
        tmp_path / "a.zip", {"x/conversations-001.json": chats[1:2], "x/conversations-000.json": chats[:1]}
    )
    source = open_source(path)
    assert [item.external_id for item in source if isinstance(item, Conversation)] == ["cl-1", "cl-2"]
    assert source.info.format == "json.zip"
    assert [item.external_id for item in source if isinstance(item, Conversation)] == ["cl-1", "cl-2"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"a.txt": b"x"}, "unknown_format"),
        ({"a.jsonl": b'{"text": "x"}', "b.csv": b"text\nx"}, "unknown_format"),
        ({"only.jsonl": b'{"text": "x"}\n', "read.me": b""}, ""),
        ({"conversations.json": b"[]"}, "empty_file"),
    ],
)
def test_archives_of_other_things(tmp_path: Path, members: dict[str, object], code: str) -> None:
    path = archive(tmp_path / "a.zip", members)
    if code:
        with pytest.raises(ActionError) as caught:
            list(open_source(path))
        assert caught.value.code == code
    else:
        assert len(list(open_source(path))) == 1


def test_what_is_only_named_an_archive_is_none(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.zip", {"conversations.json": [{"text": "q"}]}).read_bytes()
    for name, data, code in (
        ("b.zip", b'{"text": "x"}', "wrong_format"),
        ("b.xlsx", whole, "unknown_format"),
        ("b.jsonl", whole, "bad_encoding"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ActionError) as caught:
            list(open_source(tmp_path / name))
        assert caught.value.code == code


def test_a_broken_archive_says_so(tmp_path: Path) -> None:
    whole = archive(
        tmp_path / "a.zip", {"conversations.json": [{"text": f"q{n}"} for n in range(5_000)]}
    ).read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:200] + b"\xff" * 500 + whole[700:]):
        path = tmp_path / "b.zip"
        path.write_bytes(broken)
        with pytest.raises(ActionError) as caught:
            list(open_source(path))
        assert caught.value.code == "damaged_file"


# Odd values

CONTENTS: list[tuple[object, str | None]] = [
    ("plain", "plain"),
    (None, None),
    ("", None),
    ("  \n", None),
    ([], None),
    ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
    ([{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "x"}], "a"),
    ([{"type": "image_url", "image_url": {"url": "x"}}], None),
    ([{"type": "text", "text": None}], None),
    ([{"type": "text", "text": {"value": "v"}}], "v"),
    (["bare", "strings"], "bare\nstrings"),
    ({"type": "text", "text": "one part"}, "one part"),
    ([7, None, {"type": "text", "text": "x"}], "x"),
    ([{"type": "tool_result", "content": "r"}], None),
    ([{"type": "tool_result", "content": "r"}, {"type": "text", "text": "and now?"}], "and now?"),
    (5, None),
    (True, None),
]


@pytest.mark.parametrize(("content", "first"), CONTENTS, ids=repr)
@pytest.mark.parametrize("shape", ["openai-chat", "anthropic", "langfuse", "otlp"])
def test_contents_of_any_form(tmp_path: Path, shape: str, content: object, first: str | None) -> None:
    messages = [{"role": "system", "content": "sys"}, {"role": "user", "content": content}]
    good = [{"role": "user", "content": "good"}]

    def row(number: int, said: list[dict[str, object]]) -> dict[str, object]:
        if shape == "langfuse":
            about = {"sessionId": None, "userId": None, "name": "n", "timestamp": "2024-01-01"}
            return {"id": f"t{number}", "input": said, "output": None} | about
        if shape == "otlp":
            value = {"stringValue": json.dumps(said)}
            span = {
                "traceId": f"t{number}",
                "spanId": "s",
                "attributes": [{"key": "gen_ai.input.messages", "value": value}],
            }
            return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        model = "claude-3" if shape == "anthropic" else "gpt-4"
        return {"id": number, "request": {"model": model, "messages": said}}

    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row(1, good)) + "\n" + json.dumps(row(2, messages)) + "\n", encoding="utf-8")
    source = open_source(path)
    assert source.info.shape == shape
    items = list(source)
    found = [item.first_query for item in items if isinstance(item, Conversation)]
    assert found == ["good"] + ([first] if first else [])
    assert len(items) == 2


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (1700000000, "2023-11-14T22:13:20Z"),
        (1700000000.25, "2023-11-14T22:13:20.250000Z"),
        (1700000000000, "2023-11-14T22:13:20Z"),
        ("1700000000000000000", "2023-11-14T22:13:20Z"),
        ("2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20Z"),
        (None, None),
        ("soon", None),
        ({"at": 1}, None),
    ],
)
def test_times_of_any_form(tmp_path: Path, moment: object, expected: str | None) -> None:
    node = {
        "id": "u",
        "parent": None,
        "children": [],
        "message": {"author": {"role": "user"}, "content": {"parts": ["q"]}},
    }
    chatgpt = {"mapping": {"u": node}, "title": "t", "current_node": "u", "create_time": moment}
    message = {"sender": "human", "text": "q"}
    claude = {"uuid": "1", "created_at": moment, "chat_messages": [message]}
    arena = {"question_id": "1", "model_a": "a", "model_b": "b", "conversation_a": [{"role": "user", "content": "q"}],
             "conversation_b": [], "tstamp": moment}  # fmt: skip
    called = {
        "id": "1",
        "timestamp": moment,
        "request": {"model": "m", "messages": [{"role": "user", "content": "q"}]},
    }
    for row in (chatgpt, claude, arena, called):
        (item,) = conversations(tmp_path, [row])
        assert (item.first_query, item.timestamp) == ("q", expected)


ROWS = [
    (name, row)
    for name in FIXTURES
    for _, row in open_rows(LOGS / name).read(Meter())
    if isinstance(row, dict)
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def spoilt(value: Any, choose: random.Random, other: object) -> Any:
    """`value` with one place in it replaced by `other`."""
    if isinstance(value, dict) and value and choose.random() < 0.8:
        key = choose.choice(sorted(value))
        return value | {key: spoilt(value[key], choose, other)}
    if isinstance(value, list) and value and choose.random() < 0.8:
        at = choose.randrange(len(value))
        return [*value[:at], spoilt(value[at], choose, other), *value[at + 1 :]]
    return other


def places(value: object) -> Iterator[Callable[[object], object]]:
    """For each place in a value what puts something else there."""
    yield lambda other: other
    if isinstance(value, dict):
        for key in value:
            yield from (
                lambda other, key=key, put=put: value | {key: put(other)} for put in places(value[key])
            )
    elif isinstance(value, list):
        for at in range(len(value)):
            yield from (
                lambda other, at=at, put=put: [*value[:at], put(other), *value[at + 1 :]]
                for put in places(value[at])
            )


@pytest.mark.parametrize("name", FIXTURES)
def test_what_no_set_can_be_asked_for_may_stand_anywhere(name: str) -> None:
    layouts = {layout.name: layout for layout in LAYOUTS}
    own = layouts.get(FIXTURES[name].shape)
    rows = [row for place, row in ROWS if place == name]
    for row in rows:
        for put in places(row):
            for other in ([], {}):
                spoilt_row = put(other)
                assert isinstance(spoilt_row, dict | list)
                if isinstance(spoilt_row, dict):
                    for layout in LAYOUTS:
                        layout.fits(spoilt_row)
                    if own is not None and own.fits(spoilt_row):
                        list(own.assemble(enumerate([*rows, spoilt_row], 1), lambda: None))


@settings(max_examples=250, deadline=None)
@given(index=st.integers(0, len(ROWS) - 1), seed=st.integers(0, 2**32), other=json_values)
def test_a_row_that_is_spoilt_anywhere_never_stops_the_load(
    tmp_path_factory: pytest.TempPathFactory, index: int, seed: int, other: object
) -> None:
    """Behind the rows of its fixture, a row with any value at any place becomes a conversation or a reject."""
    name, row = ROWS[index]
    rows = [own for place, own in ROWS if place == name]
    written = [*rows, spoilt(row, random.Random(seed), other)]
    path = tmp_path_factory.mktemp("spoilt") / "a.jsonl"
    path.write_text("".join(json.dumps(item) + "\n" for item in written), encoding="utf-8")
    items = list(open_source(path))
    assert any(isinstance(item, Conversation) for item in items)
    assert {item.line for item in items} <= set(range(1, len(written) + 1))
    for item in items:
        repr(item).encode()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_rows_of_any_other_shape_are_rejects_of_a_layout(layout: Layout) -> None:
    fixture = [row for name, row in ROWS if FIXTURES[name].shape == layout.name]
    others = [row for name, row in ROWS if FIXTURES[name].shape != layout.name]
    items = enumerate([*fixture, *others, {"x": None}, {"x": [[]]}], 1)
    lines = {item.line for item in layout.assemble(items, lambda: None) if isinstance(item, Reject)}
    assert len(fixture) + len(others) + 1 in lines
