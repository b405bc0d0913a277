"""What could be done about what new queries say of a run, each with its line of script."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from core.curate.rows import short
from core.evaluate.wilson import wilson
from core.lookup import RunInfo
from core.name.unique import title_key, unique_among
from core.name.wording import sentence
from core.update.rows import ClusterGrowth, Misfit, Outside, Proposal

ANEW = 0.1
"""The share of badly fitting texts from which on the whole run is worth doing again."""
REFINE_SHARE, REFINE_FEWEST = 0.1, 5
NAMELESS = "A new theme"
LISTED = 300
"""Queries that a line of script names."""


def proposals(
    run: RunInfo,
    fit: Misfit,
    grown: Sequence[ClusterGrowth],
    groups: Sequence[Outside],
    taken: Collection[str],
) -> tuple[Proposal, ...]:
    """Clusters of their own for what grows outside, finer clusters where one takes in what is not like it, a new run.

    `taken` are titles that a new cluster cannot have.
    """
    spare = [group.phrases for group in groups]
    titles = unique_among(
        [sentence(phrases[0]) if phrases else NAMELESS for phrases in spare],
        spare,
        {title_key(t) for t in taken},
    )
    found = [_own_cluster(run, group, title) for group, title in zip(groups, titles, strict=True)]
    near = {group.nearest for group in groups}
    for row in grown:
        low, _ = wilson(row.bad, row.texts)
        if row.cluster in near or row.bad < REFINE_FEWEST or low <= REFINE_SHARE:
            continue
        found.append(
            Proposal(
                f"{row.bad:,} of the {row.texts:,} new texts of cluster {row.cluster} {short(row.title)} lie farther out than"
                " its members: parts of it may be clusters of their own.",
                _line("run.kmeans", {"cluster": row.cluster, "run": run.name}),
            )
        )
    if fit.drifts and (fit.share or 0) >= ANEW:
        size = "k" if run.algorithm == "kmeans" else "min_cluster_size"
        params = {"dataset": run.dataset, "space": run.space}
        found.append(
            Proposal(
                f"{fit.share:.0%} of the new texts fit badly: a new run, with a {size} that is chosen for all of them, would"
                " follow the log better; edit.replay carries your edits over.",
                _line(f"run.{run.algorithm}", params),
            )
        )
    return tuple(found)


def _own_cluster(run: RunInfo, group: Outside, title: str) -> Proposal:
    said = f" ({', '.join(group.phrases)})" if group.phrases else ""
    why = (
        f"{group.texts:,} new texts, {group.queries:,} queries, stand together outside every cluster, such as"
        f" {short(group.example)}{said}"
    )
    if group.queries <= min(LISTED, len(group.first_queries)):
        listed = ",".join(map(str, group.first_queries))
        params = {"query": listed, "to": "new", "title": title, "run": run.name}
        return Proposal(
            f"{why}: a cluster of their own.",
            _line("outlier.assign", params),
        )
    return Proposal(
        f"{why}: most like cluster {group.nearest} {short(group.nearest_title)}; finer clusters there, or a new run, would"
        " show them.",
        _line("run.kmeans", {"cluster": group.nearest, "run": run.name}),
    )


def _line(action: str, params: Mapping[str, object]) -> str:
    return json.dumps({"action": action, "params": params}, ensure_ascii=False)
