"""Reading sources: formats, compression, encodings, broken rows, the hub, and each error by its code."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ActionError
from core.load import Conversation, Reject, Turn, fingerprint, open_source
from core.load import files as load_files

ROOT = Path(__file__).resolve().parents[1]
HARD = "a\u2028b\u2029c\u0085d\x0be\x0cf\rg\th\x00i\x1bj \U0001f600 \u202e"


def read(path: Path | str, **options: Any) -> tuple[list[Conversation], list[Reject]]:
    results = list(open_source(path, **options))
    good = [item for item in results if isinstance(item, Conversation)]
    return good, [item for item in results if isinstance(item, Reject)]


def texts(path: Path | str, **options: Any) -> list[str]:
    return [item.first_query for item in read(path, **options)[0]]


def error_of(path: Path | str, **options: Any) -> ActionError:
    with pytest.raises(ActionError) as caught:
        read(path, **options)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


def until_error(path: Path) -> tuple[list[Conversation | Reject], str]:
    """What a source yields before it raises, and the code of the error (empty where none comes)."""
    seen: list[Conversation | Reject] = []
    try:
        for item in open_source(path):
            seen.append(item)
    except ActionError as error:
        return seen, error.code
    return seen, ""


def jsonl(rows: Sequence[object]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


ROWS = [{"id": f"r{n}", "text": f"question {n}: {HARD}"} for n in range(300)]


# Formats and compression


def as_gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def as_zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def packed(path: Path, data: bytes) -> bytes:
    """The data, compressed as the ending of `path` says."""
    if path.suffix == ".gz":
        return as_gz(data)
    return as_zst(data) if path.suffix == ".zst" else data


def as_frames(data: bytes) -> bytes:
    half = len(data) // 2
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    return zstandard.compress(data[:half]) + skippable + zstandard.compress(data[half:])


def as_members(data: bytes) -> bytes:
    return gzip.compress(data[:1000], mtime=0) + gzip.compress(data[1000:], mtime=0)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.ndjson", bytes),
        ("a.JSONL", bytes),
        ("a.jsonl.gz", as_gz),
        ("a.jsonl.gz", as_members),
        ("a.jsonl.zst", as_zst),
        ("a.jsonl.zst", as_frames),
        ("a.jsonl", as_gz),
    ],
)
def test_json_lines_plain_and_compressed(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / name
    path.write_bytes(pack(jsonl(ROWS)))
    good, rejects = read(path)
    assert not rejects
    assert [(item.external_id, item.first_query) for item in good] == [(r["id"], r["text"]) for r in ROWS]


def test_raw_line_breaks_of_other_kinds_are_content(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = "one\u2028two\u0085three\x0bfour\rfive\x1dsix"
    path.write_bytes(f'{{"text": "{text}"}}\r\n{{"text": "second"}}\r\n\r\n{{"text": "third"}}'.encode())
    good, rejects = read(path)
    assert not rejects
    assert [item.first_query for item in good] == [text, "second", "third"]
    assert [item.line for item in good] == [1, 2, 4]


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    lines, table = tmp_path / "a.jsonl", tmp_path / "a.csv"
    lines.write_bytes(codecs.BOM_UTF8 + jsonl([{"text": "one"}, {"text": "two"}]))
    table.write_bytes(codecs.BOM_UTF8 + b"text,id\none,1\n")
    assert texts(lines) == ["one", "two"]
    assert texts(table) == ["one"]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz"])
def test_a_json_list_in_any_layout(tmp_path: Path, name: str, indent: int | None) -> None:
    path = tmp_path / name
    data = json.dumps(ROWS, indent=indent, ensure_ascii=False).encode()
    path.write_bytes(as_gz(data) if name.endswith(".gz") else data)
    assert open_source(path).info.shape == "first-turn"
    assert texts(path) == [row["text"] for row in ROWS]


def test_json_lists_longer_than_a_chunk_are_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = [{"text": f"{n} " + '\U0001f600é}]{[\\"' * (40_000 if n == 7 else 300)} for n in range(1_500)]
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    assert texts(path) == [row["text"] for row in rows]


def test_objects_one_after_another_over_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        "\n".join(json.dumps({"text": f"q{n}", "n": [n]}, indent=1) for n in range(5)), encoding="utf-8"
    )
    assert texts(path) == [f"q{n}" for n in range(5)]


def test_one_broken_row_of_a_json_list_is_a_reject(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"text": "one"}, {"text": nope}, 7, "x", {"text": "four"}]', encoding="utf-8")
    good, rejects = read(path)
    assert [item.first_query for item in good] == ["one", "four"]
    assert [(item.line, item.raw) for item in rejects] == [(2, '{"text": nope}'), (3, "7"), (4, '"x"')]


def test_a_json_list_that_is_cut_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    whole = json.dumps(ROWS)
    for cut in (len(whole) - 1, len(whole) - 40, len(whole) // 2):
        path.write_text(whole[:cut], encoding="utf-8")
        assert error_of(path).code == "truncated_file"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_each_delimiter(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / ("a.tsv" if delimiter == "\t" else "a.csv")
    cells = ['He said "hi", twice; ok', "two\nlines | and\ta tab", "with \x00 NUL", "a\rb", "é" * 200_000]
    body = [
        f'{n}{delimiter}"{cell.replace(chr(34), chr(34) * 2)}"{delimiter}en' for n, cell in enumerate(cells)
    ]
    path.write_bytes(("\r\n".join([delimiter.join(["id", "text", "language"]), *body]) + "\r\n").encode())
    good, rejects = read(path)
    assert not rejects
    assert [item.first_query for item in good] == cells
    assert [item.external_id for item in good] == ["0", "1", "2", "3", "4"]
    assert {item.language for item in good} == {"en"}
    assert [item.line for item in good] == [2, 3, 5, 6, 7]


def test_csv_of_one_column_of_a_data_frame_with_an_index(tmp_path: Path) -> None:
    one, indexed = tmp_path / "one.csv", tmp_path / "indexed.csv"
    one.write_text('text\n"hello, you"\nplain\n', encoding="utf-8")
    indexed.write_text(",text,text\n0,hello,x\n1,,y\n", encoding="utf-8")
    assert texts(one) == ["hello, you", "plain"]
    good, rejects = read(indexed)
    assert [(item.first_query, item.metadata) for item in good] == [
        ("hello", {"column_1": "0", "text_2": "x"})
    ]
    assert [(item.line, item.reason) for item in rejects] == [(3, "empty text")]


def test_csv_records_of_another_width_are_rejects(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,one\n2\n3,three,more\n\n4,four\n", encoding="utf-8")
    good, rejects = read(path)
    assert [item.first_query for item in good] == ["one", "four"]
    assert [(item.line, item.reason) for item in rejects] == [
        (3, "1 fields where the header has 2"),
        (4, "3 fields where the header has 2"),
    ]


def test_lines_that_end_in_a_carriage_return_alone_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mac.csv"
    path.write_bytes(b"id,prompt\r1,hi\r")
    with pytest.raises(ActionError, match="carriage return") as caught:
        open_source(path)
    assert caught.value.code == "bad_header"
    assert "tr '" in caught.value.hint


def test_a_quote_that_is_never_closed_does_not_become_a_query(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,one\n2,"two\n3,three\n4,four\n', encoding="utf-8")
    good, rejects = read(path)
    assert [item.first_query for item in good] == ["one"]
    assert [(item.line, item.reason) for item in rejects] == [
        (3, "a quote opens and is never closed, up to line 5")
    ]


def test_whole_conversations_in_the_cells_of_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    turns = json.dumps([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])
    quoted = turns.replace('"', '""')
    path.write_text(f'conversation_id,log\nc1,"{quoted}"\n', encoding="utf-8")
    (item,), _ = read(path, mapping={"text": "log"})
    assert item.turns == (Turn("user", "hi"), Turn("assistant", "hello"))
    path.write_text(f'conversation_id,conversation\nc1,"{quoted}"\n', encoding="utf-8")
    source = open_source(path)
    assert source.info.shape == "lmsys"
    assert [len(item.turns) for item in source if isinstance(item, Conversation)] == [2]


def test_parquet_with_many_batches_and_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    ids = [f"p{n}" for n in range(5_000)]
    pq.write_table(pa.table({"id": ids, "text": [f"q {HARD} {n}" for n in ids]}), path, row_group_size=700)
    source = open_source(path)
    good = [item for item in source if isinstance(item, Conversation)]
    assert [item.external_id for item in good] == ids
    assert (source.meter.done, source.meter.total, source.meter.unit) == (5_000, 5_000, "rows")


def test_parquet_values_that_python_cannot_hold_reject_their_row(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    raw = pa.array([b"one", b"\xff\xfe bad", b"three"], pa.binary())
    bad = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    pq.write_table(pa.table({"text": bad}), path)
    good, rejects = read(path)
    assert [item.first_query for item in good] == ["one", "three"]
    assert [(item.line, item.reason.split(":")[0]) for item in rejects] == [(2, "unreadable value")]


# Broken rows


def test_broken_rows_are_kept_aside_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    deep = b"[" * 100_000 + b"]" * 100_000
    lines = [
        b'{"text": "good"}',
        b'{"text": "cut off',
        b"[1, 2]",
        b'"just a string"',
        b"{}",
        b'{"text": "bad \xff byte"}',
        b'{"text": "   "}',
        b'{"text": null}',
        b'{"text": 7}',
        b'{"other": "column"}',
        b'{"text": "n", "n": ' + b"9" * 5_000 + b"}",
        b'{"text": ' + deep + b"}",
        b"",
        b'{"text": "last"}',
    ]
    path.write_bytes(b"\n".join(lines))
    good, rejects = read(path)
    assert [(item.line, item.first_query) for item in good] == [(1, "good"), (14, "last")]
    assert [item.line for item in rejects] == list(range(2, 13))
    reasons = [item.reason.split(":")[0] for item in rejects]
    assert reasons == [
        "invalid JSON", "not an object", "not an object", "an empty object", "not UTF-8", "empty text", "empty text",
        "wrong type", "no column 'text'", "invalid JSON", "invalid JSON",
    ]  # fmt: skip
    assert rejects[0].raw == '{"text": "cut off'
    assert max(len(item.raw) for item in rejects) == 2_000


def test_a_broken_first_line_does_not_change_what_the_file_is(tmp_path: Path) -> None:
    for first in (b'{"text": "cut', b"[1, 2]", b"nonsense", b'{"text": "x"}}', b'{"a" 1}', b"[broken"):
        path = tmp_path / "a.jsonl"
        path.write_bytes(first + b'\n{"text": "one"}\n{"text": "two"}\n')
        good, rejects = read(path)
        assert [item.first_query for item in good] == ["one", "two"], first
        assert [item.line for item in rejects] == [1], first


def test_lone_surrogates_are_replaced_and_pairs_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    row = b'{"text": "a \\ud800 b \\ud83d\\ude00 c", "m\\udc00": {"k": ["\\udfff"]}, "id": "\\ud900"}\n'
    path.write_bytes(row)
    (item,), _ = read(path)
    assert item.first_query == "a \ufffd b \U0001f600 c"
    assert item.metadata == {"m\ufffd": {"k": ["\ufffd"]}}
    assert item.external_id == "\ufffd"


def test_numbers_that_json_forbids_become_null_in_metadata(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b'{"text": "x", "a": NaN, "b": [1e999, -Infinity, 1.5], "big": 123456789012345678901234567890}\n'
    )
    (item,), _ = read(path)
    assert item.metadata == {"b": [None, None, 1.5], "big": 123456789012345678901234567890}
    json.dumps(item.metadata, allow_nan=False)


def test_an_over_long_line_is_a_reject_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_files, "LINE_LIMIT", 3_000_000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "a"}\n{"text": "' + b"x" * 5_000_000 + b'"}\n{"text": "b"}\n')
    good, rejects = read(path)
    assert [(item.line, item.first_query) for item in good] == [(1, "a"), (3, "b")]
    assert [(item.line, item.reason, len(item.raw)) for item in rejects] == [
        (2, "the line is longer than 64 MB", 2_000)
    ]
    table = tmp_path / "a.csv"
    table.write_bytes(b"text\na\n" + b"x" * 5_000_000 + b"\nb\n")
    good, rejects = read(table)
    assert [item.first_query for item in good] == ["a", "b"]
    assert [item.line for item in rejects] == [3]


# Errors


def test_missing_files_say_what_is_near(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text("{}", encoding="utf-8")
    error = error_of(tmp_path / "chat.jsonl")
    assert error.code == "file_missing"
    assert error.did_you_mean == (str(tmp_path / "chats.jsonl"),)
    assert error_of(tmp_path / "no" / "where.jsonl").code == "file_missing"
    assert error_of("https://example.org/chats.jsonl").code == "file_missing"
    assert error_of("a\x00b.jsonl").code == "file_missing"
    assert error_of("x" * 5_000).code == "file_missing"


def test_a_folder_lists_what_it_holds(tmp_path: Path) -> None:
    assert error_of(tmp_path).code == "is_directory"
    (tmp_path / "chats.jsonl.gz").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    error = error_of(tmp_path)
    assert error.code == "is_directory"
    assert "chats.jsonl.gz" in error.hint
    assert "notes.txt" not in error.hint


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", b""),
        ("a.csv", b""),
        ("a.parquet", b""),
        ("a.jsonl", b"\n\n  \n"),
        ("a.jsonl", codecs.BOM_UTF8),
        ("a.jsonl.gz", gzip.compress(b"", mtime=0)),
        ("a.jsonl.zst", zstandard.compress(b"")),
        ("a.json", b"[]"),
        ("a.json", b"[ ]\n"),
        ("a.csv", b"id,text\n"),
    ],
)
def test_empty_files(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert error_of(tmp_path / name).code == "empty_file"


def test_an_empty_parquet_table(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
    assert error_of(path).code == "empty_file"


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", as_gz), (".zst", as_zst)])
def test_cut_compressed_files_give_their_rows_and_then_an_error(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    rows = [{"id": str(n), "text": os.urandom(200).hex()} for n in range(5_000)]
    whole = pack(jsonl(rows))
    for cut in (len(whole) - 3, len(whole) // 2):
        path.write_bytes(whole[:cut])
        seen, code = until_error(path)
        assert code == "truncated_file"
        assert len(seen) > 1_000
        assert all(isinstance(item, Conversation) for item in seen)
    path.write_bytes(whole[:12])
    assert error_of(path).code == "truncated_file"


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", as_gz), (".zst", as_zst)])
def test_damaged_compressed_files(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / f"a.jsonl{suffix}"
    data = bytearray(pack(jsonl([{"text": os.urandom(300).hex()} for _ in range(3_000)])))
    middle = len(data) // 2
    data[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(data)
    assert error_of(path).code == "damaged_file"


def test_cut_and_damaged_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [os.urandom(50).hex() for _ in range(2_000)]}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert error_of(path).code == "damaged_file"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.jsonl.gz", b'{"text": "plain"}\n', "wrong_format"),
        ("a.jsonl.zst", gzip.compress(b'{"text": "x"}', mtime=0), "wrong_format"),
        ("a.parquet", b'{"text": "plain"}\n', "wrong_format"),
        ("a.xlsx", b"PK\x03\x04" + b"\x00" * 100, "unknown_format"),
        ("a.txt", b"hello\n", "unknown_format"),
        ("chats", b'{"text": "x"}\n', "unknown_format"),
        ("a.parquet.gz", gzip.compress(b"PAR1", mtime=0), "unknown_format"),
    ],
)
def test_files_that_are_not_what_they_are_called(tmp_path: Path, name: str, data: bytes, code: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert error_of(tmp_path / name).code == code


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_other_encodings_are_refused(tmp_path: Path, name: str, encoding: str) -> None:
    rows = [{"text": f"Où est la bibliothèque, café {n}?"} for n in range(50)]
    plain = {
        "a.jsonl": jsonl(rows).decode(),
        "a.csv": "text\n" + "\n".join(str(row["text"]) for row in rows),
        "a.json": json.dumps(rows, ensure_ascii=False),
    }[name]
    (tmp_path / name).write_bytes(plain.encode(encoding))
    error = error_of(tmp_path / name)
    assert error.code == "bad_encoding"
    assert "iconv" in error.hint


def test_binary_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) * 200)
    assert error_of(path).code == "bad_encoding"


def test_one_bad_line_of_many_is_only_a_reject(tmp_path: Path) -> None:
    path, table = tmp_path / "a.jsonl", tmp_path / "a.csv"
    path.write_bytes(jsonl(ROWS[:20]) + b'{"text": "\xe9"}\n' + jsonl(ROWS[20:]))
    good, rejects = read(path)
    assert (len(good), [(item.line, item.reason) for item in rejects]) == (300, [(21, "not UTF-8")])
    table.write_bytes(b"text\n" + b"plain\n" * 20 + b"caf\xe9\n" + "café\n".encode())
    good, rejects = read(table)
    assert (len(good), [(item.line, item.reason) for item in rejects]) == (21, [(22, "not UTF-8")])


def test_a_file_without_one_good_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'nonsense\n{"broken": \n[1]\n')
    error = error_of(path)
    assert error.code == "no_rows"
    assert "first in row 1" in error.message
    path.write_bytes(jsonl([{"text": " "}] * 500))
    seen, code = until_error(path)
    assert (len(seen), code) == (500, "no_rows")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl(ROWS[:2]))
    path.chmod(0)
    tmp_path.chmod(0o755)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from core.load import open_source\nfrom core.errors import ActionError\n"
        "os.setgid(65534); os.setuid(65534); os.chdir('/')\n"
        "try:\n    open_source(sys.argv[1])\nexcept ActionError as error:\n    print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "file_unreadable", done.stderr


def test_limit_counts_conversations_and_stops_before_what_lies_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"nonsense\n" + jsonl(ROWS))
    good, rejects = read(path, limit=250)
    assert (len(good), len(rejects)) == (250, 1)
    assert error_of(path, limit=0).code == "bad_limit"


def test_a_source_can_be_read_twice_with_equal_results(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl([{"text": f"same {n % 3}"} for n in range(400)]))
    source = open_source(path)
    first, second = list(source), list(source)
    assert first == second == list(open_source(path))
    assert len({item.external_id for item in first if isinstance(item, Conversation)}) == 400
    assert source.meter.done == source.meter.total == path.stat().st_size


def test_fingerprints_follow_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_bytes(jsonl(ROWS))
    two.write_bytes(jsonl(ROWS))
    assert fingerprint(one) == fingerprint(two) == open_source(one).fingerprint()
    two.write_bytes(jsonl(ROWS[:-1]))
    assert fingerprint(one) != fingerprint(two)


def test_the_sample_is_read_from_the_folder_of_the_package_data(tmp_path: Path) -> None:
    (tmp_path / "sample.jsonl").write_bytes(jsonl(ROWS[:3]))
    source = open_source("sample", data_dir=tmp_path)
    assert source.info.source == "sample"
    assert len(list(source)) == 3
    assert error_of("sample", data_dir=tmp_path / "none").code == "file_missing"


# Anything that was written comes back

any_text = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from('\u2028\u2029\u0085\x0b\x0c\r\n\x00\x1c\x1e\ufeff"'),
    max_size=60,
)
turns = st.lists(
    st.builds(Turn, st.sampled_from(["user", "assistant", "system", "tool"]), any_text), max_size=5
)
conversations = st.lists(
    st.tuples(st.builds(Turn, st.just("user"), any_text.filter(str.strip)), turns).map(
        lambda pair: (pair[0], *pair[1])
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    conversations,
    st.booleans(),
    st.sampled_from(["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.json", "a.parquet"]),
)
def test_written_conversations_come_back(
    tmp_path: Path, written: list[tuple[Turn, ...]], escaped: bool, name: str
) -> None:
    path = tmp_path / name
    rows = [
        {"conversation_id": f"c{n}", "conversation": [{"role": t.role, "content": t.content} for t in turns]}
        for n, turns in enumerate(written)
    ]
    lines = "".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows).encode()
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name == "a.json":
        path.write_bytes(json.dumps(rows, ensure_ascii=escaped, indent=1 if escaped else None).encode())
    else:
        path.write_bytes(packed(path, lines))
    good, rejects = read(path)
    assert not rejects
    assert [item.turns for item in good] == written
    assert [item.external_id for item in good] == [f"c{n}" for n in range(len(written))]


pieces = st.sampled_from(
    [b'{"text": "a"}', b"\n", b"\r", b"[", b"]", b",", b'"', b"\\", b"\xff", b"\x00", b"{", b"}", b"text", b"id", b":", b"7",
     b"\xc3", b"\xef\xbb\xbf", b'{"text": "b", "id": ', b"\t", b" ", b"null", b'\\ud800', b"\x1f\x8b", b"PAR1"]
)  # fmt: skip
broken = st.lists(pieces, max_size=40).map(b"".join) | st.binary(max_size=200)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(broken, st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.tsv", "a.jsonl.gz", "a.jsonl.zst"]))
def test_any_bytes_end_in_rows_or_an_error_with_a_code(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(packed(path, data))
    seen, code = until_error(path)
    assert (
        bool(code) == (not any(isinstance(item, Conversation) for item in seen)) or code == "truncated_file"
    )
    for item in seen:
        repr(item).encode()


# The hub


def test_a_folder_is_streamed_through_datasets(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "train.jsonl").write_bytes(jsonl(ROWS))
    (folder / "test.jsonl").write_bytes(jsonl(ROWS[:7]))
    source = open_source(f"hf:{folder}")
    assert (source.info.format, source.info.shape) == ("hub", "first-turn")
    good = [item for item in source if isinstance(item, Conversation)]
    assert [item.first_query for item in good] == [row["text"] for row in ROWS]
    assert len(read(f"hf:{folder}:test")[0]) == 7
    assert len(read(f"hf:{folder}", limit=5)[0]) == 5
    error = error_of(f"hf:{folder}:dev")
    assert error.code == "unknown_split"
    assert "train, test" in error.hint
    before = fingerprint(f"hf:{folder}")
    assert before != fingerprint(f"hf:{folder}:test")
    (folder / "train.jsonl").write_bytes(jsonl(ROWS[1:]))
    assert before != fingerprint(f"hf:{folder}")


def test_a_folder_that_datasets_saved_is_read(tmp_path: Path) -> None:
    import datasets

    rows = datasets.Dataset.from_list([{"id": "1", "text": "one"}, {"id": "2", "text": "two"}])
    rows.save_to_disk(str(tmp_path / "alone"))
    datasets.DatasetDict({"train": rows, "test": rows.select([1])}).save_to_disk(str(tmp_path / "both"))
    assert error_of(tmp_path / "alone").hint == f"Load all of it by hf:{tmp_path / 'alone'}."
    for name, texts in (("alone", ["one", "two"]), ("both", ["one", "two"]), ("both:test", ["two"])):
        assert [item.first_query for item in read(f"hf:{tmp_path / name}")[0]] == texts
    assert error_of(f"hf:{tmp_path / 'alone'}:test").code == "unknown_split"


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.tsv", "a.jsonl"])
def test_a_file_is_streamed_through_datasets(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(pa.table({"text": ["one", "two"], "id": [1, 2]}), path)
    elif name == "a.jsonl":
        path.write_bytes(jsonl([{"text": "one", "id": 1}, {"text": "two", "id": 2}]))
    else:
        sep = "\t" if name == "a.tsv" else ","
        path.write_text(f"text{sep}id\none{sep}1\ntwo{sep}2\n", encoding="utf-8")
    good, _ = read(f"hf:{path}")
    assert [(item.external_id, item.first_query) for item in good] == [("1", "one"), ("2", "two")]


def test_names_that_are_no_dataset(tmp_path: Path) -> None:
    assert error_of("hf:").code == "bad_source"
    assert error_of("hf:what is this").code == "bad_source"
    assert error_of(f"hf:{tmp_path}/missing").code == "file_missing"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert error_of(f"hf:{empty}").code == "hub_unsupported"
    (empty / "a.jsonl").write_text('{"text": "x"}\n{"text": \n', encoding="utf-8")
    assert error_of(f"hf:{empty}").code == "hub_unsupported"


SHA = "1" * 40
CHATS = jsonl(
    [{"conversation_id": f"c{n}", "conversation": [{"role": "user", "content": f"q{n}"}]} for n in range(500)]
)
REFUSALS = {
    "/api/datasets/org/gated/auth-check": (401, "GatedRepo"),
    "/api/datasets/org/absent": (404, "RepoNotFound"),
    "/api/datasets/org/secret": (401, "RepoNotFound"),
    "/api/datasets/org/broken": (503, ""),
}
"""Status and error code with which the hub answers for datasets that are gated, absent, private, and for its failures."""


class Hub(BaseHTTPRequestHandler):
    """Speaks as the hub does: one dataset that can be read, one that is gated, others that cannot be had."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path in REFUSALS:
            status, code = REFUSALS[path]
            self._answer(status, b"{}", {"X-Error-Code": code})
        elif path.startswith("/api/datasets/org/chats/tree/"):
            entry = {"type": "file", "path": "train.jsonl", "oid": "1" * 40, "size": len(CHATS)}
            self._answer(200, json.dumps([entry]).encode())
        elif path.startswith(("/api/datasets/org/chats", "/api/datasets/org/gated")):
            name = path.removeprefix("/api/datasets/").split("/revision/")[0]
            gated = "auto" if name == "org/gated" else False
            siblings = [{"rfilename": "train.jsonl"}]
            about = {
                "id": name,
                "sha": SHA,
                "gated": gated,
                "private": False,
                "tags": [],
                "siblings": siblings,
            }
            self._answer(200, json.dumps(about).encode())
        elif path == f"/datasets/org/chats/resolve/{SHA}/train.jsonl":
            first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            piece = CHATS[int(first) : int(last or len(CHATS)) + 1]
            span = f"bytes {first}-{int(first) + len(piece) - 1}/{len(CHATS)}"
            self._answer(
                206 if "Range" in self.headers else 200,
                piece,
                {"Content-Range": span, "Accept-Ranges": "bytes"},
            )
        else:
            self._answer(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def _answer(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"X-Repo-Commit": SHA, "ETag": f'"{SHA}"', **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to the terminal."""


@pytest.fixture
def hub() -> Iterator[str]:
    """The address of a hub on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask_hub(endpoint: str, names: Sequence[str], tmp_path: Path, limit: int | None = None) -> list[str]:
    """What loading from a hub gives: an error's code, or shape, rows and last query; in a process of its own, for the
    address is read at import.
    """
    code = (
        "import sys\nfrom core.load import open_source\nfrom core.errors import ActionError\n"
        "for name in sys.argv[2:]:\n"
        "    try:\n        source = open_source(name, limit=int(sys.argv[1]) or None)\n"
        "        rows = list(source)\n"
        "        print(source.info.shape, len(rows), rows[-1].first_query)\n"
        "    except ActionError as error:\n        print(error.code)\n"
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("HF_")
    }
    environment |= {"HF_ENDPOINT": endpoint, "PYTHONPATH": str(ROOT), "HF_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", code, str(limit or 0), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_a_dataset_of_a_hub_is_streamed(hub: str, tmp_path: Path) -> None:
    assert ask_hub(hub, ["hf:org/chats", "hf:org/chats:train"], tmp_path) == ["lmsys 500 q499"] * 2
    assert ask_hub(hub, ["hf:org/chats", "hf:org/chats:dev"], tmp_path, 300) == [
        "lmsys 300 q299",
        "unknown_split",
    ]


def test_the_hub_says_no_in_different_ways(hub: str, tmp_path: Path) -> None:
    names = ["hf:org/gated", "hf:org/absent", "hf:org/secret", "hf:org/broken"]
    assert ask_hub(hub, names, tmp_path) == ["hub_gated", "hub_not_found", "hub_not_found", "hub_unreachable"]


def test_a_hub_that_is_not_there_is_told_within_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    codes = ask_hub("http://127.0.0.1:9", ["hf:org/name", "hf:org/name:train"], tmp_path)
    assert codes == ["hub_unreachable"] * 2
    assert time.monotonic() - began < 30  # the client alone asks for 23 s each time


def test_importing_the_reader_brings_no_heavy_library() -> None:
    heavy = ("pyarrow", "datasets", "numpy", "pandas", "zstandard", "httpx", "huggingface_hub")
    code = f"import sys, core.load\nprint([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
