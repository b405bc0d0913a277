"""`report.write` through a script: whole, safe, the same bytes again, and nothing in it that should not leave."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.chromium import running
from tests.doors import copied, run_text
from tests.naming import rows, said

HOSTILE = (
    "</script><script>alert(1)</script>", "</bdi></details><h1>big</h1>", "<img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)",
    "<!-- comment", "</style><style>*{display:none}", "&lt;b&gt; &amp; <b>", "[link](http://evil.example/x) ![i](http://evil.example/y)",
    "`code` **bold** _it_ ~~no~~ | cell | $x$", "# heading", "1. list", "- item", "+ plus", "=====", "> quote", "http://evil.example/auto www.evil.example",
    "<javascript:alert(1)>", "\\`back\\`", "=cmd|'/c calc'!A1", "rtl \u202etxt.exe\u2066 end", "esc \x1b[31m nul \x00 bell \x07", "{{ 7*7 }} ${7*7} %s {0}",
    "line\n\n# heading two\n---\nend", "```\nfence", "\t indented code", "<https://evil.example>", "*" * 50, "&#x202e;", "]]>",
)  # fmt: skip
VOID = {"meta"}


class Reader(HTMLParser):
    """Reads a document as a browser does, and keeps what it holds."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.quotes: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "blockquote":
            self.quotes.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        if "blockquote" in self.open:
            self.quotes[-1] += data


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of hostile queries, names, languages and models; not to be changed."""
    folder = tmp_path_factory.mktemp("report")
    lines = [
        json.dumps(
            {
                "conversation_id": f"c{n}",
                "conversation": [{"role": "user", "content": f"{HOSTILE[n % len(HOSTILE)]} {'cats' if n % 2 else 'rivers'} {n}"}],
                "language": HOSTILE[n % 3],
                "model": HOSTILE[n % 4],
                "timestamp": f"2025-03-{n % 28 + 1:02d}T00:00:00Z",
            }
        )
        for n in range(87)
    ]  # fmt: skip
    (folder / "<b>log.jsonl").write_text("\n".join(lines), encoding="utf-8")
    script = [
        {"action": "data.load", "params": {"source": str(folder / "<b>log.jsonl"), "name": "a_b - x"}},
        {"action": "embed.run", "params": {"model": "lexical"}},
        {"action": "run.kmeans", "params": {"k": 5}},
        {"action": "summary.create"},
        {"action": "hierarchy.build", "params": {"levels": 2, "width": 2}},
        {"action": "run.rename", "params": {"label": "<i>label</i> [x](http://evil.example)"}},
        *({"action": "cluster.rename", "params": {"cluster": n, "title": HOSTILE[n] + f" {n}"}} for n in range(5)),
    ]  # fmt: skip
    ran = run_text(folder / "w", "\n".join(map(json.dumps, script)))
    assert ran.code == 0, ran.err
    return folder / "w"


def written(folder: Path, path: Path, more: str = "") -> str:
    said(folder, f"report.write path={path} overwrite=true {more}")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("more", ["", "map.build"], ids=["plain", "with a map"])
def test_the_html_is_well_formed_and_asks_for_nothing(more: str, hostile: Path, tmp_path: Path) -> None:
    folder = hostile
    if more:
        folder = copied(hostile, tmp_path / "w")
        said(folder, more)
    text = written(folder, tmp_path / "r.html", "examples=20")
    assert ('<svg class="map"' in text) == bool(more)
    page = Reader(text)
    allowed = {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "bdi", "dl", "div", "dt", "dd", "details",
        "summary", "span", "i", "blockquote", "table", "tr", "th", "td", "ul", "li", "svg", "rect", "path", "text", "strong",
    }  # fmt: skip
    assert {tag for tag, _ in page.tags} <= allowed
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "href", "srcset", "data", "action", "xlink:href", "background", "poster"}
    assert not [name for name in names if name.startswith("on")]
    assert "url(" not in text and "@import" not in text
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f]", text)


def test_hostile_examples_are_shown_as_text(hostile: Path, tmp_path: Path) -> None:
    quotes = " ".join(Reader(written(hostile, tmp_path / "r.html", "examples=50")).quotes)
    for payload in (
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt; &amp; <b>",
        "]]>",
        "&#x202e;",
    ):
        assert payload in quotes
    assert "rtl \ufffdtxt.exe\ufffd end" in quotes
    assert "esc \u241b[31m nul \u2400 bell \u2407" in quotes


async def test_a_browser_shows_it_without_a_script_or_a_request(hostile: Path, tmp_path: Path) -> None:
    """Its own policy lets a page run no script and ask for nothing; what is asked or refused, the browser tells."""
    pytest.importorskip("aiohttp", reason="the browser is driven through aiohttp, of the extra `serve`")
    folder = copied(hostile, tmp_path / "w")
    said(folder, "map.build")
    path = tmp_path / "r.html"
    written(folder, path, "examples=50")
    async with running(tmp_path / "profile") as browser:
        page = await browser.page()
        await page.go(path.as_uri())
        for _ in range(100):
            if await page.value("document.readyState") == "complete":
                break
            await asyncio.sleep(0.1)
        await page.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        shown = await page.value("document.body.innerText")
        sizes = await page.value("[document.documentElement.scrollWidth, window.innerWidth]")
        scripts = await page.value("document.querySelectorAll('script, img, a, iframe, link, object').length")
        await page.close()
    assert page.requests == [path.as_uri()]
    assert page.problems == []
    assert scripts == 0
    assert sizes[0] <= sizes[1], "the page is wider than the window"
    for payload in (
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt; &amp; <b>",
        "]]>",
        "&#x202e;",
    ):
        assert payload in shown


def test_hostile_texts_are_no_markdown(hostile: Path, tmp_path: Path) -> None:
    text = written(hostile, tmp_path / "r.md", "examples=50")
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
        "fence",
        "code_block",
        "hr",
        "ordered_list_open",
        "s_open",
        "blockquote_open",
    }
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings.count("h1") == 1
    assert headings.count("h2") == 7
    shown = " ".join(child.content for child in inline if child.type == "text")
    for payload in (
        "<img src=x onerror=alert(1)>",
        "[link](http://evil.example/x)",
        "</script><script>",
        "**bold** _it_ ~~no~~ | cell | $x$",
    ):
        assert payload in shown
    assert not re.search(r"(?<!\\)(https?://|www\.)", text)
    codes = {child.content for child in inline if child.type == "code_inline"}
    assert not [code for code in codes if re.search(r"[^░█▁▂▃▄▅▆▇ \w-]", code)]


@pytest.mark.parametrize("kind", ["md", "html"])
def test_the_same_store_gives_the_same_bytes(kind: str, fixture_workspace: Path, tmp_path: Path) -> None:
    first = written(fixture_workspace, tmp_path / f"a.{kind}", "min_users=8")
    other = copied(fixture_workspace, tmp_path / "w")
    assert written(other, tmp_path / f"b.{kind}", "min_users=8") == first


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_report_says_where_it_comes_from(kind: str, fixture_workspace: Path, tmp_path: Path) -> None:
    text = written(fixture_workspace, tmp_path / f"r.{kind}").replace("\\", "")
    for (value,) in rows(
        fixture_workspace,
        "SELECT fingerprint FROM dataset WHERE name = 'chats' UNION SELECT name FROM run UNION SELECT name FROM hierarchy"
        " UNION SELECT name FROM summary_set UNION SELECT prompt_hash FROM summary_set UNION SELECT model FROM space"
        " UNION SELECT code_version FROM run",
    ):
        assert value in text
    assert "2026-01-01T00:00:00Z" in text
    assert "k=6" in text and "chats.jsonl" in text
    assert "alike a cluster's queries are: 0 is chance, 1 is identical" in unescape(text)
    assert "/golden/" not in text


def test_every_node_is_there_with_its_size(fixture_workspace: Path, tmp_path: Path) -> None:
    page = Reader(written(fixture_workspace, tmp_path / "r.html"))
    nodes = rows(fixture_workspace, "SELECT count(*) FROM node WHERE parent IS NOT NULL")[0][0]
    assert [tag for tag, _ in page.tags].count("details") == nodes
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    for (size,) in rows(fixture_workspace, "SELECT size FROM node WHERE parent IS NOT NULL"):
        assert f">{size:,} · " in text
    assert "<rect" in text and "<h2>Trends</h2>" in text


def test_levels_and_examples_are_limits(fixture_workspace: Path, tmp_path: Path) -> None:
    top = rows(fixture_workspace, "SELECT count(*) FROM node WHERE level = 1")[0][0]
    made = said(fixture_workspace, f"report.write path={tmp_path}/r.html levels=1 examples=0")
    assert (made["nodes"], made["examples"]) == (top, 0)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "nodes below not shown" in text and "below level 1 of the tree" in text
    assert "<blockquote>" not in text
    assert made["bytes"] == len(text.encode())


@pytest.mark.parametrize("kind", ["md", "html"])
def test_nothing_of_a_small_cluster_is_in_a_report(
    kind: str, fixture_workspace: Path, tmp_path: Path
) -> None:
    made = said(fixture_workspace, f"report.write path={tmp_path}/r.{kind} min_users=8 examples=50")
    text = (tmp_path / f"r.{kind}").read_text(encoding="utf-8").replace("\\", "")
    said(fixture_workspace, f"export.run path={tmp_path}/some.jsonl min_users=8")
    said(fixture_workspace, f"export.run path={tmp_path}/all.jsonl")
    shown, everything = (
        [json.loads(line) for line in (tmp_path / name).read_text(encoding="utf-8").split("\n")[:-1]]
        for name in ("some.jsonl", "all.jsonl")
    )
    kept = {row["cluster_id"] for row in shown}
    assert made["hidden_clusters"] == 4 and made["hidden_queries"] == len(everything) - len(shown)
    assert made["note"] in text
    assert "smallest=" not in text
    for row in everything:
        if row["cluster_id"] not in kept:
            assert row["cluster_title"] not in text
            # Short ones are words of other texts.
            assert len(row["text"]) < 12 or row["text"] not in text


def test_what_is_asked_for_is_masked(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    said(folder, "cluster.rename cluster=0 title='Ask jane@example.com'")
    said(folder, "cluster.describe cluster=0 description='Or see https://example.com/jane.'")
    assert "jane" in written(folder, tmp_path / "r.html")
    made = said(folder, f"report.write path={tmp_path}/m.html redact=email,url", dry=True)
    assert {one["kind"]: one["count"] > 0 for one in made["masked"]} == {"email": True, "url": True}
    assert said(folder, f"report.write path={tmp_path}/m.html redact=email,url") == made
    text = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "jane" not in text and "[EMAIL]" in text and "[URL]" in text


def test_a_run_without_names_or_tree_has_a_report_as_well(tmp_path: Path) -> None:
    lines = [
        json.dumps({"conversation_id": str(n), "text": f"{'tea' if n % 2 else 'sea'} number {n}"})
        for n in range(20)
    ]
    (tmp_path / "l.jsonl").write_text("\n".join(lines), encoding="utf-8")
    script = f"data.load source={tmp_path}/l.jsonl text=text id=conversation_id\nembed.run model=lexical\nrun.kmeans k=3\n"
    ran = run_text(tmp_path / "w", script + f"report.write path={tmp_path}/r.html")
    assert ran.code == 0, ran.out + ran.err
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Trends: no query has a time" in text
    assert [tag for tag, _ in Reader(text).tags].count("details") == 3
    small = said(tmp_path / "w", f"report.write path={tmp_path}/s.html min_conversations=99")
    assert (small["nodes"], small["hidden_clusters"], small["hidden_queries"]) == (0, 3, 20)


def letters(text: str) -> dict[str, str]:
    """The legend of the map in Markdown: titles by letter."""
    part = text.split("## Map")[1].split("\n## ")[0]
    return {
        m[1]: m[2].replace("\\", "") for m in re.finditer(r"^- \*\*([A-Z])\*\* (.+) \([\d.]+%\)$", part, re.M)
    }


def test_a_map_is_in_the_report_once_there_is_one(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    assert "A map: none was built" in written(folder, tmp_path / "none.html")
    assert "## Map" not in written(folder, tmp_path / "none.md")
    said(folder, "map.build")
    text = written(folder, tmp_path / "r.md")
    tops = {row[0] for row in rows(folder, "SELECT title FROM node WHERE parent = 'root' AND kind = 'theme'")}
    found = letters(text)
    assert set(found.values()) == tops
    drawn = re.findall(r"^`([A-Zo░]+)`\\$", text.split("## Map")[1], re.M)
    assert len({len(line) for line in drawn}) == 1
    assert set("".join(drawn)) == {*found, "░"}
    page = Reader(written(folder, tmp_path / "r.html"))
    paths = [a for tag, a in page.tags if tag == "path"]
    assert paths and all(re.fullmatch(r"(M\d+ \d+h\d+v1H\d+z)+", a["d"] or "") for a in paths)
    assert [tag for tag, _ in page.tags].count("text") == len(found)
    assert written(folder, tmp_path / "again.html") == (tmp_path / "r.html").read_text(encoding="utf-8")
    # Blocks of the map hold each query of the run once.
    area = sum(int(m[3]) for a in paths for m in re.finditer(r"M(\d+) (\d+)h(\d+)v", a["d"] or ""))
    assert 0 < area <= 128 * 72


def test_small_clusters_are_not_on_the_map(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    said(folder, "map.build")
    whole, some = (
        written(folder, tmp_path / f"{n}.html", more) for n, more in enumerate(("", "min_users=8"))
    )
    assert "What is held back is not on it." in some and "What is held back is not on it." not in whole

    def area(text: str) -> int:
        return sum(int(n) for n in re.findall(r"M\d+ \d+h(\d+)v1", text))

    assert 0 < area(some) < area(whole)
    legend = letters(written(folder, tmp_path / "r.md", "min_users=8"))
    shown = written(folder, tmp_path / "r.md", "min_users=8").split("## Map")[0].replace("\\", "")
    assert legend and all(f"### {title}\n" in shown for title in legend.values())
    none = written(folder, tmp_path / "none.md", "min_conversations=1000")
    assert letters(none) == {}


def test_the_newest_evaluation_is_in_the_report(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    assert "Evaluation" not in written(folder, tmp_path / "none.md")
    said(folder, "eval.run items=1")
    said(folder, "run.sweep k=3,4 seeds=1")
    newest = said(folder, "eval.run items=2")
    for kind in ("md", "html"):
        text = unescape(written(folder, tmp_path / f"r.{kind}").replace("\\", ""))
        assert newest["evaluation"] in text
        for one in newest["measures"]:
            if one["value"] is not None:
                assert one["measure"] in text and f"{one['value']:.3f}" in text


def test_masked_names_stand_under_the_map(fixture_workspace: Path, tmp_path: Path) -> None:
    folder = copied(fixture_workspace, tmp_path / "w")
    said(folder, "map.build")
    (key,) = rows(
        folder, "SELECT key FROM node WHERE parent = 'root' AND kind = 'theme' ORDER BY size DESC LIMIT 1"
    )[0]
    said(folder, f"node.rename node={key} title='Ask jane@example.com'")
    assert "jane" in written(folder, tmp_path / "r.html").split('<svg class="map"')[1]
    text = written(folder, tmp_path / "r.html", "redact=email")
    assert "jane" not in text and "[EMAIL]" in text.split('<svg class="map"')[1].split("<h2>")[0]
