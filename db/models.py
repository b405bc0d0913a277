"""The tables of what a store holds, as Peewee sees them. The migrations make them; a test holds the two together."""

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    BlobField,
    CompositeKey,
    DatabaseProxy,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

database: Any = DatabaseProxy()
"""The open workspace; one a process."""


class Table(Model):
    """Base of all tables."""

    class Meta:
        database = database
        legacy_table_names = False


class Dataset(Table):
    """A loaded source; `fingerprint` changes with every load that adds a row."""

    id = AutoField()
    name = TextField(unique=True)
    source = TextField()
    shape = TextField()
    mapping = TextField()
    fingerprint = TextField()
    conversations = IntegerField()
    rejected = IntegerField()
    loaded_at = TextField()


class Conversation(Table):
    """One conversation of a dataset, with what its source says of it; `metadata` is JSON."""

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    external_id = TextField()
    model = TextField(null=True)
    language = TextField(null=True)
    timestamp = TextField(null=True)
    user = TextField(null=True)
    metadata = TextField()
    turns = IntegerField()


class Turn(Table):
    """One turn, its content as it was loaded."""

    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    position = IntegerField()
    role = TextField()
    content = TextField()

    class Meta:
        primary_key = CompositeKey("conversation", "position")


class Text(Table):
    """A distinct normalised first user query; `hash` is SHA-256 of it in hexadecimal, cut to 32."""

    id = AutoField()
    hash = TextField(unique=True)
    content = TextField()


class Query(Table):
    """A conversation's first user query: what is counted."""

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE", unique=True)
    text = ForeignKeyField(Text)


class Trait(Table):
    """What `db.traits` makes of a conversation's turns and metadata."""

    conversation = ForeignKeyField(Conversation, on_delete="CASCADE", primary_key=True)
    answer_chars = IntegerField(null=True)
    flagged = IntegerField(null=True)
    toxic = IntegerField(null=True)
    redacted = IntegerField(null=True)


class Reject(Table):
    """A row of a source that could not be loaded."""

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    line = IntegerField()
    reason = TextField()
    # `raw`, `filter` and `alias` are methods of Peewee's models.
    raw_row = TextField(column_name="raw")
    source = TextField(default="")


class Space(Table):
    """The vectors of one model at one revision; `texts` and `checksum` describe its file, `origin` finds the model again."""

    id = AutoField()
    name = TextField(unique=True)
    model = TextField()
    origin = TextField()
    revision = TextField()
    dim = IntegerField()
    dtype = TextField()
    texts = IntegerField()
    checksum = IntegerField()
    created_at = TextField()


class Vector(Table):
    """Which row of a space's file holds a text's vector."""

    space = ForeignKeyField(Space, on_delete="CASCADE")
    text = ForeignKeyField(Text)
    row = IntegerField()

    class Meta:
        primary_key = CompositeKey("space", "text")


class Run(Table):
    """One clustering: everything that made it, and what is shown of it."""

    id = AutoField()
    name = TextField(unique=True)
    label = TextField()
    description = TextField()
    algorithm = TextField()
    parameters = TextField()
    seed = IntegerField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    space = ForeignKeyField(Space)
    only = TextField(column_name="filter")
    status = TextField()
    reasons = TextField()
    metrics = TextField()
    code_version = TextField()
    summary_set = IntegerField(null=True)
    hierarchy = IntegerField(null=True)
    created_at = TextField()


class Cluster(Table):
    """One cluster of a run; `centroid` is float32, the lists are JSON. Number -1 is the noise, -2 holds the orphans.

    `title`, `description`, `quality` (1 to 5), `tags`, `flags` and `notes` are given by hand; `title_vector` is the title's,
    float32, in the run's space; `reviewed` is empty, or what a reviewer said of it (JSON, `core.review.state`).
    """

    run = ForeignKeyField(Run, on_delete="CASCADE")
    number = IntegerField()
    kind = TextField()
    size = IntegerField()
    texts = IntegerField()
    coherence = FloatField(null=True)
    medoid = ForeignKeyField(Text, null=True)
    centroid = BlobField(null=True)
    neighbours = TextField()
    central = TextField()
    boundary = TextField()
    outside = TextField()
    halves = TextField(null=True)
    title = TextField(null=True)
    description = TextField(null=True)
    tags = TextField()
    flags = TextField()
    notes = TextField()
    title_vector = BlobField(null=True)
    quality = IntegerField(null=True)
    reviewed = TextField(default="")

    class Meta:
        primary_key = CompositeKey("run", "number")


class Assignment(Table):
    """Which cluster a query belongs to in a run."""

    run = ForeignKeyField(Run, on_delete="CASCADE")
    query = ForeignKeyField(Query, on_delete="CASCADE")
    cluster = IntegerField()
    distance = FloatField(null=True)
    probability = FloatField(null=True)
    is_noise = IntegerField()

    class Meta:
        primary_key = CompositeKey("run", "query")


class SummarySet(Table):
    """One naming of all clusters of a run; none overwrites another."""

    id = AutoField()
    name = TextField(unique=True)
    run = ForeignKeyField(Run, on_delete="CASCADE")
    called = TextField(column_name="alias")
    model = TextField()
    prompt_hash = TextField()
    parameters = TextField()
    cost = FloatField()
    status = TextField()
    created_at = TextField()


class Summary(Table):
    """The name of one cluster in a summary set; `vector` is the title's, float32, in the run's space.

    `reason` says why `coherence` is what it is; `status` is `named`, `unsupported` (it cites too few members that exist),
    `failed` or `pending` (both keep a name that needs no model, `problem` says why); `prompt_hash` and `attempt` find the
    call that gave the name.
    """

    summary_set = ForeignKeyField(SummarySet, on_delete="CASCADE")
    cluster = IntegerField()
    title = TextField()
    description = TextField()
    form = TextField()
    coherence = IntegerField(null=True)
    phrases = TextField()
    phrase_shares = TextField()
    cited = TextField()
    vector = BlobField(null=True)
    reason = TextField(default="")
    status = TextField(default="named")
    problem = TextField(default="")
    prompt_hash = TextField(default="")
    attempt = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("summary_set", "cluster")


class Hierarchy(Table):
    """A tree over the clusters of a run; `status` is `done`, or `partial`: a part of it was to be made by a model, and was not."""

    id = AutoField()
    name = TextField(unique=True)
    run = ForeignKeyField(Run, on_delete="CASCADE")
    summary_set = ForeignKeyField(SummarySet)
    method = TextField()
    parameters = TextField()
    levels = IntegerField()
    created_at = TextField()
    status = TextField(default="done")
    cost = FloatField(default=0.0)


class Node(Table):
    """A node of a hierarchy: `key` is its id there, `cluster` the number of the cluster that a leaf stands for."""

    hierarchy = ForeignKeyField(Hierarchy, on_delete="CASCADE")
    key = TextField()
    parent = TextField(null=True)
    position = IntegerField()
    level = IntegerField()
    kind = TextField()
    cluster = IntegerField(null=True)
    title = TextField()
    description = TextField()
    fit = FloatField(null=True)
    low_fit = IntegerField()
    coherence = FloatField(null=True)
    size = IntegerField()

    class Meta:
        primary_key = CompositeKey("hierarchy", "key")


class NodeOrigin(Table):
    """Where a node of a tree by a model comes from: the call that named it, and how it was given its parent (JSON).

    The cluster's name comes from the summary set, so of a leaf `prompt_hash` is empty.
    """

    hierarchy = ForeignKeyField(Hierarchy, on_delete="CASCADE")
    key = TextField()
    prompt_hash = TextField()
    attempt = IntegerField()
    problem = TextField()
    placed = TextField()

    class Meta:
        primary_key = CompositeKey("hierarchy", "key")


class Facet(Table):
    """A property of conversations, with what made it.

    `source` is `model`, `import` or `metadata`; `kind` is `text`, `list` (one of `values`) or `scale` (from the first to the
    second of `values`, which is JSON); `unit` says what was asked about: each distinct `query`, or each `conversation`.
    """

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    name = TextField()
    source = TextField()
    unit = TextField()
    kind = TextField()
    values = TextField()
    model = TextField()
    prompt_hash = TextField()
    parameters = TextField()
    cost = FloatField()
    status = TextField()
    created_at = TextField()


class FacetValue(Table):
    """A facet's value of one conversation; `status` is `known` or `failed`, and then `problem` says why there is none.

    `prompt_hash` and `attempt` find the call that gave it. A conversation that was not asked about has no row.
    """

    facet = ForeignKeyField(Facet, on_delete="CASCADE")
    conversation = ForeignKeyField(Conversation, on_delete="CASCADE")
    value = TextField(null=True)
    status = TextField()
    problem = TextField()
    prompt_hash = TextField()
    attempt = IntegerField()

    class Meta:
        primary_key = CompositeKey("facet", "conversation")


class QueryFlag(Table):
    """A mark that a person put on a query in a run."""

    run = ForeignKeyField(Run, on_delete="CASCADE")
    query = ForeignKeyField(Query, on_delete="CASCADE")
    flag = TextField()

    class Meta:
        primary_key = CompositeKey("run", "query", "flag")


class Evaluation(Table):
    """Figures of a run, or a sweep over the number of clusters (`kind` is `run` or `sweep`), as JSON in `results`.

    `summary_set` and `hierarchy` are the names of what was evaluated, which may be gone since.
    """

    id = AutoField()
    name = TextField(unique=True)
    kind = TextField()
    run = ForeignKeyField(Run, on_delete="CASCADE", null=True)
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    space = ForeignKeyField(Space)
    summary_set = TextField(null=True)
    hierarchy = TextField(null=True)
    parameters = TextField()
    results = TextField()
    created_at = TextField()


class Projection(Table):
    """Where the texts of a run lie on its map, `[texts, 2]` float32 beside their ids, int64; nothing else changes them.

    `status` is `done`, or `partial` while a build is placing texts: those without a place are NaN.
    """

    id = AutoField()
    run = ForeignKeyField(Run, on_delete="CASCADE")
    method = TextField()
    parameters = TextField()
    seed = IntegerField()
    status = TextField()
    texts = IntegerField()
    text_ids = BlobField()
    coordinates = BlobField()
    created_at = TextField()


class SavedSearch(Table):
    """A search with a name: `text` as it was typed, `parameters` those that were given beside it, JSON."""

    name = TextField(primary_key=True)
    text = TextField()
    parameters = TextField()
    saved_by = TextField()
    saved_at = TextField()


TABLES: tuple[type[Table], ...] = (
    Dataset, Conversation, Turn, Text, Query, Trait, Reject, Space, Vector, Run, Cluster, Assignment, SummarySet, Summary,
    Hierarchy, Node, NodeOrigin, Facet, FacetValue, Evaluation, Projection, QueryFlag, SavedSearch,
)  # fmt: skip
"""What a store holds; how it came to be stands in `db.journal_models`."""
