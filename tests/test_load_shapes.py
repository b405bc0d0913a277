"""Layouts of chat logs recognised by themselves, explicit mappings, ids, times and metadata."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ActionError
from core.load import Conversation, LoadSource, Reject, Turn, open_source
from core.load.clean import METADATA_LIMIT
from core.load.logs import Chat
from core.load.logs.tables import exchange_chats
from core.load.read_json import Item
from core.load.timestamps import to_utc

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def write(tmp_path: Path, rows: Sequence[object], name: str = "a.jsonl") -> Path:
    path = tmp_path / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def good(source: LoadSource) -> list[Conversation]:
    return [item for item in source if isinstance(item, Conversation)]


def load(
    tmp_path: Path, rows: Sequence[object], **mapping: str
) -> tuple[LoadSource, list[Conversation], list[Reject]]:
    source = open_source(write(tmp_path, rows), mapping=mapping)
    items = list(source)
    return (
        source,
        [item for item in items if isinstance(item, Conversation)],
        [item for item in items if isinstance(item, Reject)],
    )


USER, ANSWER = (
    Turn("user", "What is a monad?"),
    Turn("assistant", "A monoid in the category of endofunctors."),
)

MODERATION = {
    "categories": {"harassment": False, "sexual": False},
    "category_scores": {"harassment": 2.4e-05, "sexual": 1.1e-06},
    "flagged": False,
}

LMSYS = {
    "conversation_id": "33f01939a744455c869cb234afca47f1",
    "model": "wizardlm-13b",
    "conversation": [
        {"content": USER.content, "role": "user"},
        {"content": ANSWER.content, "role": "assistant"},
    ],
    "turn": 1,
    "language": "English",
    "openai_moderation": [MODERATION, MODERATION],
    "redacted": False,
}

HEADER = {"accept-language": "en-US,en;q=0.9", "user-agent": "Mozilla/5.0"}


def wildchat(moment: object) -> dict[str, object]:
    return {
        "conversation_hash": "cf1267ca6b2f6fccc9c36652a00059a1",
        "model": "gpt-4-0314",
        "timestamp": moment,
        "conversation": [
            {
                "content": USER.content, "country": "United States", "hashed_ip": "22fd87ba9b98f7d3", "header": HEADER,
                "language": "English", "redacted": False, "role": "user", "state": "Texas", "timestamp": None,
                "toxic": False, "turn_identifier": 102234001,
            },
            {
                "content": ANSWER.content, "country": None, "hashed_ip": None, "header": None, "language": "English",
                "redacted": False, "role": "assistant", "state": None, "timestamp": moment, "toxic": False,
                "turn_identifier": 102234001,
            },
        ],
        "turn": 1,
        "language": "English",
        "openai_moderation": [MODERATION],
        "detoxify_moderation": [{"identity_attack": 1.2e-4, "toxicity": 5.7e-4}],
        "toxic": False,
        "redacted": False,
        "state": "Texas",
        "country": "United States",
        "hashed_ip": "22fd87ba9b98f7d3",
        "header": HEADER,
    }  # fmt: skip


# Shapes


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_lmsys_chat_1m(tmp_path: Path, name: str) -> None:
    source = open_source(write(tmp_path, [LMSYS], name))
    assert source.info.shape == "lmsys"
    assert source.info.mapping == {
        "text": "conversation", "id": "conversation_id", "language": "language", "model": "model",
    }  # fmt: skip
    (item,) = good(source)
    assert item.external_id == LMSYS["conversation_id"]
    assert item.turns == (USER, ANSWER)
    assert (item.model, item.language, item.timestamp, item.user) == ("wizardlm-13b", "English", None, None)
    assert item.metadata == {"turn": 1, "openai_moderation": [MODERATION, MODERATION], "redacted": False}
    assert item.first_query == USER.content


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("a.jsonl", "2023-04-09T00:02:53+00:00"),
        ("a.jsonl", 1680998573000),
        ("a.parquet", datetime(2023, 4, 9, 0, 2, 53, tzinfo=UTC)),
    ],
)
def test_wildchat(tmp_path: Path, name: str, moment: object) -> None:
    source = open_source(write(tmp_path, [wildchat(moment)], name))
    assert source.info.shape == "wildchat"
    (item,) = good(source)
    assert item.external_id == "cf1267ca6b2f6fccc9c36652a00059a1"
    assert item.turns == (USER, ANSWER)
    assert (item.model, item.language, item.user) == ("gpt-4-0314", "English", "22fd87ba9b98f7d3")
    assert item.timestamp == "2023-04-09T00:02:53Z"
    assert item.metadata["country"] == "United States"
    assert item.metadata["header"] == HEADER
    assert "conversation" not in item.metadata


def test_wildchat_with_the_address_in_the_turns_alone(tmp_path: Path) -> None:
    row = wildchat("2023-04-09 00:02:53")
    del row["hashed_ip"]
    del row["timestamp"]
    source = open_source(write(tmp_path, [row]))
    (item,) = good(source)
    assert (item.user, item.timestamp) == ("22fd87ba9b98f7d3", "2023-04-09T00:02:53Z")


@pytest.mark.parametrize("column", ["conversations", "items"])
def test_sharegpt(tmp_path: Path, column: str) -> None:
    turns = [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": USER.content},
        {"from": "gpt", "value": ANSWER.content},
        {"from": "bing", "value": "More."},
    ]
    source, (item,), _ = load(tmp_path, [{"id": "QWJhYvA_0", column: turns}])
    assert source.info.shape == "sharegpt"
    assert item.external_id == "QWJhYvA_0"
    assert item.turns == (Turn("system", "Be brief."), USER, ANSWER, Turn("assistant", "More."))
    assert item.first_query == USER.content


def test_sharegpt_as_one_json_list(tmp_path: Path) -> None:
    rows = [{"id": f"x_{n}", "conversations": [{"from": "human", "value": f"q{n}"}]} for n in range(30)]
    path = tmp_path / "sg.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    source = open_source(path)
    assert (source.info.format, source.info.shape) == ("json", "sharegpt")
    assert [item.first_query for item in good(source)] == [f"q{n}" for n in range(30)]


def test_openai_messages_with_parts_tools_and_nulls(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "What is"}, {"type": "image_url", "image_url": {"url": "data:..."}}]
    call = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [*parts, {"type": "input_text", "text": "this?"}]},
        {"role": "assistant", "content": None, "tool_calls": call},
        {"role": "tool", "content": "a cat", "tool_call_id": "c1"},
        {"role": "assistant", "content": [{"type": "text", "text": {"value": "A cat."}}]},
    ]
    source, (item,), _ = load(tmp_path, [{"messages": messages, "temperature": 0.5}])
    assert source.info.shape == "messages"
    assert item.turns == (
        Turn("system", "Be brief."),
        Turn("user", "What is\nthis?"),
        Turn("assistant", json.dumps(call)),
        Turn("tool", "a cat"),
        Turn("assistant", "A cat."),
    )
    assert item.metadata == {"temperature": 0.5}
    assert item.external_id.startswith("auto-")


def test_openai_batch_requests(tmp_path: Path) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
    row = {"custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    source, (item,), _ = load(tmp_path, [row])
    assert source.info.shape == "openai-batch"
    assert (item.external_id, item.model, item.first_query) == ("request-1", "gpt-4o", "hi")
    assert item.metadata == {"method": "POST", "url": "/v1/chat/completions", "body": {"max_tokens": 5}}


@pytest.mark.parametrize("column", ["text", "prompt", "query", "question", "instruction", "input"])
def test_first_turn_rows(tmp_path: Path, column: str) -> None:
    row = {"id": 7, column: "how are you", "label": "small_talk", "domain": None, "language": "en"}
    source, (item,), _ = load(tmp_path, [row])
    assert source.info.shape == "first-turn"
    assert item.external_id == "7"
    assert item.turns == (Turn("user", "how are you"),)
    assert (item.language, item.metadata) == ("en", {"label": "small_talk"})


def test_alpaca_rows_take_the_instruction(tmp_path: Path) -> None:
    _, (item,), _ = load(tmp_path, [{"instruction": "Translate.", "input": "Hallo", "output": "Hello"}])
    assert item.first_query == "Translate."
    assert item.metadata == {"input": "Hallo", "output": "Hello"}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("prompt", "response"), ("question", "answer"), ("User Message", "Bot Response"), ("user", "assistant")],
)
def test_an_answer_beside_its_question_is_a_turn(tmp_path: Path, asked: str, answered: str) -> None:
    rows = [
        {asked: "why?", answered: "so", "sessionId": "s"},
        {asked: "and?", answered: None, "sessionId": "s"},
    ]
    source, (item,), _ = load(tmp_path, rows)
    assert source.info.shape == "exchange-rows"
    assert (item.external_id, item.user) == ("s", None)
    assert [turn.content for turn in item.turns] == ["why?", "so", "and?"]


def test_exchanges_that_name_no_conversation_come_one_by_one() -> None:
    """So that a stream of a million is not read to its end for the first few."""
    rows: Iterator[Item] = iter(
        [(number, {"prompt": f"q{number}", "response": "a"}) for number in range(1, 1_000)]
    )
    first = next(exchange_chats(rows, lambda: None))
    assert isinstance(first, Chat)
    assert (first.line, next(rows)[0]) == (1, 2)


def test_turns_in_a_column_of_any_name(tmp_path: Path) -> None:
    source, (item,), _ = load(tmp_path, [{"id": 1, "chat.history": [{"role": "user", "content": "hi"}]}])
    assert (source.info.shape, item.turns) == ("messages", (Turn("user", "hi"),))


def test_turns_as_python_writes_them(tmp_path: Path) -> None:
    """What pandas writes to CSV of a column of lists."""
    path = tmp_path / "a.csv"
    turns = [{"role": "user", "content": 'it\'s\n"me"'}, {"role": "assistant", "content": "ok"}]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "messages"], [1, str(turns)], [2, "[{'role': broken"]])
    for mapping in ({}, {"text": "messages"}):
        items = list(open_source(path, mapping=mapping))
        assert isinstance(items[0], Conversation)
        assert [turn.content for turn in items[0].turns] == ['it\'s\n"me"', "ok"]


def test_a_mapped_column_of_turns_as_json_text_is_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    cells = [json.dumps([{"role": "user", "content": f"q{n}"}]) for n in range(3)]
    pq.write_table(pa.table({"chat": cells}), path)
    queries = [
        item.first_query
        for item in open_source(path, mapping={"text": "chat"})
        if isinstance(item, Conversation)
    ]
    assert queries == ["q0", "q1", "q2"]


@pytest.mark.parametrize("indent", [None, 1])
def test_rows_in_one_object_around_them(tmp_path: Path, indent: int | None) -> None:
    rows = [{"id": n, "messages": [{"role": "user", "content": f"q{n}"}]} for n in range(300)]
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({"exported": "2024", "tags": ["a"], "data": [*rows, 7]}, indent=indent), encoding="utf-8"
    )
    source = open_source(path)
    for _ in range(2):
        *items, last = source
        assert [item.line for item in items] == list(range(1, 301))
        assert isinstance(last, Reject)
        assert (last.line, last.reason) == (301, "not an object")


def test_a_prompt_may_be_a_list_of_turns(tmp_path: Path) -> None:
    _, (item,), _ = load(tmp_path, [{"prompt": [{"role": "user", "content": "hi"}], "chosen": "x"}])
    assert item.turns == (Turn("user", "hi"),)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the evaluation data is not beside the checkout")
@pytest.mark.parametrize(("name", "rows"), [("clinc150", 22_500), ("arena_hard", 1_250), ("mt_bench", 80)])
def test_the_shared_data_loads_whole(name: str, rows: int) -> None:
    path = SHARED / f"{name}.jsonl"
    items = list(open_source(path))
    assert len(items) == rows
    with path.open("rb") as file:
        for line, item in zip(file, items, strict=True):
            row = json.loads(line)
            assert isinstance(item, Conversation)
            assert (item.external_id, item.first_query) == (row["id"], row["text"])
            assert (item.language, item.metadata.get("label")) == (row["language"], row["label"])


def test_a_stray_first_row_does_not_decide_the_shape(tmp_path: Path) -> None:
    source, items, rejects = load(
        tmp_path, [{"text": "stray"}, *({**LMSYS, "conversation_id": str(n)} for n in range(5))]
    )
    assert source.info.shape == "lmsys"
    assert len(items) == 5
    assert [item.line for item in rejects] == [1]


def test_unknown_columns_are_named_with_the_way_to_map_them(tmp_path: Path) -> None:
    with pytest.raises(ActionError) as caught:
        load(tmp_path, [{"uid": 1, "payload": {"said": "hi"}}])
    assert caught.value.code == "unknown_columns"
    assert "uid" in caught.value.message
    assert "payload.said" in caught.value.message
    assert "text=" in caught.value.hint


# Explicit mapping


def test_mapping_with_dotted_paths(tmp_path: Path) -> None:
    rows = [
        {
            "uid": n,
            "request": {"messages": [{"role": "user", "content": f"q{n}"}], "llm": {"name": "m"}, "seed": 1},
            "meta": {"lang": "de", "at": 1680998573, "by.whom": "u1"},
            "who.ever": "u2",
        }
        for n in range(3)
    ]
    for text in ("request.messages.0.content", "request.messages[0].content", "request.messages"):
        source, items, rejects = load(
            tmp_path, rows, text=text, id="uid", model="request.llm.name", language="meta.lang", timestamp="meta.at",
            user="who.ever",
        )  # fmt: skip
        assert source.info.shape == "mapped"
        assert not rejects
        assert [item.first_query for item in items] == ["q0", "q1", "q2"]
        assert (items[1].external_id, items[1].model, items[1].language) == ("1", "m", "de")
        assert (items[1].timestamp, items[1].user) == ("2023-04-09T00:02:53Z", "u2")
        assert items[1].metadata["meta"] == {"by.whom": "u1"}
        request = items[1].metadata["request"]
        assert isinstance(request, dict)
        assert request["seed"] == 1
        assert "llm" not in request
        assert ("messages" in request) == (text != "request.messages")


def test_the_usual_columns_fill_what_is_not_mapped(tmp_path: Path) -> None:
    source, (item,), _ = load(
        tmp_path, [{"id": "a", "said": "hi", "lang": "fr", "text": "not this"}], text="said"
    )
    assert source.info.mapping == {"text": "said", "id": "id", "language": "lang"}
    assert (item.first_query, item.language, item.metadata) == ("hi", "fr", {"text": "not this"})


@pytest.mark.parametrize(
    "row",
    [
        {"requestId": "r-1", "userId": 7, "createdAt": 1682935200, "Prompt": "hi", "modelName": "m", "Lang": "en"},
        {"Request ID": "r-1", "User ID": "7", "ts": "2023-05-01T10:00:00Z", "Text": "hi", "Model": "m", "LANGUAGE": "en"},
        {"_id": {"$oid": "r-1"}, "userId": {"$numberLong": "7"}, "createdAt": {"$date": "2023-05-01T10:00:00Z"},
         "prompt": "hi", "model": "m", "lang": "en"},
    ],
)  # fmt: skip
def test_usual_columns_are_known_however_they_are_written(tmp_path: Path, row: dict[str, object]) -> None:
    _, (item,), _ = load(tmp_path, [row])
    assert (item.first_query, item.external_id, item.user, item.timestamp) == (
        "hi",
        "r-1",
        "7",
        "2023-05-01T10:00:00Z",
    )
    assert (item.model, item.language, item.metadata) == ("m", "en", {})


def test_a_usual_name_wins_over_another_way_to_write_it(tmp_path: Path) -> None:
    _, (item,), _ = load(tmp_path, [{"ID": "row 1", "Text": "shout", "id": "c-1", "text": "hi"}])
    assert (item.external_id, item.first_query) == ("c-1", "hi")


def test_whole_numbers_that_a_table_holds_as_floats_are_names(tmp_path: Path) -> None:
    """As pandas writes a column of numbers of which some are missing."""
    path = tmp_path / "a.parquet"
    columns = {"id": [1.0, 2.0, float("nan")], "user_id": [11.0, None, 2.5], "prompt": ["a", "b", "c"]}
    pq.write_table(pa.table(columns), path)
    items = [item for item in open_source(path) if isinstance(item, Conversation)]
    assert [item.external_id for item in items][:2] == ["1", "2"]
    assert items[2].external_id.startswith("auto-")
    assert [item.user for item in items] == ["11", None, None]


def test_mapping_of_one_role_leaves_the_shape_recognised(tmp_path: Path) -> None:
    source, (item,), _ = load(tmp_path, [{**LMSYS, "asked_by": "u9"}], user="asked_by")
    assert source.info.shape == "lmsys"
    assert item.user == "u9"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("promt_text", "prompt_text"),
        ("PROMPT_TEXT", "prompt_text"),
        ("nest.queri", "nest.query"),
        ("query", "nest.query"),
    ],
)
def test_unknown_columns_get_a_suggestion(tmp_path: Path, written: str, meant: str) -> None:
    with pytest.raises(ActionError) as caught:
        load(tmp_path, [{"prompt_text": "a", "nest": {"query": "b"}}], text=written)
    assert caught.value.code == "unknown_column"
    assert meant in caught.value.did_you_mean
    assert "prompt_text" in caught.value.hint


def test_unknown_roles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ActionError) as caught:
        load(tmp_path, [{"said": "a"}], txt="said")
    assert caught.value.code == "bad_mapping"
    assert caught.value.did_you_mean == ("text",)


def test_rows_without_the_mapped_text_or_id_are_rejects(tmp_path: Path) -> None:
    rows = [{"said": "a", "key": 1, "lang": "en"}, {"key": 2}, {"said": "c"}, {"said": "d", "key": 4}]
    _, items, rejects = load(tmp_path, rows, text="said", id="key", language="lang")
    assert [(item.external_id, item.language) for item in items] == [("1", "en"), ("4", None)]
    assert [(item.line, item.reason) for item in rejects] == [
        (2, "no column 'said'"),
        (3, "no id in column 'key'"),
    ]


# Rows


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([], "no user turn: the conversation is empty"),
        ([{"role": "assistant", "content": "hi"}], "no user turn"),
        ([{"role": "user", "content": " \n"}], "empty text"),
        ([{"role": "user", "content": []}], "empty text"),
        ([{"role": "user", "content": None}], "empty text"),
        ([{"role": "user", "content": 5}], "wrong type: the content of turn 1 is a number, not a string"),
        ([{"role": "user", "content": "a"}, "b"], "wrong type: turn 2 is a string, not an object"),
        ([{"content": "a"}], "turn 1 has no role"),
        ([{"role": None, "content": "a"}], "turn 1 has no role"),
        ([{"role": "user"}], "turn 1 has no content"),
        ([{"role": "user", "content": [7]}], "wrong type: a part of turn 1 is a number, not an object"),
        ("not turns", None),
        (12, "wrong type: text is a number, not a string or a list of turns"),
        (None, "empty text"),
    ],
)
def test_conversations_that_are_none(tmp_path: Path, turns: object, reason: str | None) -> None:
    rows = [LMSYS, {**LMSYS, "conversation_id": "2", "conversation": turns}]
    _, items, rejects = load(tmp_path, rows)
    if reason is None:
        assert len(items) == 2
    else:
        assert [(item.line, item.reason) for item in rejects] == [(2, reason)]
        assert rejects[0].raw.startswith('{"conversation_id": "2"')


def test_unknown_speakers_keep_their_name(tmp_path: Path) -> None:
    turns = [{"role": "Narrator", "content": "Once"}, {"role": "USER", "content": "and?"}]
    _, (item,), _ = load(tmp_path, [{"messages": turns}])
    assert [turn.role for turn in item.turns] == ["narrator", "user"]


# Ids


def test_derived_ids_are_stable_and_count_what_is_equal(tmp_path: Path) -> None:
    rows = [{"text": text} for text in ("hi", "bye", "hi", "hi")]
    _, items, _ = load(tmp_path, rows)
    ids = [item.external_id for item in items]
    assert len(set(ids)) == 4
    assert ids[2:] == [f"{ids[0]}-2", f"{ids[0]}-3"]
    _, again, _ = load(tmp_path, rows)
    assert [item.external_id for item in again] == ids
    _, grown, _ = load(tmp_path, [*rows, {"text": "new"}, {"text": "hi"}])
    assert [item.external_id for item in grown][:4] == ids
    assert items[0].digest == items[2].digest != items[1].digest


def test_where_turns_end_is_part_of_the_digest(tmp_path: Path) -> None:
    def row(*contents: str) -> dict[str, object]:
        return {"messages": [{"role": "user", "content": content} for content in contents]}

    _, items, _ = load(tmp_path, [row("ab", "c"), row("a", "bc"), row("abc"), row("ab", "c", "")])
    assert len({item.digest for item in items}) == 4


def test_an_id_given_twice(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "one"},
        {"id": "a", "text": "two"},
        {"id": "a", "text": "one"},
        {"id": "b", "text": "one"},
    ]
    _, items, rejects = load(tmp_path, rows)
    assert [(item.external_id, item.line) for item in items] == [("a", 1), ("a", 3), ("b", 4)]
    assert items[0].digest == items[1].digest
    assert [(item.line, item.reason) for item in rejects] == [(2, "duplicate id 'a' with another content")]


def test_ids_of_wrong_types(tmp_path: Path) -> None:
    rows = [
        {"id": value, "text": f"t{n}"}
        for n, value in enumerate(["x", 3, None, "", True, [1], {"k": 1}, "y" * 2_000])
    ]
    _, items, rejects = load(tmp_path, rows)
    assert [item.external_id for item in items][:2] == ["x", "3"]
    assert all(item.external_id.startswith("auto-") for item in items[2:])
    assert [item.line for item in items] == [1, 2, 3, 4]
    assert [item.line for item in rejects] == [5, 6, 7, 8]


# Fields and metadata


def test_fields_that_are_no_names_are_kept_as_metadata(tmp_path: Path) -> None:
    first = {"text": "a", "model": "m", "language": "en", "user": "u", "timestamp": "2024-01-01"}
    odd = {"text": "b", "model": {"name": "x"}, "language": "  ", "user": 42, "timestamp": "last Tuesday"}
    _, items, _ = load(tmp_path, [first, odd])
    assert items[0].metadata == {}
    assert (items[1].model, items[1].language, items[1].user, items[1].timestamp) == (None, None, "42", None)
    assert items[1].metadata == {"model": {"name": "x"}, "timestamp": "last Tuesday"}


def test_metadata_is_bounded_and_small_fields_survive(tmp_path: Path) -> None:
    row = {"text": "a", "small": 1, "large": "x" * 50_000, "larger": ["é" * 99] * 1_000, "last": {"k": None}}
    many = {"text": "b", **{f"column_{n}": "y" * 20 for n in range(5_000)}}
    _, items, _ = load(tmp_path, [row, many])
    assert all(len(json.dumps(item.metadata, ensure_ascii=False)) <= METADATA_LIMIT for item in items)
    assert items[0].metadata["small"] == 1
    assert items[0].metadata["last"] == {"k": None}
    assert str(items[0].metadata["large"]).startswith("[left out: ")


def test_values_of_parquet_become_json(tmp_path: Path) -> None:
    row = {
        "text": "a", "day": date(2024, 2, 29), "at": datetime(2024, 2, 29, 12, tzinfo=UTC), "blob": b"\x00\x01",
        "number": 1.5, "nan": float("nan"), "nested": {"k": [datetime(2024, 1, 1), None]},
    }  # fmt: skip
    (item,) = good(open_source(write(tmp_path, [row], "a.parquet")))
    assert item.metadata == {
        "day": "2024-02-29", "at": "2024-02-29T12:00:00+00:00", "blob": "[2 bytes]", "number": 1.5, "nan": None,
        "nested": {"k": ["2024-01-01T00:00:00", None]},
    }  # fmt: skip


# Times


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2023-05-01T10:00:00Z", "2023-05-01T10:00:00Z"),
        ("2023-05-01T10:00:00z", "2023-05-01T10:00:00Z"),
        ("2023-05-01 10:00:00", "2023-05-01T10:00:00Z"),
        ("2023-05-01 10:00:00 UTC", "2023-05-01T10:00:00Z"),
        ("2023/05/01 10:00:00", "2023-05-01T10:00:00Z"),
        ("2023-05-01T12:00:00+02:00", "2023-05-01T10:00:00Z"),
        ("2023-05-01T12:00:00+0200", "2023-05-01T10:00:00Z"),
        ("2023-05-01T10:00:00.250Z", "2023-05-01T10:00:00.250000Z"),
        ("2023-05-01T10:00:00.123456789Z", "2023-05-01T10:00:00.123456Z"),
        ("2023-05-01", "2023-05-01T00:00:00Z"),
        ("20230501T100000", "2023-05-01T10:00:00Z"),
        ("Mon, 01 May 2023 10:00:00 GMT", "2023-05-01T10:00:00Z"),
        (1682935200, "2023-05-01T10:00:00Z"),
        (1682935200.5, "2023-05-01T10:00:00.500000Z"),
        (1682935200000, "2023-05-01T10:00:00Z"),
        (1682935200000000, "2023-05-01T10:00:00Z"),
        (1682935200000000000, "2023-05-01T10:00:00Z"),
        ("1682935200", "2023-05-01T10:00:00Z"),
        ("1682935200000", "2023-05-01T10:00:00Z"),
        (datetime(2023, 5, 1, 10), "2023-05-01T10:00:00Z"),
        (datetime(2023, 5, 1, 5, tzinfo=timezone(timedelta(hours=-5))), "2023-05-01T10:00:00Z"),
        (date(2023, 5, 1), "2023-05-01T00:00:00Z"),
        (pa.scalar(1682935200000, pa.timestamp("ms")).as_py(), "2023-05-01T10:00:00Z"),
        (pa.scalar(1682935200000000000, pa.timestamp("ns", "Asia/Tokyo")).as_py(), "2023-05-01T10:00:00Z"),
        ("May 1, 2023, 10:00:00\u202fPM", "2023-05-01T22:00:00Z"),
        ("1 May 2023 12:05 a.m.", "2023-05-01T00:05:00Z"),
        ("2023-05-01 12:05pm", "2023-05-01T12:05:00Z"),
        ("Mon May 01 2023 10:00:00 GMT+0200 (CEST)", "2023-05-01T08:00:00Z"),
        (pa.scalar(1682935200000000001, pa.timestamp("ns")).as_py(), "2023-05-01T10:00:00Z"),
        ("01.05.2023 12:00", "2023-05-01T12:00:00Z"),
        ("31.04.2023", None),
        ("yesterday", None),
        ("", None),
        ("05/01/2023", None),
        ("2023-13-01", None),
        ("2023", None),
        (2023, None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**30, None),
        ("9" * 60, None),
        ([2023], None),
        (datetime(9999, 12, 31, tzinfo=timezone(timedelta(hours=-5))), None),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), None),
    ],
)
def test_times(value: object, expected: str | None) -> None:
    assert to_utc(value) == expected


@given(st.datetimes(datetime(1975, 1, 1), datetime(2150, 1, 1), timezones=st.timezones()))
def test_times_survive_each_way_of_writing(moment: datetime) -> None:
    written = to_utc(moment)
    assert written is not None
    assert datetime.fromisoformat(written) == moment.astimezone(UTC)
    assert to_utc(written) == written
    assert to_utc(moment.isoformat()) == written
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if microseconds > 10**14:
        assert to_utc(microseconds) == written


@given(st.text() | st.integers() | st.floats())
def test_any_value_is_a_time_or_none(value: object) -> None:
    written = to_utc(value)
    assert written is None or datetime.fromisoformat(written).tzinfo == UTC
