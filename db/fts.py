"""Full text search over the distinct texts: what is put into the FTS5 table `text_fts`, and what users may ask it.

The table is contentless: a body is needed again to be taken out, and `segment` gives the same body for the same text.
SQLite's `unicode61` splits words at what is no letter, digit or mark; `segment` prepares texts and queries alike so that
it also finds scripts without spaces, accents typed or left out, and names like `C++`.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from db.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

    from db.workspace import Workspace

TOKENIZER = "unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '+#.'"
"""The tokenizer of `text_fts`: letters, digits and marks make words, and so do the symbols that `segment` leaves."""

INDEXED_CHARACTERS = 20_000
"""What stands behind so many characters of a text is not in the full text index."""

_ACCENTS = re.compile("[\u0300-\u036f]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3100-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, kana, bopomofo, Han and Hangul: each character is a token, a word is a phrase of them."""
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
_EMOJI_WORD = re.compile("u[0-9a-f]{4,5}")
_SYMBOL = re.compile(
    r"(?P<kept>(?<=\w)\+\+(?!\+)|(?<=(?<!\w)[^\W\d_])#(?!\w)|(?<![\w.])\.(?=[^\W\d_]))|[+#.\0\ud800-\udfff]+"
)


def segment(text: str) -> str:
    """The body that stands in the index for `text`, and in a match expression for a word or phrase.

    Unicode compatibility forms, case and accents are folded; characters of scripts without spaces are spaced; an emoji
    becomes a word; `++` after a word, `#` after a single letter and `.` before a name become tokens of their own, so
    that `c++` is the phrase `c ++` and a search for `net` still finds `.net`. Reads `INDEXED_CHARACTERS` of the text.
    """
    text = text[:INDEXED_CHARACTERS]
    if text.isascii():
        text = text.lower()
    else:
        text = fold(text)
        text = _UNSPACED.sub(r" \g<0> ", text)
        text = _EMOJI.sub(lambda match: f" u{ord(match[0]):x} ", text)
    return _SYMBOL.sub(lambda match: f" {match['kept'] or ''} ", text)


def fold(text: str) -> str:
    """`text` in the form in which words are compared: NFKC, case folded, Latin, Greek and Cyrillic accents removed."""
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())))


def shown(token: str) -> str:
    """What a token stands for in a folded text: itself, or the emoji that became a word."""
    if _EMOJI_WORD.fullmatch(token) and _EMOJI.fullmatch(chr(int(token[1:], 16))):
        return chr(int(token[1:], 16))
    return token


def unspaced(character: str) -> bool:
    """Whether a character is a token by itself: of a script without spaces, an emoji or a symbol."""
    return bool(_UNSPACED.match(character) or _EMOJI.match(character)) or character in "+#."


def index_texts(connection: sqlite3.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Make texts findable: (id, content), in the caller's transaction, each id once."""
    connection.executemany(
        "INSERT INTO text_fts (rowid, body) VALUES (?, ?)", ((i, segment(content)) for i, content in texts)
    )


def unindex_texts(connection: sqlite3.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Take texts out of the index: (id, content) exactly as they were put in, in the caller's transaction."""
    connection.executemany(
        "INSERT INTO text_fts (text_fts, rowid, body) VALUES ('delete', ?, ?)",
        ((i, segment(content)) for i, content in texts),
    )


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a word or phrase, as the index has them; none where nothing of it can be looked for."""
    return tuple("".join(c if _in_token(c) else " " for c in _body(text)).split())


def phrase(text: str, prefix: bool = False) -> str | None:
    """An FTS5 expression for a word or an exact phrase, whatever it holds; `None` where it has no token.

    `prefix`: the last token stands for every word that begins with it. FTS5 splits the body by itself, because its Unicode
    is of another version than Python's.
    """
    return f'"{_body(text)}"{" *" if prefix else ""}' if tokens(text) else None


def near(phrases: Sequence[str], distance: int) -> str:
    """An FTS5 expression for phrases, as `phrase` gives them, with at most `distance` words between."""
    return f"NEAR({' '.join(phrases)}, {distance:d})" if len(phrases) > 1 else phrases[0]


def score_documents(
    documents: Sequence[tuple[int, Sequence[str]]], weights: Sequence[float], expression: str
) -> list[tuple[int, float]]:
    """The few documents that match an expression, with BM25 scores, higher is better.

    They are indexed for this one search, as `text_fts` would index them: a run's clusters change their names too often
    for an index of their own, and are few.

    Args:
        documents: Ids and fields.
        weights: What a match in each field counts.
        expression: Of `phrase` and `near`.
    """
    import sqlite3

    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        fields = [f"field{i}" for i in range(len(weights))]
        connection.execute(
            f"CREATE VIRTUAL TABLE document USING fts5({', '.join(fields)}, content='', tokenize=\"{TOKENIZER}\")"
        )
        connection.executemany(
            f"INSERT INTO document (rowid, {', '.join(fields)}) VALUES (?{', ?' * len(fields)})",
            ((i, *map(segment, texts)) for i, texts in documents),
        )
        return connection.execute(
            f"SELECT rowid, -bm25(document, {', '.join('?' * len(weights))}) FROM document WHERE document MATCH ?",
            (*weights, expression),
        ).fetchall()


def rebuild(workspace: Workspace) -> int:
    """Make the whole index again from the texts: the number of texts.

    Raises:
        StoreError: `store_read_only`, `store_locked` or `store_full`.
    """
    with workspace.transaction() as connection:
        connection.execute("INSERT INTO text_fts (text_fts) VALUES ('delete-all')")
        index_texts(connection, connection.execute("SELECT id, content FROM text ORDER BY id"))
        return int(connection.execute("SELECT count(*) FROM text_fts_docsize").fetchone()[0])


def check(workspace: Workspace) -> bool:
    """Whether the index holds exactly the texts of the store, and FTS5 finds it intact.

    FTS5's own check needs a store that can be written; without one only the texts are compared.

    Raises:
        StoreError: `store_locked`.
    """
    same = workspace.value(
        "SELECT NOT EXISTS (SELECT id FROM text EXCEPT SELECT id FROM text_fts_docsize)"
        " AND NOT EXISTS (SELECT id FROM text_fts_docsize EXCEPT SELECT id FROM text)"
    )
    if not same or not workspace.writable:
        return bool(same)
    try:
        with workspace.transaction() as connection:
            connection.execute("INSERT INTO text_fts (text_fts) VALUES ('integrity-check')")
    except StoreError as error:
        if error.code != "store_damaged":
            raise
        return False
    return True


def _in_token(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNM" or category == "Co" or character in "+#."


def _body(text: str) -> str:
    return segment(text).replace('"', " ")
