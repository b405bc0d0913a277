"""Code in colours: the tokens of pygments as spans. Only well-kept languages, only what is read in an instant, else plain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from screens.widgets.spans import Span

LANGUAGES = frozenset(
    (
        "bash", "c", "c#", "c++", "cpp", "cs", "csharp", "css", "diff", "docker", "dockerfile", "go",
        "golang", "haskell", "html", "ini", "java", "javascript", "js", "json", "jsx", "kotlin", "lua",
        "makefile", "matlab", "perl", "php", "powershell", "py", "python", "python3", "r", "ruby",
        "rust", "scala", "sh", "shell", "sql", "swift", "toml", "ts", "tsx", "typescript", "xml",
        "yaml", "yml", "zsh", "console",
    )
)  # fmt: skip
"""Names of languages that are highlighted. Patterns of the many others may take for ever on a text made for it."""

MOST_CHARACTERS = 20_000
MOST_IN_A_LINE = 1_000
"""More is shown plain: what is hostile is long."""

_LOOKS = (
    ("Token.Comment", "comment"),
    ("Token.Keyword", "keyword"),
    ("Token.Operator.Word", "keyword"),
    ("Token.Name.Tag", "keyword"),
    ("Token.Literal", "literal"),
    ("Token.Generic.Inserted", "good"),
    ("Token.Generic.Deleted", "bad"),
    ("Token.Generic.Heading", "strong"),
    ("Token.Name.Function", "strong"),
    ("Token.Name.Class", "strong"),
)
"""By the beginning of a token's name: its look."""


class Lexer(Protocol):
    """What is wanted of a lexer of pygments."""

    def get_tokens(self, text: str) -> Iterator[tuple[object, str]]:
        """Kinds and texts, in order."""
        ...


def highlighted(lines: Sequence[str], language: str) -> Iterator[tuple[Span, ...]]:
    """The lines of a block of code as spans; the text of each stays as it is."""
    size = sum(len(line) + 1 for line in lines)
    plain = size > MOST_CHARACTERS or any(len(line) > MOST_IN_A_LINE for line in lines)
    lexer = None if plain else _lexer(language)
    if lexer is None:
        for line in lines:
            yield ((line, "text"),)
        return
    spans: list[Span] = []
    shown = 0
    for kind, value in lexer.get_tokens("\n".join(lines)):
        look = _look(str(kind))
        for n, part in enumerate(value.split("\n")):
            if n and shown < len(lines):
                yield tuple(spans)
                spans = []
                shown += 1
            if part:
                spans.append((part, look))
    if shown < len(lines):
        yield tuple(spans)


def _look(kind: str) -> str:
    return next((look for name, look in _LOOKS if kind.startswith(name)), "text")


def _lexer(language: str) -> Lexer | None:
    if language not in LANGUAGES:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    found: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    return found


def prepare(languages: Iterable[str]) -> None:
    """Import pygments and the languages, before a block of code needs them: a lexer may take half a second to make."""
    for language in ("json", *languages):
        _lexer(language)
