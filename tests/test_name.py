"""Naming without a language model: what the titles, phrases and descriptions of clusters must be like."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.control import Control
from core.errors import Cancelled
from core.name.corpus import read
from core.name.describe import Counts, describe
from core.name.naming import ClusterName, name_clusters, sample
from core.name.phrases import Phrase, count
from core.name.stopwords import word_lists
from core.name.terms import cluster_terms
from core.name.theme import TreeNode, name_tree
from core.name.tokens import crop, tokenise
from core.name.unique import title_key, unique_titles
from core.name.wording import LIMIT, alike, fit, sentence, spoken, stem
from core.text import visible
from tests.shared_data import shared_data

GROUPS = {
    "weather": [
        "what's the weather like today",
        "weather forecast for tomorrow",
        "Weather forecast for Paris please",
        "will it rain, show me the weather forecast",
        "can you give me the weather forecast",
        "weather forecast in rome this weekend",
    ],
    "sort": [
        "How do I sort a list in Python?",
        "sort a list of tuples in python",
        "Python: sort a list in reverse",
        "I need to sort a list of dicts with Python",
        "sort a list by the second element in python",
    ],
    "poem": [
        "Write a poem about the sea",
        "write a poem about autumn leaves",
        "please write a poem for my mother",
        "write a poem about rain",
        "Can you write a poem about my cat?",
    ],
    "explain": [
        "explain quantum entanglement",
        "Explain quantum computing to a child",
        "explain quantum computing with an example",
        "quantum computing, explain it simply",
    ],
    "sql": [
        "Fix this sql query",
        "Why is my SQL query slow?",
        "SQL query that joins two tables",
        "how to write a SQL query for the top ten rows",
    ],
}


def named(
    groups: Sequence[Sequence[str]],
    *,
    neighbours: list[list[int]] | None = None,
    coherence: Sequence[float] | None = None,
    mixtures: dict[int, tuple[Sequence[int], Sequence[int]]] | None = None,
    weights: Sequence[float] | None = None,
) -> tuple[ClusterName, ...]:
    """Names for groups of texts; the first five texts of a group are its most central ones."""
    texts = [text for group in groups for text in group]
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    first = np.cumsum([0, *(len(group) for group in groups)])
    return name_clusters(
        texts,
        np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=float),
        labels,
        np.asarray(neighbours, dtype=np.int64)
        if neighbours
        else np.asarray([[j for j in range(len(groups)) if j != i] for i in range(len(groups))]).reshape(
            len(groups), -1
        ),
        np.full(len(groups), 0.5) if coherence is None else np.asarray(coherence),
        [list(range(first[i], min(first[i] + 5, first[i + 1]))) for i in range(len(groups))],
        mixtures=mixtures,
    )


def title(*groups: Sequence[str]) -> str:
    """The first group's title."""
    return named(groups)[0].title


def test_titles_are_phrases_a_person_would_write() -> None:
    titles = dict(zip(GROUPS, [n.title for n in named(list(GROUPS.values()))], strict=True))
    assert titles == {
        "weather": "Weather forecast",
        "sort": "Sort a list",
        "poem": "Write a poem",
        "explain": "Explain quantum computing",
        "sql": "SQL query",
    }


def test_names_do_not_depend_on_what_ran_before() -> None:
    once = named(list(GROUPS.values()))
    named([["entirely different words", "different words entirely"]])
    assert named(list(GROUPS.values())) == once


def test_an_intent_verb_tells_clusters_apart() -> None:
    write = [f"write a poem about {x}" for x in ("rain", "snow", "wind", "fog", "hail")]
    explain = [f"explain the poem about {x}" for x in ("rain", "snow", "wind", "fog", "hail")]
    first, second = named([write, explain])
    assert first.title.startswith("Write a poem")
    assert second.title.startswith("Explain the poem")


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["linked list in C++", "C++ linked list", "a linked list for c++", "linked list with C++"], "C++"),
        (["deploy my .NET app", "how to deploy a .net app", "deploy .NET app on Linux"], ".NET"),
        (["node.js server crash", "my node.js server", "restart the node.js server"], "Node.js"),
        (["pagar con iPhone", "mi iPhone no carga", "el iPhone no enciende"], "iPhone"),
        (["learn french fast", "french lessons", "how can i learn french"], "French"),
        (["SORT IT IN JAVASCRIPT", "javascript sort", "sort with javascript"], "JavaScript"),
        (["hotels in new york", "best hotels new york", "cheap hotels in new york"], "New York"),
    ],
)
def test_words_keep_their_usual_spelling(texts: list[str], shown: str) -> None:
    name = named([texts, GROUPS["poem"]])[0]
    assert any(shown in phrase.text for phrase in name.phrases) or shown in name.title


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Wie wird das Wetter morgen?", "Das Wetter in Berlin", "Wetter für Hamburg bitte"], "Wetter"),
        (["Donne-moi une recette de soupe", "une recette de tarte", "recette pour ce soir"], "recette"),
        (["Traduce esto al inglés", "traducir al inglés", "¿cómo se dice en inglés?"], "inglés"),
        (["Напиши стихотворение о весне", "стихотворение про кота", "Сочини стихотворение"], "стихотворение"),
        (["请用Python写排序算法", "排序算法怎么写", "解释一下排序算法"], "排序算法"),
        (["東京の観光スポットを教えて", "京都の観光スポットは？", "観光スポットのおすすめ"], "観光スポット"),
        (["แปลเป็นภาษาอังกฤษ", "ช่วยแปลภาษาอังกฤษ", "ภาษาอังกฤษคืออะไร"], "ภาษาอังกฤษ"),
        (["한국어 문법을 설명해줘", "한국어 문법 질문", "한국어 문법 책"], "한국어 문법"),
        (["اكتب قصيدة عن الحب", "قصيدة عن الوطن", "اكتب لي قصيدة"], "قصيدة"),
        (["भारत का इतिहास बताओ", "भारत का इतिहास क्या है", "प्राचीन भारत का इतिहास"], "इतिहास"),
        (["Viết một bài thơ", "bài thơ về mẹ", "bài thơ về biển"], "bài thơ"),
    ],
)
def test_phrases_of_many_languages(texts: list[str], expected: str) -> None:
    name = named([texts, GROUPS["poem"], GROUPS["sql"]])[0]
    assert any(expected == phrase.text for phrase in name.phrases[:3])
    assert expected.casefold() in name.title.casefold()


def test_stop_words_of_twenty_languages_never_border_a_phrase() -> None:
    lists = word_lists()
    assert len(lists.languages) >= 20
    assert set(lists.languages) == set(dict(zip(lists.languages, lists.names, strict=True)))
    texts = [
        f"{' '.join(word.split()[:1])} Quittung" for word in ("der", "die", "das", "ein", "für", "nicht")
    ]
    texts = [f"ich habe {text} verloren und das ist nicht gut" for text in texts]
    for phrase in named([texts, GROUPS["poem"]])[0].phrases:
        for edge in (phrase.text.split()[0], phrase.text.split()[-1]):
            assert edge.casefold() not in {"der", "die", "das", "ein", "für", "nicht", "ich", "und", "habe"}


def test_the_stop_word_of_one_language_is_the_topic_of_another() -> None:
    english = ["my car will not start", "buy a used car", "car makes a noise", "sell my car", "wash the car"]
    assert "car" in title(english, GROUPS["poem"]).casefold()


def test_code_markup_and_encoded_data_are_no_words() -> None:
    words = tokenise(
        "<div class='x'>Fix</div> my \x1b[31mloop\x1b[0m [/INST] ```for i in range(3): print(i)``` "
        "https://example.org/a?b=c user@example.org get_user_name 0xDEADBEEF 9f86d081884c7d65 "
        "QmFzZTY0RW5jb2RlZERhdGFUaGF0SXNMb25n /usr/local/bin \\frac{1}{2} &nbsp; a[i]"
    )
    assert {w for w in words if len(w) > 2} == {"Fix", "loop", "red"} - {"red"}


def test_lines_of_code_outside_a_fence_are_no_words() -> None:
    words = tokenise(
        "why does this fail?\nimport numpy as np\nx = np.zeros(3)\nfor (;;) {\nreturn x;\nplease help"
    )
    assert "numpy" not in words
    assert {"why", "fail", "help"} <= set(words)


def test_a_long_paste_costs_no_more_than_its_crop_and_names_nothing() -> None:
    paste = "Summarise this contract. " + "lorem ipsum " * 20_000 + "What does clause nine mean?"
    assert len(crop(paste)) <= 1_001
    assert crop(paste).startswith("Summarise this contract")
    assert crop(paste).endswith("clause nine mean?")
    assert len(tokenise("x" * 100_000 + " " + "é" * 100_000)) < 1_000
    group = [
        "summarise the contract",
        "contract summary",
        "summarise a rental contract",
        "my contract",
        paste,
    ]
    assert "lorem" not in title(group, GROUPS["poem"]).casefold()
    assert "ontract" in title(group, GROUPS["poem"])


def test_phrases_contrast_with_the_nearest_neighbours() -> None:
    spanish = [f"translate {x} to spanish" for x in ("hello", "cat", "dog", "house", "tree")]
    french = [f"translate {x} to french" for x in ("hello", "cat", "dog", "house", "tree")]
    names = named([spanish, french, GROUPS["poem"], GROUPS["weather"]])
    assert names[0].phrases[0].text == "Spanish"
    assert names[1].phrases[0].text == "French"
    assert "Spanish" in names[0].title
    assert "French" in names[1].title


def test_shares_are_of_texts_and_weights_are_damped() -> None:
    texts = ["reset my password", "forgot my password", "password expired", "change billing address"]
    corpus = read(texts)
    none = np.zeros((1, 0), dtype=np.int64)
    table = count(corpus, np.zeros(4, dtype=np.int64), 1, np.ones(4), none)
    shares = {
        corpus.phrase(table.words(corpus, int(g))): float(s)
        for g, s in zip(table.gram, table.share, strict=True)
    }
    assert shares["password"] == pytest.approx(0.75)
    assert shares["billing"] == pytest.approx(0.25)
    often = named([texts], weights=[1, 1, 1, 10_000])[0]
    once = named([texts])[0]
    assert next(p.share for p in once.phrases if p.text == "password") == pytest.approx(0.75)
    share = next((p.share for p in often.phrases if p.text == "password"), 0.0)
    assert share == pytest.approx(3 / 103)


def test_overlapping_phrases_are_merged() -> None:
    texts = [f"check my credit score {x}" for x in ("now", "at home", "for free", "in May", "abroad")]
    texts.append("credit score")
    phrases = [p.text for p in named([texts, GROUPS["poem"]])[0].phrases]
    assert "credit score" in " ".join(phrases)
    assert sum("credit" in phrase for phrase in phrases) == 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["hi", "hello", "Hey there!", "hello there", "Hi, how are you?", "hola"], "Greetings: "),
        (["thanks", "thank you so much", "Thank you!", "ok thanks"], "Thanks: "),
        (["?", "...", "!!!", "ok", "a"], "Short messages: "),
        (["", "  "], "Empty messages"),
    ],
)
def test_clusters_without_a_topic_say_what_they_are(texts: list[str], expected: str) -> None:
    assert title(texts, GROUPS["poem"], GROUPS["sql"]).startswith(expected)


def test_a_greeting_before_a_request_is_no_greeting() -> None:
    texts = [f"hi, {text}" for text in GROUPS["poem"]]
    assert title(texts, GROUPS["sql"]) == "Write a poem"


def test_questions_made_of_stop_words_are_quoted() -> None:
    texts = ["where are you from", "where are you from?", "where is it you are from", "so where are you from"]
    assert title(texts, GROUPS["poem"]) == "Where are you from"


def test_mixtures_and_incoherent_clusters_say_so() -> None:
    both = [*GROUPS["poem"], *GROUPS["sql"]]
    names = named(
        [both, GROUPS["weather"], GROUPS["sort"]],
        coherence=[0.3, 0.5, 0.01],
        mixtures={0: (list(range(5)), list(range(5, 9)))},
    )
    assert names[0].title == "Mixed: write a poem and SQL query"
    assert "two kinds of requests" in names[0].description
    assert not names[1].title.startswith(("Mixed", "Miscellaneous"))
    assert names[2].title.startswith("Miscellaneous: ")


def test_halves_may_leave_members_out_and_may_be_empty() -> None:
    both = [*GROUPS["poem"], *GROUPS["sql"], *GROUPS["weather"]]
    names = named([both, GROUPS["sort"]], mixtures={0: ([0, 1, 2], [5, 6, 7])})
    assert names[0].title == "Mixed: write a poem and SQL query"
    assert "weather" not in names[0].title
    assert not named([both, GROUPS["sort"]], mixtures={0: ([], [])})[0].title.startswith("Mixed")


def test_unknown_coherence_is_not_low_coherence() -> None:
    assert named([GROUPS["poem"], GROUPS["sql"]], coherence=[np.nan, np.nan])[0].title == "Write a poem"


def test_noise_is_ignored() -> None:
    texts = [*GROUPS["poem"], "xylophone", "xylophone music"]
    labels = np.asarray([0] * 5 + [-1] * 2)
    empty = np.zeros((1, 0), dtype=np.int64)
    (name,) = name_clusters(texts, np.ones(7), labels, empty, np.ones(1), [[0]])
    assert name.title == "Write a poem"
    assert name.description.startswith("Members ask about")
    assert "5 queries" in name.description


def test_clusters_that_cannot_be_told_apart_get_different_titles() -> None:
    names = named([GROUPS["sql"], GROUPS["sql"], [f"{t} now" for t in GROUPS["sql"]]])
    assert len({title_key(name.title) for name in names}) == 3


def test_duplicate_titles_are_repaired_with_what_distinguishes() -> None:
    repaired = unique_titles(
        ["Credit score", "Credit scores", "Oil change"],
        [("credit score", "credit rating"), ("credit score", "improve my credit score"), ()],
    )
    assert repaired == ["Credit score: credit rating", "Improve my credit score", "Oil change"]
    assert unique_titles(["Hi", "Hi"], [(), ()]) == ["Hi", "Hi (2)"]


@given(st.lists(st.text(max_size=80), max_size=12), st.lists(st.text(max_size=30), max_size=4))
def test_repaired_titles_are_unique_and_fit(titles: list[str], spare: list[str]) -> None:
    out = unique_titles([fit(t) for t in titles], [spare] * len(titles))
    assert len({title_key(t) for t in out}) == len(titles)
    assert all(len(t) <= LIMIT for t in out)


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["[/INST] now", "\x1b]52;c;YQ==\x07 go", "\u202ertl", "a\x00b", "x" * 5_000, "\ud800", "ﾊﾝｸﾞﾙ\u3164"]
    ),
    st.lists(st.sampled_from(["cat", "dog", "write", "the", "C++", "天气", "о", "ไทย"]), max_size=8).map(
        " ".join
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(HOSTILE, st.integers(-1, 3), st.integers(1, 50)), max_size=30))
def test_any_texts_give_unique_titles_that_a_terminal_may_see(rows: list[tuple[str, int, int]]) -> None:
    texts, labels = [r[0] for r in rows], np.asarray([r[1] for r in rows], dtype=np.int64)
    weights = np.asarray([r[2] for r in rows], dtype=np.float64)
    reps = [np.flatnonzero(labels == c)[:3].tolist() for c in range(4)]
    near = np.asarray([[1, -1], [0, 2], [3, 1], [-1, -1]])
    names = name_clusters(texts, weights, labels, near, np.linspace(0, 1, 4), reps)
    assert len(names) == 4
    assert len({name.title.casefold() for name in names}) == 4
    for name in names:
        assert 0 < len(name.title) <= LIMIT
        for text in (name.title, name.description, *(p.text for p in name.phrases)):
            assert text == visible(text)
            assert "\n" not in text
        assert all(0 < p.share <= 1 + 1e-9 for p in name.phrases)


def test_the_sample_keeps_every_cluster_and_what_must_stay() -> None:
    labels = np.concatenate([np.zeros(5_000), np.ones(60), np.full(3, 2), np.full(100, -1)]).astype(np.int64)
    kept = sample(labels, [4_999], limit=1_000, seed=3)
    sizes = Counter(labels[kept].tolist())
    assert sizes[1] >= 50
    assert sizes[2] == 3
    assert -1 not in sizes
    assert 900 <= len(kept) <= 1_150
    assert 4_999 in kept
    assert np.array_equal(kept, sample(labels, [4_999], limit=1_000, seed=3))
    assert np.array_equal(sample(labels, [], limit=10_000), np.arange(5_063))


def test_naming_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        name_clusters(
            GROUPS["poem"], np.ones(5), np.zeros(5, dtype=np.int64), np.zeros((1, 0), dtype=np.int64), np.ones(1),
            [[0]], control=Control(cancelled=lambda: True),
        )  # fmt: skip


def test_description_counts_and_notes() -> None:
    counts = Counts(
        1_234,
        300,
        {"en": 600, "de": 400, "fr": 100, "es": 90, "": 44},
        {"gpt-4": 1_000, "vicuna": 6, "": 228},
    )
    text = describe(
        (Phrase("credit score", 0.5, 1.0), Phrase("credit report", 0.2, 0.5)),
        "how do i \x1b[31mraise\nit?" * 40,
        counts,
    )
    assert text.startswith(
        "Members ask about credit score and credit report, for example “how do i ␛[31mraise ⏎ it?"
    )
    assert (
        "…”. 1,234 queries (300 distinct texts): en 49%, de 32%, fr 8%, 1 more, unknown 4%; gpt-4 81%, vicuna <1%, unknown 18%."
        in text
    )
    assert "Languages are mixed." in text
    assert "Each text was asked 4.1 times on average." in text
    assert "\x1b" not in text
    assert "\n" not in text


def test_description_without_phrases_or_metadata() -> None:
    assert describe((), "", Counts(1, 1)) == "Members have no phrase in common. 1 query."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can you please tell me the time", "The time"),
        ("hey, i would like to know what my balance is please", "What my balance is"),
        ("how do i say hello in french?", "How do I say hello in French"),
        ("x" * 80, ""),
        ("hello", "Hello"),
    ],
)
def test_courtesies_are_left_out_of_quoted_titles(text: str, expected: str) -> None:
    assert spoken(text) == expected


def test_wording() -> None:
    assert sentence("iPhone repair") == "iPhone repair"
    assert sentence("node.js server") == "node.js server"
    assert sentence("oil change") == "Oil change"
    assert fit("word " * 30).endswith("word…")
    assert len(fit("字" * 100)) == LIMIT
    assert stem("translate") == stem("translation") == stem("Translating")
    assert alike("traduce", "traducir")
    assert not alike("transfer", "translate")


def leaf(parent: int, size: float, name: str, *phrases: str) -> TreeNode:
    return TreeNode(parent, size, name, tuple(Phrase(p, 0.4, 1.0) for p in phrases))


def test_a_cluster_of_one_language_and_no_topic_says_the_language() -> None:
    russian = [
        "Как сварить борщ на мясном бульоне?",
        "Напиши письмо моему начальнику",
        "Что такое чёрная дыра?",
        "Сколько стоит билет до Москвы",
        "Почему небо голубое и как это объяснить",
        "Исправь ошибки в этом тексте",
    ]
    english = [*GROUPS["poem"], *GROUPS["sort"], *GROUPS["weather"]]
    assert title(russian, english, GROUPS["sql"]).startswith(("Russian: ", "Various requests in Russian"))
    assert title(english, russian).find("English") == -1


def test_a_parent_is_called_by_what_its_children_share() -> None:
    titles = name_tree(
        [
            TreeNode(-1, 0),
            leaf(0, 50, "Translate to Spanish", "Spanish", "translate"),
            leaf(0, 40, "Translate to French", "French", "translate"),
            leaf(0, 30, "Translate to German", "German", "translate"),
            TreeNode(-1, 0),
            leaf(4, 60, "Bank account", "bank account", "savings"),
            leaf(4, 50, "Credit cards", "credit card", "visa"),
        ]
    )
    assert titles[0] == "Translate: Spanish, French, German"
    assert titles[4] == "Bank account, credit card and savings"


def test_a_node_with_one_child_is_called_like_it_and_others_are_not() -> None:
    nodes = [
        TreeNode(-1, 0),
        TreeNode(0, 0),
        leaf(1, 10, "Oil change", "oil change"),
        TreeNode(-1, 0),
        leaf(3, 10, "Tyre pressure", "tyre pressure"),
        leaf(3, 10, "Tyre change", "tyre change"),
    ]
    titles = name_tree(nodes)
    assert titles[0] == titles[1] == titles[2] == "Oil change"
    assert titles[3] not in titles[4:]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["Cats", "Dogs and cats", "猫", "Rain: today"])),
        max_size=20,
    )
)
def test_no_two_siblings_have_one_title(leaves: list[tuple[int, str]]) -> None:
    titles = unique_titles([t for _, t in leaves], [()] * len(leaves))
    nodes = [TreeNode(-1, 0), TreeNode(-1, 0), *(TreeNode(i // 2, 0) for i in range(4))]
    nodes += [leaf(2 + parent % 4, 3, t, t.lower()) for (parent, _), t in zip(leaves, titles, strict=True)]
    named_nodes = name_tree(nodes)
    assert all(named_nodes)
    for parent in range(-1, len(nodes)):
        below = [named_nodes[i] for i, node in enumerate(nodes) if node.parent == parent]
        assert len(below) == len({title_key(t) for t in below})
        if parent >= 0 and len(below) > 1:
            assert named_nodes[parent] not in below


def test_a_circle_is_no_tree() -> None:
    with pytest.raises(ValueError, match="not a tree"):
        name_tree([TreeNode(1, 1), TreeNode(0, 1)])


def test_titles_of_labelled_intents_say_the_intent() -> None:
    """125 of 150 when this was written."""
    rows = [json.loads(line) for line in shared_data("clinc150.jsonl").read_text("utf-8").split("\n") if line]
    intents = sorted({row["label"] for row in rows})
    texts = [row["text"] for row in rows]
    labels = np.asarray([intents.index(row["label"]) for row in rows])
    domains = [next(row["domain"] for row in rows if row["label"] == intent) for intent in intents]
    near = [[j for j, d in enumerate(domains) if d == domains[i] and j != i][:5] for i in range(len(intents))]
    reps = [np.flatnonzero(labels == i)[:5].tolist() for i in range(len(intents))]
    names = name_clusters(texts, np.ones(len(texts)), labels, np.asarray(near), np.full(150, 0.5), reps)
    said = 0
    for intent, name in zip(intents, names, strict=True):
        words = re.findall(r"\w+", name.title)
        said += any(alike(w.casefold(), part) for w in words for part in intent.split("_"))
    assert said >= 115
    assert len({title_key(name.title) for name in names}) == 150
    assert not any(name.title.startswith(("Mixed", "Miscellaneous")) for name in names)


def test_a_theme_of_clusters_that_share_only_their_language_is_named_after_it() -> None:
    nodes = (
        TreeNode(-1, 30),
        TreeNode(0, 20, "Russian: рецепт, борщ"),
        TreeNode(0, 10, "Various requests in Russian"),
        TreeNode(-1, 5, "Bake sourdough bread"),
    )
    assert name_tree(nodes)[0] == "Requests in Russian"


def test_terms_are_noun_phrases_with_the_share_of_texts_that_hold_them() -> None:
    texts = [
        *(
            "lower the interest rate on my loan",
            "what is the interest rate",
            "an interest rate of 5%",
            "the interest rate",
        ),
        *(
            "pay the bill",
            "the bills are due",
            "pay my bill and the fee",
            "is the bill wrong",
            "pay a bill",
            "pay that bill",
        ),
    ]
    rates, bills = cluster_terms(texts, np.asarray([0] * 4 + [1] * 6), 2)
    assert {p.text: p.share for p in rates}["interest rate"] == 1.0
    bill = {p.text: p.share for p in bills}
    assert bill["bill"] == 1.0, "forms of one word count as one"
    assert not {"pay", "5"} & {p.text for p in (*rates, *bills)}
    assert cluster_terms([], np.zeros(0, dtype=np.int64), 2) == [(), ()]
    assert cluster_terms(["the of", "?"], np.zeros(2, dtype=np.int64), 1) == [()]


def test_a_theme_is_named_by_what_many_of_its_texts_say_and_not_by_an_odd_phrase() -> None:
    shares = {"credit card": 0.5, "purple giraffe": 0.06}
    cards = [
        TreeNode(0, 40, title, (Phrase(own, 0.6, 1.0), *(Phrase(t, s, 1.0) for t, s in shares.items())))
        for title, own in (
            ("Raise my limit", "limit"),
            ("Redeem rewards", "rewards"),
            ("Apply", "application"),
        )
    ]
    cars = [
        TreeNode(4, 50, "Change my oil", (Phrase("oil", 0.9, 1.0),)),
        TreeNode(4, 40, "Tires", (Phrase("tires", 0.8, 1.0),)),
    ]
    titles = name_tree([TreeNode(-1, 0), *cards, TreeNode(-1, 0), *cars])
    assert titles[0] == "Credit card: rewards, limit, application"
    assert titles[4] == "Oil and tires"


def test_what_siblings_say_too_names_no_theme() -> None:
    nodes = [TreeNode(-1, 0), TreeNode(-1, 0)]
    for parent, topics in ((0, ("visa", "flight")), (1, ("salary", "bonus"))):
        nodes += [leaf(parent, 50, topic, topic, "question") for topic in topics]
    titles = name_tree(nodes)
    assert not any("question" in title.casefold() for title in titles)


def test_a_miscellaneous_cluster_lists_topics_that_several_members_have() -> None:
    parts = {"git": "branch", "garden": "soil", "violin": "string"}
    odd = ["undo the merge of a git branch", "rid of hiccups in one go", "stainless pan with burnt rice"]
    mixed = [
        f"{v} the {a} {b}" for a, b in parts.items() for v in ("fix", "clean", "sell", "find", "move", "lose")
    ]
    (name, *_) = named([mixed + odd, GROUPS["poem"], GROUPS["sql"]], coherence=[0.01, 0.5, 0.5])
    topics = name.title.removeprefix("Miscellaneous: ").split(", ")
    assert name.title.startswith("Miscellaneous: ")
    assert len(topics) == 3
    assert all(sum(all(w in text for w in topic.split()) for text in mixed) >= 3 for topic in topics)
    assert "…" not in name.title


def test_a_loose_cluster_is_not_miscellaneous() -> None:
    names = named([GROUPS["poem"], GROUPS["sql"]], coherence=[0.09, 0.08])
    assert [name.title for name in names] == ["Write a poem", "SQL query"]


def test_the_phrase_of_one_member_names_no_large_cluster() -> None:
    dogs = [f"my dog {x}" for x in "barks limps sheds digs howls naps runs eats".split()]
    cats = [f"the cat {x}" for x in "purrs hides hunts climbs hisses yawns jumps sleeps".split()]
    odd = [
        "remove a purple giraffe stain",
        "purple giraffe stain remover",
        "buy milk",
        "sing loud",
        "go north",
        "be brave",
    ]
    title_of = title([*odd, *dogs, *cats], GROUPS["sql"], GROUPS["weather"])
    assert "giraffe" not in title_of
    assert "dog" in title_of.casefold()
