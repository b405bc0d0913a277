"""The schema, as ordered functions from the first version on.

`PRAGMA user_version` counts those that were applied. A function is never changed once released; the next change is a
new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from db import traits

MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = []

migration = MIGRATIONS.append


@migration
def m001_first(connection: sqlite3.Connection) -> None:
    """Every table of the design."""
    for statement in _FIRST.split(";\n"):
        if statement.strip():
            connection.execute(statement)


@migration
def m002_edits(connection: sqlite3.Connection) -> None:
    """What a person says of clusters and queries, and the edits with the images that undo them."""
    for statement in _EDITS.split(";\n"):
        if statement.strip():
            connection.execute(statement)


@migration
def m003_clio(connection: sqlite3.Connection) -> None:
    """Trees by a language model: what became of the work, what it cost, and where each node comes from.

    Apart from `node`, whose rows an edit may take away and bring back.
    """
    connection.execute("ALTER TABLE hierarchy ADD COLUMN status TEXT NOT NULL DEFAULT 'done'")
    connection.execute("ALTER TABLE hierarchy ADD COLUMN cost REAL NOT NULL DEFAULT 0")
    connection.execute(
        "CREATE TABLE node_origin (hierarchy_id INTEGER NOT NULL REFERENCES hierarchy(id) ON DELETE CASCADE,"
        ' "key" TEXT NOT NULL, prompt_hash TEXT NOT NULL, attempt INTEGER NOT NULL, problem TEXT NOT NULL,'
        ' placed TEXT NOT NULL, PRIMARY KEY (hierarchy_id, "key")) WITHOUT ROWID'
    )


@migration
def m004_facets(connection: sqlite3.Connection) -> None:
    """Facets: a value of each conversation, by a model, a file or the log itself."""
    connection.execute(
        "CREATE TABLE facet (id INTEGER PRIMARY KEY,"
        " dataset_id INTEGER NOT NULL REFERENCES dataset(id) ON DELETE CASCADE, name TEXT NOT NULL, source TEXT NOT NULL,"
        ' unit TEXT NOT NULL, kind TEXT NOT NULL, "values" TEXT NOT NULL, model TEXT NOT NULL, prompt_hash TEXT NOT NULL,'
        " parameters TEXT NOT NULL, cost REAL NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL,"
        " UNIQUE (dataset_id, name))"
    )
    connection.execute(
        "CREATE TABLE facet_value (facet_id INTEGER NOT NULL REFERENCES facet(id) ON DELETE CASCADE,"
        " conversation_id INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE, value TEXT, status TEXT NOT NULL,"
        " problem TEXT NOT NULL, prompt_hash TEXT NOT NULL, attempt INTEGER NOT NULL,"
        " PRIMARY KEY (facet_id, conversation_id)) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX facet_value_value ON facet_value (facet_id, value)")
    connection.execute("CREATE INDEX facet_value_conversation ON facet_value (conversation_id)")
    connection.execute("CREATE INDEX facet_value_prompt ON facet_value (prompt_hash)")


@migration
def m005_batches(connection: sqlite3.Connection) -> None:
    """Message Batches: what was put into which, and what became of it."""
    connection.execute(
        "CREATE TABLE llm_batch (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, provider_id TEXT,"
        " endpoint TEXT NOT NULL, model TEXT NOT NULL, purpose TEXT NOT NULL, command TEXT NOT NULL, status TEXT NOT NULL,"
        " requests INTEGER NOT NULL, newest TEXT NOT NULL, foreign_ids TEXT NOT NULL, guessed INTEGER NOT NULL, price TEXT,"
        " settled INTEGER NOT NULL, submitted_at TEXT NOT NULL, ended_at TEXT,"
        " UNIQUE (endpoint, provider_id))"
    )
    connection.execute(
        "CREATE TABLE llm_batch_item (id INTEGER PRIMARY KEY,"
        " batch_id INTEGER NOT NULL REFERENCES llm_batch(id) ON DELETE CASCADE, custom_id TEXT NOT NULL,"
        " prompt_hash TEXT NOT NULL, attempt INTEGER NOT NULL, vote INTEGER NOT NULL, request TEXT NOT NULL,"
        " status TEXT NOT NULL, problem TEXT NOT NULL, cost REAL, UNIQUE (batch_id, custom_id))"
    )
    connection.execute("CREATE INDEX llm_batch_item_key ON llm_batch_item (prompt_hash, attempt, vote)")


@migration
def m006_evaluations(connection: sqlite3.Connection) -> None:
    """Evaluations of runs, and sweeps over the number of clusters."""
    connection.execute(
        "CREATE TABLE evaluation (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
        " run_id INTEGER REFERENCES run(id) ON DELETE CASCADE,"
        " dataset_id INTEGER NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,"
        " space_id INTEGER NOT NULL REFERENCES space(id), summary_set TEXT, hierarchy TEXT, parameters TEXT NOT NULL,"
        " results TEXT NOT NULL, created_at TEXT NOT NULL)"
    )
    connection.execute("CREATE INDEX evaluation_run ON evaluation (run_id)")
    connection.execute("CREATE INDEX evaluation_dataset ON evaluation (dataset_id)")


@migration
def m007_saved_searches(connection: sqlite3.Connection) -> None:
    """Searches that people gave names."""
    connection.execute(
        "CREATE TABLE saved_search (name TEXT PRIMARY KEY, text TEXT NOT NULL, parameters TEXT NOT NULL,"
        " saved_by TEXT NOT NULL, saved_at TEXT NOT NULL) WITHOUT ROWID"
    )


@migration
def m008_maps(connection: sqlite3.Connection) -> None:
    """Maps of runs: where each text lies in two dimensions."""
    connection.execute(
        "CREATE TABLE projection (id INTEGER PRIMARY KEY,"
        " run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, method TEXT NOT NULL, parameters TEXT NOT NULL,"
        " seed INTEGER NOT NULL, status TEXT NOT NULL, texts INTEGER NOT NULL, text_ids BLOB NOT NULL,"
        " coordinates BLOB NOT NULL, created_at TEXT NOT NULL, UNIQUE (run_id, status))"
    )


@migration
def m009_jobs(connection: sqlite3.Connection) -> None:
    """Jobs have a file of their own, `db.jobs`, which can be written while a job holds this one; nothing stood here."""
    connection.execute("DROP TABLE job")


@migration
def m010_traits(connection: sqlite3.Connection) -> None:
    """What is counted of conversations beside the fields of the log, and how often each user came."""
    connection.execute(
        "CREATE TABLE trait (conversation_id INTEGER PRIMARY KEY REFERENCES conversation(id) ON DELETE CASCADE,"
        " answer_chars INTEGER, flagged INTEGER, toxic INTEGER, redacted INTEGER)"
    )
    connection.execute(
        'CREATE INDEX conversation_user ON conversation (dataset_id, "user") WHERE "user" IS NOT NULL'
    )
    traits.fill(connection)


@migration
def m011_log(connection: sqlite3.Connection) -> None:
    """What is counted by and filtered by, apart from the metadata that make rows of conversations long."""
    connection.execute(
        'CREATE INDEX conversation_log ON conversation (id, dataset_id, language, model, timestamp, "user", turns)'
    )


@migration
def m012_rejects(connection: sqlite3.Connection) -> None:
    """Which source a rejected row stands in, so that a line of another file is another row."""
    connection.execute("ALTER TABLE reject ADD COLUMN source TEXT NOT NULL DEFAULT ''")
    connection.execute(
        "UPDATE reject SET source = (SELECT source FROM dataset WHERE dataset.id = reject.dataset_id)"
    )
    connection.execute("DROP INDEX reject_dataset")
    connection.execute("CREATE UNIQUE INDEX reject_dataset ON reject (dataset_id, source, line, reason)")


def migrate(connection: sqlite3.Connection) -> int:
    """Apply what is missing, each in a transaction of its own; the number of migrations applied."""
    applied = 0
    for number, step in enumerate(MIGRATIONS, start=1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version(connection) < number:
                step(connection)
                connection.execute(f"PRAGMA user_version = {number}")
                applied += 1
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return applied


def version(connection: sqlite3.Connection) -> int:
    """How many migrations the store has seen."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


_FIRST = """
CREATE TABLE dataset (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, source TEXT NOT NULL, shape TEXT NOT NULL, mapping TEXT NOT NULL,
    fingerprint TEXT NOT NULL, conversations INTEGER NOT NULL, rejected INTEGER NOT NULL, loaded_at TEXT NOT NULL);
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY AUTOINCREMENT, dataset_id INTEGER NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
    external_id TEXT NOT NULL, model TEXT, language TEXT, timestamp TEXT, user TEXT, metadata TEXT NOT NULL,
    turns INTEGER NOT NULL, UNIQUE (dataset_id, external_id));
CREATE TABLE turn (
    conversation_id INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE, position INTEGER NOT NULL,
    role TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (conversation_id, position)) WITHOUT ROWID;
CREATE TABLE text (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, content TEXT NOT NULL);
CREATE VIRTUAL TABLE text_fts USING fts5(body, content='', prefix='2 3',
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '+#.'");
CREATE TABLE query (
    id INTEGER PRIMARY KEY AUTOINCREMENT, dataset_id INTEGER NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL UNIQUE REFERENCES conversation(id) ON DELETE CASCADE,
    text_id INTEGER NOT NULL REFERENCES text(id));
CREATE INDEX query_text ON query (text_id, dataset_id);
CREATE INDEX query_dataset ON query (dataset_id, text_id);
CREATE TABLE reject (
    id INTEGER PRIMARY KEY, dataset_id INTEGER NOT NULL REFERENCES dataset(id) ON DELETE CASCADE,
    line INTEGER NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL);
CREATE UNIQUE INDEX reject_dataset ON reject (dataset_id, line, reason);
CREATE TABLE space (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, model TEXT NOT NULL, origin TEXT NOT NULL,
    revision TEXT NOT NULL, dim INTEGER NOT NULL, dtype TEXT NOT NULL, texts INTEGER NOT NULL, checksum INTEGER NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE vector (
    space_id INTEGER NOT NULL REFERENCES space(id) ON DELETE CASCADE, text_id INTEGER NOT NULL REFERENCES text(id),
    "row" INTEGER NOT NULL, PRIMARY KEY (space_id, text_id)) WITHOUT ROWID;
CREATE INDEX vector_text ON vector (text_id);
CREATE UNIQUE INDEX vector_row ON vector (space_id, "row");
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, label TEXT NOT NULL, description TEXT NOT NULL,
    algorithm TEXT NOT NULL, parameters TEXT NOT NULL, seed INTEGER NOT NULL,
    dataset_id INTEGER NOT NULL REFERENCES dataset(id) ON DELETE CASCADE, space_id INTEGER NOT NULL REFERENCES space(id),
    filter TEXT NOT NULL, status TEXT NOT NULL, reasons TEXT NOT NULL, metrics TEXT NOT NULL,
    code_version TEXT NOT NULL, summary_set INTEGER, hierarchy INTEGER, created_at TEXT NOT NULL);
CREATE INDEX run_dataset ON run (dataset_id);
CREATE TABLE name_used (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE cluster (
    run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, number INTEGER NOT NULL, kind TEXT NOT NULL,
    size INTEGER NOT NULL, texts INTEGER NOT NULL, coherence REAL, medoid_id INTEGER REFERENCES text(id), centroid BLOB,
    neighbours TEXT NOT NULL, central TEXT NOT NULL, boundary TEXT NOT NULL, outside TEXT NOT NULL, halves TEXT,
    title TEXT, description TEXT, tags TEXT NOT NULL, flags TEXT NOT NULL, notes TEXT NOT NULL,
    PRIMARY KEY (run_id, number)) WITHOUT ROWID;
CREATE INDEX cluster_medoid ON cluster (medoid_id);
CREATE TABLE assignment (
    run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    query_id INTEGER NOT NULL REFERENCES query(id) ON DELETE CASCADE, cluster INTEGER NOT NULL, distance REAL,
    probability REAL, is_noise INTEGER NOT NULL, PRIMARY KEY (run_id, query_id)) WITHOUT ROWID;
CREATE INDEX assignment_cluster ON assignment (run_id, cluster, query_id);
CREATE INDEX assignment_query ON assignment (query_id);
CREATE TABLE summary_set (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    alias TEXT NOT NULL, model TEXT NOT NULL, prompt_hash TEXT NOT NULL, parameters TEXT NOT NULL, cost REAL NOT NULL,
    status TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX summary_set_run ON summary_set (run_id);
CREATE TABLE summary (
    summary_set_id INTEGER NOT NULL REFERENCES summary_set(id) ON DELETE CASCADE, cluster INTEGER NOT NULL,
    title TEXT NOT NULL, description TEXT NOT NULL, form TEXT NOT NULL, coherence INTEGER, phrases TEXT NOT NULL,
    phrase_shares TEXT NOT NULL, cited TEXT NOT NULL, vector BLOB, reason TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'named', problem TEXT NOT NULL DEFAULT '', prompt_hash TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (summary_set_id, cluster)) WITHOUT ROWID;
CREATE TABLE hierarchy (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    summary_set_id INTEGER NOT NULL REFERENCES summary_set(id) ON DELETE CASCADE, method TEXT NOT NULL,
    parameters TEXT NOT NULL, levels INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX hierarchy_run ON hierarchy (run_id);
CREATE INDEX hierarchy_summary_set ON hierarchy (summary_set_id);
CREATE TABLE node (
    hierarchy_id INTEGER NOT NULL REFERENCES hierarchy(id) ON DELETE CASCADE, "key" TEXT NOT NULL, parent TEXT,
    position INTEGER NOT NULL, level INTEGER NOT NULL, kind TEXT NOT NULL, cluster INTEGER, title TEXT NOT NULL,
    description TEXT NOT NULL, fit REAL, low_fit INTEGER NOT NULL, coherence REAL, size INTEGER NOT NULL,
    PRIMARY KEY (hierarchy_id, "key")) WITHOUT ROWID;
CREATE INDEX node_parent ON node (hierarchy_id, parent, position);
CREATE INDEX node_cluster ON node (hierarchy_id, cluster);
CREATE TABLE edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER REFERENCES run(id) ON DELETE CASCADE, kind TEXT NOT NULL,
    actor TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    undone_by INTEGER);
CREATE INDEX edit_run ON edit (run_id, id);
CREATE TABLE llm_call (
    id INTEGER PRIMARY KEY, purpose TEXT NOT NULL, prompt_hash TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,
    attempt INTEGER NOT NULL, vote INTEGER NOT NULL, request TEXT NOT NULL, response TEXT, status TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cost REAL, latency REAL NOT NULL, at TEXT NOT NULL);
CREATE UNIQUE INDEX llm_call_answered ON llm_call (prompt_hash, model, attempt, vote) WHERE status = 'answered';
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, parameters TEXT NOT NULL, actor TEXT NOT NULL,
    pid INTEGER NOT NULL, stage TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL, status TEXT NOT NULL,
    message TEXT NOT NULL, started_at TEXT NOT NULL, heartbeat TEXT NOT NULL);
"""

_EDITS = """
ALTER TABLE cluster ADD COLUMN title_vector BLOB;
ALTER TABLE cluster ADD COLUMN quality INTEGER;
ALTER TABLE cluster ADD COLUMN reviewed TEXT NOT NULL DEFAULT '';
CREATE TABLE query_flag (
    run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    query_id INTEGER NOT NULL REFERENCES query(id) ON DELETE CASCADE, flag TEXT NOT NULL,
    PRIMARY KEY (run_id, query_id, flag)) WITHOUT ROWID;
CREATE INDEX query_flag_query ON query_flag (query_id);
DROP TABLE edit;
CREATE TABLE edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
    kind TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, parameters TEXT NOT NULL,
    summary TEXT NOT NULL, moved INTEGER NOT NULL, target INTEGER, applied INTEGER NOT NULL, undone_by INTEGER);
CREATE INDEX edit_run ON edit (run_id, id);
CREATE INDEX edit_actor ON edit (actor, id);
CREATE INDEX edit_target ON edit (target) WHERE target IS NOT NULL;
CREATE TABLE edit_assignment (
    edit_id INTEGER NOT NULL REFERENCES edit(id) ON DELETE CASCADE, query_id INTEGER NOT NULL,
    cluster_before INTEGER NOT NULL, distance_before REAL, probability_before REAL, is_noise_before INTEGER NOT NULL,
    cluster_after INTEGER NOT NULL, distance_after REAL, probability_after REAL, is_noise_after INTEGER NOT NULL,
    PRIMARY KEY (edit_id, query_id)) WITHOUT ROWID;
CREATE INDEX edit_assignment_query ON edit_assignment (query_id, edit_id);
CREATE TABLE edit_cluster (
    edit_id INTEGER NOT NULL REFERENCES edit(id) ON DELETE CASCADE, side INTEGER NOT NULL, members TEXT,
    run_id INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL,
    size INTEGER NOT NULL, texts INTEGER NOT NULL, coherence REAL, medoid_id INTEGER, centroid BLOB,
    neighbours TEXT NOT NULL, central TEXT NOT NULL, boundary TEXT NOT NULL, outside TEXT NOT NULL, halves TEXT,
    title TEXT, description TEXT, tags TEXT NOT NULL, flags TEXT NOT NULL, notes TEXT NOT NULL,
    title_vector BLOB, quality INTEGER, reviewed TEXT NOT NULL, PRIMARY KEY (edit_id, side, number)) WITHOUT ROWID;
CREATE INDEX edit_cluster_number ON edit_cluster (run_id, number, edit_id);
CREATE TABLE edit_node (
    edit_id INTEGER NOT NULL REFERENCES edit(id) ON DELETE CASCADE, side INTEGER NOT NULL,
    hierarchy_id INTEGER NOT NULL, "key" TEXT NOT NULL, parent TEXT,
    position INTEGER NOT NULL, level INTEGER NOT NULL, kind TEXT NOT NULL, cluster INTEGER, title TEXT NOT NULL,
    description TEXT NOT NULL, fit REAL, low_fit INTEGER NOT NULL, coherence REAL, size INTEGER NOT NULL,
    PRIMARY KEY (edit_id, side, hierarchy_id, "key")) WITHOUT ROWID;
CREATE INDEX edit_node_key ON edit_node (hierarchy_id, "key", edit_id);
CREATE TABLE edit_query_flag (
    edit_id INTEGER NOT NULL REFERENCES edit(id) ON DELETE CASCADE, side INTEGER NOT NULL,
    run_id INTEGER NOT NULL, query_id INTEGER NOT NULL, flag TEXT NOT NULL,
    PRIMARY KEY (edit_id, side, run_id, query_id, flag)) WITHOUT ROWID;
CREATE INDEX edit_query_flag_query ON edit_query_flag (query_id, edit_id);
"""
