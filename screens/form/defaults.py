"""What stands where a field of a form is left empty, in words."""

from __future__ import annotations

import re

from core.registry import Action, Param
from core.view import View

BY_PARAMETER: dict[str, str] = {
    "run.kmeans k": "auto: of several, the k that separates best (silhouette)",
    "run.kmeans within": "no node: a new run",
    "run.kmeans cluster": "no cluster: a new run",
    "run.kmeans run": "the current one; only with a node or a cluster",
    "run.kmeans hierarchy": "the current one; only with a node",
    "run.hdbscan min_cluster_size": "auto: by the number of texts",
    "run.hdbscan min_samples": "auto: by min_cluster_size",
    "hierarchy.build width": "auto: by the number of clusters",
    "embed.run facet": "the texts themselves",
    "embed.run batch": "auto: by the model",
    "data.load name": "auto: from the source",
    "eval.run label": "no labels",
    "session.save last": "all of this session",
    "node.filter text": "any title",
    "node.filter language": "any language",
    "node.filter chat_model": "any model",
    "node.filter tag": "any tag",
    "trend.compare run": "the current one",
    "trend.compare level": "clusters; a number: themes of that level",
    "trend.compare within": "the whole run",
}
"""By action and parameter, where the parameter's help does not say it in a few words."""

BY_NAME: dict[str, str] = {
    **dict.fromkeys(("max_cost", "max_calls", "rpm", "tpm"), "no limit"),
    **dict.fromkeys(("text", "id", "language", "timestamp", "user"), "found by itself"),
    **dict.fromkeys(("min_users", "min_conversations"), "none is left out"),
    "limit": "all of them", "price": "as in the price table", "base_url": "the provider's own", "prompt": "the one that is built in",
    "prompts": "those that are built in", "expect": "not checked", "where": "every query", "model": "none",
}  # fmt: skip
"""By the parameter's name."""

CURRENT = {
    "dataset": "dataset",
    "run": "run",
    "hierarchy": "hierarchy",
    "space": "space",
    "set": "summary_set",
}
"""Parameters that stand for the current one: the field of the view that says which it is."""

_SAID = re.compile(r"\bthe default (?:is |are )?(.+?)(?:[.;]|$)")


def default_words(action: Action, param: Param, view: View) -> str:
    """What it means to leave the parameter out; empty where its default stands in the field.

    Args:
        action: The action of the form.
        param: One of its parameters.
        view: Where the user is.
    """
    if param.required or param.default not in (None, ""):
        return ""
    if param.default == "":
        return "may stay empty"
    said = BY_PARAMETER.get(f"{action.id} {param.name}")
    if said is None and param.name in CURRENT and "current" in param.help:
        now = getattr(view, CURRENT[param.name])
        said = "the current one" if now is None else f"{now} (the current one)"
    if said is None:
        # Columns of a log and the models of its chats are found; what a model is to do has no default.
        chat_model = action.id == "data.load" and param.name == "model"
        said = "found by itself" if chat_model else BY_NAME.get(param.name)
    if said is None:
        found = _SAID.search(param.help)
        said = found[1] if found else ""
    return said
