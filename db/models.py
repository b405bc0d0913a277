"""The tables, as Peewee sees them. The migrations make them; a test holds the two together."""

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


class Reject(Table):
    """A row of a source that could not be loaded."""

    id = AutoField()
    dataset = ForeignKeyField(Dataset, on_delete="CASCADE")
    line = IntegerField()
    reason = TextField()
    # `raw`, `filter` and `alias` are methods of Peewee's models.
    raw_row = TextField(column_name="raw")


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
    """One cluster of a run; `centroid` is float32, the lists are JSON. Number -1 is the noise."""

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
    """A tree over the clusters of a run."""

    id = AutoField()
    name = TextField(unique=True)
    run = ForeignKeyField(Run, on_delete="CASCADE")
    summary_set = ForeignKeyField(SummarySet)
    method = TextField()
    parameters = TextField()
    levels = IntegerField()
    created_at = TextField()


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


class Edit(Table):
    """Append-only: what was changed, by whom, when, why; the images are JSON."""

    id = AutoField()
    run = ForeignKeyField(Run, on_delete="CASCADE", null=True)
    kind = TextField()
    actor = TextField()
    at = TextField()
    reason = TextField()
    before = TextField()
    after = TextField()
    undone_by = IntegerField(null=True)


class LlmCall(Table):
    """A call to a model, journaled before its answer is parsed; latency in seconds, cost in dollars (null: not known).

    `status` is `answered` (at most once a prompt, model, attempt and vote), or the kind of failure.
    """

    id = AutoField()
    purpose = TextField()
    prompt_hash = TextField()
    model = TextField()
    endpoint = TextField()
    attempt = IntegerField()
    vote = IntegerField()
    request = TextField()
    response = TextField(null=True)
    status = TextField()
    tokens_in = IntegerField()
    tokens_out = IntegerField()
    cost = FloatField(null=True)
    latency = FloatField()
    at = TextField()


class Job(Table):
    """A long action: where it is, and the process that runs it."""

    id = AutoField()
    action = TextField()
    parameters = TextField()
    actor = TextField()
    pid = IntegerField()
    stage = TextField()
    done = IntegerField()
    total = IntegerField()
    status = TextField()
    message = TextField()
    started_at = TextField()
    heartbeat = TextField()


TABLES: tuple[type[Table], ...] = (
    Dataset, Conversation, Turn, Text, Query, Reject, Space, Vector, Run, Cluster, Assignment, SummarySet, Summary,
    Hierarchy, Node, Edit, LlmCall, Job,
)  # fmt: skip
