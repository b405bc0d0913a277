"""The reader, by its keys: turns, finding, facts, clusters, copying; and that nothing in a conversation keeps a key waiting."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from core.rows import TextRow
from core.session import Session
from screens import typed
from screens.conversation.screen import ConversationScreen
from screens.copying import MOST_BYTES
from screens.dialogs import ResultScreen
from screens.explorer.screen import Explorer
from screens.help import HelpScreen
from screens.widgets.reader import Reader
from tests.doors import NOW
from tests.handmade import handmade
from tests.pilots import NARROW, Driven, driven, lines_text

ANSWER = """# Sorting

Use **sorted**, not `list.sort`:

```python
def sort(items):
    return sorted(items)  # a new list
```

| way | new list |
|---|---|
| sorted | yes |

- quick
- stable
"""


def conversation(folder: Path, *conversations: list[tuple[str, str]], **more: Any) -> Path:
    """A workspace with these conversations, each of turns (role, content)."""
    log = folder.with_suffix(".jsonl")
    with log.open("w", encoding="utf-8") as file:
        for n, turns in enumerate(conversations):
            row = {"conversation_id": f"c{n}", "model": "m", "language": "English", **more}
            row["conversation"] = [{"role": role, "content": content} for role, content in turns]
            file.write(json.dumps(row) + "\n")
    session = Session(folder, clock=lambda: NOW, actor="tester")
    session.dispatch("data.load", {"source": str(log), "name": "log"})
    session.close()
    return folder


async def read(run: Driven, query: int = 1) -> Reader:
    """Open a conversation by its number; the reader's list."""
    run.explorer.run_line(f"query.open query={query}")
    await run.settle()
    assert isinstance(run.app.screen, ConversationScreen)
    return run.app.screen.reader


def shown(run: Driven) -> str:
    """The lines that the reader draws now, and its bars."""
    reader = run.app.screen.query_one(Reader)
    drawn = [reader.render_line(y).text.rstrip() for y in range(reader.size.height)]
    return "\n".join(drawn) + "\n" + run.top().split("\n")[-1]


def keys_bar(run: Driven) -> str:
    from screens.widgets.bars import Bar

    return "".join(text for text, _ in run.app.screen.query_one("#reader-keys", Bar).spans)


async def test_roles_and_markdown_and_the_raw_text(tmp_path: Path) -> None:
    turns = [("system", "Be kind."), ("user", "how to sort"), ("assistant", ANSWER), ("tool", "ran")]
    async with driven(conversation(tmp_path / "w", turns)) as run:
        reader = await read(run)
        text = lines_text(reader)
        for line in ("\u2506 SYSTEM  1", "\u2503 USER  2", "  ASSISTANT  3", "  TOOL  4"):
            assert line in text
        assert "  \u250c python" in text
        assert "**" not in text
        assert "\u253c" in text
        looks = {look for line in reader.lines for _, look in line.spans}
        assert {"heading", "strong", "code", "keyword", "comment", "key"} <= looks
        await run.press("m")
        raw = lines_text(reader)
        assert "  # Sorting" in raw
        assert "  Use **sorted**, not `list.sort`:" in raw
        assert "  ```python" in raw
        await run.press("m")
        assert lines_text(reader) == text


async def test_find_counts_and_goes_round(tmp_path: Path) -> None:
    turns = [
        ("user", "apple " * 3),
        ("assistant", "No.\n\n" * 60 + "An Apple, **app**le pie."),
        ("user", "pear"),
    ]
    async with driven(conversation(tmp_path / "w", turns), NARROW) as run:
        reader = await read(run)
        await run.press("slash", *"apple")
        assert "5\u201d" not in keys_bar(run)
        assert "5 \u201capple\u201d" in keys_bar(run)
        await run.press("enter")
        assert "1 of 5" in keys_bar(run)
        await run.press("n", "n", "n")
        assert "4 of 5" in keys_bar(run)
        assert "An Apple, apple pie." in shown(run)
        assert reader.turn == 1
        await run.press("n", "n")
        assert "1 of 5" in keys_bar(run)
        await run.press("N")
        assert "5 of 5" in keys_bar(run)
        marked = [
            span for line in reader.lines for span in reader.spans_of(line) if span[1] in ("hit", "found")
        ]
        assert [text.lower() for text, _ in marked].count("apple") == 4
        assert [text for text, look in marked if look == "found"] == ["app", "le"]
        await run.press("escape")
        assert "next, previous" in keys_bar(run)
        await run.press("slash", "escape")
        assert reader.find is None


async def test_find_what_is_not_there(tmp_path: Path) -> None:
    async with driven(conversation(tmp_path / "w", [("user", "hello")])) as run:
        await read(run)
        await run.press("slash", *"zebra", "enter", "n")
        assert "none \u201czebra\u201d" in keys_bar(run)
        await run.press("escape")
        assert "zebra" not in keys_bar(run)
        assert "first hit" not in keys_bar(run)
        await run.press("escape")
        assert isinstance(run.app.screen, Explorer)


async def test_turns_and_copying_one(tmp_path: Path) -> None:
    turns = [("user", "first"), ("assistant", "line\n" * 100), ("user", "third")]
    async with driven(conversation(tmp_path / "w", turns), NARROW) as run:
        reader = await read(run)
        assert "turn 1/3" in keys_bar(run)
        await run.press("c")
        assert run.app.clipboard == "first"
        await run.press("right_curly_bracket")
        assert "turn 2/3" in keys_bar(run)
        assert shown(run).startswith(" \u25b6 ASSISTANT  2")
        await run.press("right_curly_bracket", "c")
        assert run.app.clipboard == "third"
        await run.press("left_curly_bracket", "j", "j", "j")
        assert "turn 2/3" in keys_bar(run)
        await run.press("left_curly_bracket")
        assert shown(run).startswith(" \u25b6 ASSISTANT  2")
        await run.press("left_curly_bracket", "y")
        assert run.app.clipboard == "user: first\n\nassistant: " + "line\n" * 100 + "\n\nuser: third"
        assert reader.top == 0


async def test_what_is_too_long_to_copy_goes_to_a_file(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "w", [("user", "x" * (MOST_BYTES + 1))])
    async with driven(folder) as run:
        await read(run)
        await run.press("y")
        assert run.app.clipboard == ""
        await run.press("W", "W")
        first, second = sorted((folder / "exports").iterdir(), key=lambda path: len(path.name))
        assert first.name.startswith("conversation-c0-2026")
        assert second.name == first.name.replace(".txt", "-2.txt")
        assert first.read_text("utf-8") == second.read_text("utf-8")
        assert first.stat().st_mode & 0o777 == 0o600


async def test_nothing_is_written_in_a_read_only_session(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "w", [("user", "hi")])
    async with driven(folder, read_only=True) as run:
        await read(run)
        await run.press("W", "f")
        assert not (folder / "exports").exists()


async def test_facts_and_the_clusters_of_every_run(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    async with driven(folder) as run:
        await read(run, 5)
        await run.press("i")
        text = lines_text(run.app.screen.query_one(Reader))
        assert "conversation  c0004" in text
        assert "kmeans-8-3f9a  0 Writing and debugging code \u203a Write Python functions" in text
        await run.press("i")
        assert "conversation  c0004" not in lines_text(run.app.screen.query_one(Reader))
        await run.press("i", "enter")
        assert run.app.screen is run.explorer
        assert run.session.view.cluster == 0


async def test_a_cluster_of_another_run_opens_that_run(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    session = Session(folder, clock=lambda: NOW, actor="tester")
    session.dispatch("embed.run", {"model": "lexical"})
    session.dispatch("run.kmeans", {"k": 3})
    session.close()
    async with driven(folder) as run:
        assert str(run.session.view.run).startswith("kmeans-3")
        await read(run, 3)
        await run.press("i", "g")
        reader = run.app.screen.query_one(Reader)
        while "kmeans-8" not in str(reader.value):
            await run.press("j")
        await run.press("enter")
        assert run.app.screen is run.explorer
        assert run.session.view.run == "kmeans-8-3f9a"
        assert run.session.view.cluster == 0


async def test_metadata_is_shown_as_json(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "w", [("user", "hi")], extra={"deep": [1, {"x": "\x1b[31m[/INST]"}]})
    async with driven(folder) as run:
        await read(run)
        await run.press("i")
        text = lines_text(run.app.screen.query_one(Reader))
        assert "METADATA" in text
        assert '"deep": [' in text
        assert "\x1b" not in text


async def test_flagging_the_query(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    async with driven(folder) as run:
        await read(run, 1)
        await run.press("f")
        assert run.session.dispatch("query.show", {"query": 1}).data.clusters[0].flags == ("review",)
        assert "\u2691 review" in run.top()
        await run.press("f")
        assert run.session.dispatch("query.show", {"query": 1}).data.clusters[0].flags == ()
        assert "\u2691" not in run.top()


async def test_a_flag_is_undone_and_set_again(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "w")) as run:
        await read(run, 1)
        await run.press("f")
        for key, flags in (("u", ()), ("U", ("review",)), ("u", ())):
            await run.press(key)
            assert isinstance(run.app.screen, ConversationScreen)
            assert run.session.dispatch("query.show", {"query": 1}).data.clusters[0].flags == flags
            assert ("\u2691 review" in run.top()) is bool(flags)
        await run.press("question_mark")
        help_told = run.top().split("In the reader of conversations")[1].split("\n\n")[0]
        assert "u U" in help_told


async def test_query_show_opens_the_reader_from_every_screen(tmp_path: Path) -> None:
    folder = handmade(tmp_path / "w")
    async with driven(folder) as run:
        await run.press("J")
        run.app.screen.run_line("query.show query=2")  # type: ignore[attr-defined]
        await run.settle()
        assert isinstance(run.app.screen, ConversationScreen)
        assert not isinstance(run.app.screen, ResultScreen)
        assert run.session.view.query == 2
        await run.press("escape")
        assert run.app.screen is run.explorer


async def test_an_empty_reader_says_how_to_open_something(tmp_path: Path) -> None:
    async with driven(handmade(tmp_path / "w")) as run:
        run.explorer.action_do("query.show")
        await run.settle()
        assert "No conversation is open" in run.top()
        await run.press(
            "m", "i", "slash", *"x", "enter", "n", "right_curly_bracket", "c", "y", "f", "escape", "escape"
        )


async def test_opened_from_a_search_its_words_are_marked(tmp_path: Path) -> None:
    folder = conversation(
        tmp_path / "w", [("user", "a poem on apples"), ("assistant", "no\n" * 50 + "Apples, a poem.")]
    )
    async with driven(folder, NARROW) as run:
        detail = run.session.dispatch("query.open", {"query": 1}).data
        run.app.push_screen(
            ConversationScreen(run.app.desk, None, detail, searched_for='apples "a poem" -pear')
        )
        await run.settle()
        reader = run.app.screen.query_one(Reader)
        marked = [text for line in reader.lines for text, look in reader.spans_of(line) if look == "hit"]
        assert marked == ["a poem", "apples", "Apples", "a poem"]
        assert "N first hit" in keys_bar(run)
        await run.press("N")
        assert "1 of 4" in keys_bar(run)
        await run.press("n", "n")
        assert "Apples, a poem." in shown(run)


LONG = {
    "turns": [
        ("user" if n % 2 == 0 else "assistant", f"turn number {n} **bold** `code`") for n in range(10_000)
    ],
    "line": [("user", "x" * 1_000_000)],
    "wide line": [("user", "\u4f60\u597d \U0001f469\u200d\U0001f469\u200d\U0001f466" * 100_000)],
    "lines": [("user", "short\n" * 150_000)],
    "markdown": [("user", "*a **b [c](d) `e` " * 40_000)],
    "code": [("user", "```python\n" + "def f(x): return [x, (1, {2: '3'})] # c\n" * 20_000 + "```")],
    "deep": [("user", "> " * 20_000 + "\n" + "- " * 20_000 + "\n" + "[" * 50_000)],
}


async def beats(stalls: list[float]) -> None:
    """Measure for how long the loop hears nothing, in seconds that it computes: those of others on a busy machine count not."""
    while True:
        before = time.thread_time()
        await asyncio.sleep(0.001)
        stalls.append(time.thread_time() - before)


@pytest.mark.parametrize("name", LONG)
async def test_however_long_it_is_a_key_comes_through(name: str, tmp_path: Path) -> None:
    async with driven(conversation(tmp_path / "w", LONG[name])) as run:
        stalls: list[float] = []
        task = asyncio.create_task(beats(stalls))
        run.app.push_screen(ConversationScreen(run.app.desk, None, query=1))
        await asyncio.sleep(0.6)
        screen = run.app.screen
        assert isinstance(screen, ConversationScreen)
        for step in (screen.reader.action_page_down, screen.action_markdown, screen.reader.action_half_down):
            step()
            await asyncio.sleep(0.3)
        task.cancel()
        stalls.sort()
        assert stalls[len(stalls) * 99 // 100] < 0.05, stalls[-10:]
        await run.press("slash", "x", "enter", "N", "G", "g", "right_curly_bracket", "escape", "escape")
        assert run.app.screen is run.explorer


async def test_while_a_conversation_is_read_keys_come_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core import place

    read_it, begun, go = place.open_query, threading.Event(), threading.Event()

    def slow(*args: Any) -> Any:
        begun.set()
        assert go.wait(30)
        return read_it(*args)

    folder = conversation(tmp_path / "w", [("user", "apples")], [("user", "pears")])
    async with driven(folder) as run:
        monkeypatch.setattr(place, "open_query", slow)
        monkeypatch.setattr(typed, "MOST_SECONDS", 0.1)
        run.explorer.run_line("query.show query=1")
        assert await asyncio.to_thread(begun.wait, 30)
        await run.pilot.pause()
        assert isinstance(run.app.screen, ConversationScreen)
        assert "Reading" in run.top()
        assert "No conversation is open" not in run.top()
        await run.pilot.press("question_mark")
        while run.app.desk.typed.waiting:
            await run.pilot.pause()
        assert isinstance(run.app.screen, HelpScreen)
        await run.pilot.press("escape")
        assert run.session.view.query is None
        go.set()
        await run.settle()
        assert "apples" in run.top()
        assert run.session.view.query == 1
        assert run.app.journal.recent[-1][0].action == "query.open"
        run.app.screen.run_line("query.open query=9")  # type: ignore[attr-defined]
        await run.settle()
        assert "apples" in run.top()
        await run.press("escape")
        run.explorer.run_line("query.show query=9")
        await run.settle()
        assert "No conversation is open" in run.top()


async def test_of_conversations_that_are_gone_through_quickly_the_last_is_read(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "w", *[[("user", f"word{n} apples")] for n in range(12)])
    async with driven(folder) as run:
        await run.press("slash", *"apples", "down")
        await run.press("enter")
        assert isinstance(run.app.screen, ConversationScreen)
        await run.pilot.press("n", "n", "n", "p", "n")
        await run.settle()
        detail = run.app.screen.detail
        value = run.app.screen._source.value  # type: ignore[union-attr]
        assert detail is not None
        assert isinstance(value, TextRow)
        assert detail.query == value.query == run.session.view.query
