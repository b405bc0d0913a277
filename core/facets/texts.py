"""What stands for each text when vectors are made of a facet instead of the texts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from core.errors import ActionError
from core.facets.builtin import LOG, LOG_FIELDS
from core.facets.fields import CLUSTER, find_stored
from db import facets as stored
from db.workspace import Workspace


@dataclass(frozen=True)
class FacetTexts:
    """The value of each distinct text of a dataset, and the texts that have none: their own words stand for them.

    `suffix` is for the name of the space: facet and what its values were, as a space's vectors never change.
    """

    facet: str
    values: dict[int, str]
    without: int
    suffix: str


def facet_texts(workspace: Workspace, dataset_id: int, dataset: str, facet: str) -> FacetTexts:
    """The values of a facet by text: that of the first conversation that asks it, and has one.

    Raises:
        ActionError: `unknown_facet`, `no_words` for what the log says by itself, or `facet_incomplete` while a model was not
            asked about all.
    """
    field = facet.removeprefix(LOG)
    if (field in LOG_FIELDS or facet == CLUSTER) and stored.find_facet(workspace, dataset_id, facet) is None:
        raise ActionError(
            "no_words",
            f"{facet} has no words of its own to cluster by: nobody made it, the log or a run has it.",
            f"facet.cross rows=cluster cols={'language' if facet == CLUSTER else facet} shows how clusters differ in it;"
            " facet.extract name=task makes a facet to cluster by.",
        )
    found = find_stored(workspace, dataset_id, facet)
    counts = stored.counts_of(workspace, found.id, dataset_id)
    if found.source == "model" and counts.missing:
        raise ActionError(
            "facet_incomplete",
            f"{counts.missing:,} conversations of {dataset} have not been asked about {facet} yet.",
            f"facet.resume name={facet} goes on.",
        )
    values = stored.values_by_text(workspace, found.id, dataset_id)
    texts = workspace.rows(
        "SELECT id, hash FROM text WHERE id IN (SELECT text_id FROM query WHERE dataset_id = ?) ORDER BY hash",
        (dataset_id,),
    )
    identity = hashlib.sha256()
    for text_id, key in texts:
        identity.update(json.dumps([key, values.get(text_id)]).encode())
    without = sum(text_id not in values for text_id, _ in texts)
    return FacetTexts(facet, values, without, f"{dataset}-{facet}-{identity.hexdigest()[:8]}")
