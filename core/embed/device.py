"""Where a model runs: `auto`, `cpu` or `cuda`, answered without importing onnxruntime unless a GPU build is there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from core.errors import ActionError

DEVICES = ("auto", "cpu", "cuda")
GPU_HINT = (
    "Use device=cpu, or replace the package onnxruntime by onnxruntime-gpu (uv pip uninstall onnxruntime; "
    "uv pip install onnxruntime-gpu) on a machine with an NVIDIA driver, CUDA 12 and cuDNN 9."
)


def gpu_build() -> bool:
    """Whether the installed onnxruntime is one that can talk to CUDA at all."""
    spec = find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        return False
    libraries = Path(spec.origin).parent / "capi"
    return any(libraries.glob("*onnxruntime_providers_cuda*"))


def check_device(device: str) -> str:
    """`device` in its known spelling.

    Raises:
        ActionError: `bad_parameter` for another word; `no_gpu` where `cuda` is asked and onnxruntime has no CUDA.
    """
    word = device.strip().lower()
    word = {"gpu": "cuda", "": "auto"}.get(word, word)
    if word not in DEVICES:
        raise ActionError("bad_parameter", f"Unknown device {device!r}.", f"Devices: {', '.join(DEVICES)}.")
    if word == "cuda" and not gpu_build():
        raise ActionError("no_gpu", "The installed onnxruntime cannot use a GPU.", GPU_HINT)
    return word


def cpu_only(device: str, name: str) -> None:
    """Refuse `cuda` for a model that has no GPU form.

    Raises:
        ActionError: `no_gpu`.
    """
    if device == "cuda":
        raise ActionError("no_gpu", f"The model {name} runs on the CPU only.", "Leave device out.")
