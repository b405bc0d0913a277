"""The tables that tell how a store came to be, as Peewee sees them: edits and calls to models."""

from __future__ import annotations

from peewee import AutoField, BlobField, CompositeKey, FloatField, ForeignKeyField, IntegerField, TextField

from db.models import Run, Table


class Edit(Table):
    """Append-only: what was done, by whom, when, why; `parameters` are those of the action that does it again, JSON.

    `target` is the edit that an `undo` or a `redo` is about, `applied` the edit or the redo that last put it in force,
    `undone_by` the undo that took it back. Append-only but for these two.
    """

    id = AutoField()
    run = ForeignKeyField(Run, on_delete="CASCADE")
    kind = TextField()
    actor = TextField()
    at = TextField()
    reason = TextField()
    parameters = TextField()
    summary = TextField()
    moved = IntegerField()
    target = IntegerField(null=True)
    applied = IntegerField()
    undone_by = IntegerField(null=True)


class EditAssignment(Table):
    """Where an edit moved a query from, and where to."""

    edit = ForeignKeyField(Edit, on_delete="CASCADE")
    query_id = IntegerField()
    cluster_before = IntegerField()
    distance_before = FloatField(null=True)
    probability_before = FloatField(null=True)
    is_noise_before = IntegerField()
    cluster_after = IntegerField()
    distance_after = FloatField(null=True)
    probability_after = FloatField(null=True)
    is_noise_after = IntegerField()

    class Meta:
        primary_key = CompositeKey("edit", "query_id")


class EditCluster(Table):
    """A row of `cluster` before (`side` 0) or after (1) an edit that changed it; `members` stands for its queries then."""

    edit = ForeignKeyField(Edit, on_delete="CASCADE")
    side = IntegerField()
    members = TextField(null=True)
    run_id = IntegerField()
    number = IntegerField()
    kind = TextField()
    size = IntegerField()
    texts = IntegerField()
    coherence = FloatField(null=True)
    medoid_id = IntegerField(null=True)
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
    reviewed = TextField()

    class Meta:
        primary_key = CompositeKey("edit", "side", "number")


class EditNode(Table):
    """A row of `node` before (`side` 0) or after (1) an edit that changed it."""

    edit = ForeignKeyField(Edit, on_delete="CASCADE")
    side = IntegerField()
    hierarchy_id = IntegerField()
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
        primary_key = CompositeKey("edit", "side", "hierarchy_id", "key")


class EditQueryFlag(Table):
    """A mark on a query before (`side` 0) or after (1) an edit."""

    edit = ForeignKeyField(Edit, on_delete="CASCADE")
    side = IntegerField()
    run_id = IntegerField()
    query_id = IntegerField()
    flag = TextField()

    class Meta:
        primary_key = CompositeKey("edit", "side", "run_id", "query_id", "flag")


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


class LlmBatch(Table):
    """A Message Batch: `command` is the action that made it (JSON), `newest` the provider's newest batch before it.

    Without `provider_id` its receipt has not arrived; `guessed` says that the id was found in the provider's list, and
    `foreign_ids` (JSON) which ids turned out to be others'. `price` is that of a batch, dollars per million tokens (JSON).
    `settled`: the work that asked is done.
    """

    id = AutoField()
    name = TextField(unique=True)
    provider_id = TextField(null=True)
    endpoint = TextField()
    model = TextField()
    purpose = TextField()
    command = TextField()
    status = TextField()
    requests = IntegerField()
    newest = TextField()
    foreign_ids = TextField()
    guessed = IntegerField()
    price = TextField(null=True)
    settled = IntegerField()
    submitted_at = TextField()
    ended_at = TextField(null=True)


class LlmBatchItem(Table):
    """A request of a batch, for one call's key; the body is blanked when its result is in the journal of calls."""

    id = AutoField()
    batch = ForeignKeyField(LlmBatch, on_delete="CASCADE")
    custom_id = TextField()
    prompt_hash = TextField()
    attempt = IntegerField()
    vote = IntegerField()
    request = TextField()
    status = TextField()
    problem = TextField()
    cost = FloatField(null=True)


JOURNAL: tuple[type[Table], ...] = (
    Edit, EditAssignment, EditCluster, EditNode, EditQueryFlag, LlmCall, LlmBatch, LlmBatchItem,
)  # fmt: skip
