"""What a well-behaved model answers to the questions of a tree, as far as words tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.messages_server import Seen


def said_words(text: str) -> list[str]:
    """The words of a name's title by which the answers about trees compare, each once."""
    title = text.split(". ")[0]
    return list(dict.fromkeys(word for word in re.findall(r"\w+", title.lower()) if len(word) > 2))


def proposed(seen: Seen) -> dict[str, Any]:
    """As many themes as are wanted, each by the words of every so many-th group."""
    groups = seen.block("groups")
    found = re.search(r"about (\d+) themes", seen.user)
    wanted = int(found[1]) if found else 1
    picked = [groups[at * len(groups) // wanted] for at in range(min(wanted, len(groups)))]
    return {
        "themes": [
            {"title": f"On {' '.join(said_words(group['text'])[:3])}", "description": group["text"][:80]}
            for group in picked
        ]
    }


def merged(seen: Seen) -> dict[str, Any]:
    """Themes whose titles have the same second word are one."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for theme in seen.block("themes"):
        groups.setdefault("".join(said_words(theme["text"])[1:2]), []).append(theme)
    return {
        "groups": [
            {
                "numbers": [theme["n"] for theme in same],
                "title": same[0]["text"].split(".")[0],
                "description": "",
            }
            for same in groups.values()
        ]
    }


def assigned(seen: Seen) -> dict[str, Any]:
    """The theme that shares the rarest words with the group; none where it shares none."""
    own = said_words(seen.block("group")[0]["text"])
    themes = {theme["n"]: set(said_words(theme["text"])) for theme in seen.block("themes")}
    rare = {word: 1 / max(1, sum(word in words for words in themes.values())) for word in own}
    shared = {n: sum(rare[word] for word in own if word in words) for n, words in themes.items()}
    best = max(shared, key=lambda n: (shared[n], sorted(themes[n])))
    return {"reason": f"It shares {shared[best]:.2f}.", "theme": best if shared[best] else 0}


def renamed(seen: Seen) -> dict[str, Any]:
    """A theme by its first group."""
    first = seen.block("groups")[0]["text"]
    title = " ".join(said_words(first)[:3])
    return {
        "description": f"Users asked about {title}. They asked in several ways.",
        "title": f"All on {title}",
    }


TREE_ANSWERS: dict[str, Callable[[Seen], dict[str, Any]]] = {
    "ProposeThemes": proposed,
    "MergeThemes": merged,
    "AssignTheme": assigned,
    "NameTheme": renamed,
}
