"""The one door to fastembed: the libraries below it are told to send nothing home and to print nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastembed import TextEmbedding


def text_embedding() -> type[TextEmbedding]:
    """fastembed's `TextEmbedding`; the first call imports it (a second).

    From 1.29 on, onnxruntime's official Linux builds report model names and device data to their maker unless
    `ORT_DISABLE_TELEMETRY` is set when they load, and write an id into the home folder for it. Chat logs are read
    here, so it is set; a value that the user gave is left.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from fastembed import TextEmbedding
    from loguru import logger

    logger.disable("fastembed")
    kind: type[TextEmbedding] = TextEmbedding
    return kind


def quiet_onnxruntime() -> None:
    """Only fatal messages: a fallback to the CPU is told by us, and a broken file raises."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)


def first_line(error: Exception) -> str:
    """What a library's exception says, short enough for a message."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
