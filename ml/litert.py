"""Running `.tflite` networks with LiteRT. An interpreter is not thread-safe, so each thread has its own."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from ml.types import Floats


class LiteModel:
    """A network in the `.tflite` format, called with one float32 array."""

    def __init__(self, content: bytes, *, batch_size: int = 1, threads: int = 1) -> None:
        """Keep the model; the interpreter is made at a thread's first call.

        Args:
            content: The `.tflite` file's bytes.
            batch_size: First dimension of every input.
            threads: CPU threads of one call.
        """
        self._content = content
        self._batch_size = batch_size
        self._threads = threads
        self._local = threading.local()

    def __call__(self, inputs: Floats) -> list[Floats]:
        """Run the network on float32 (batch_size, ...) and return every output, in the file's order."""
        interpreter = self._interpreter()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], inputs)
        interpreter.invoke()
        return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]

    def _interpreter(self) -> Interpreter:
        if not hasattr(self._local, "interpreter"):
            self._local.interpreter = self._build()
        return self._local.interpreter

    def _build(self) -> Interpreter:
        with _native_stderr_muted():
            interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
            details = interpreter.get_input_details()[0]
            shape = [self._batch_size, *(int(n) for n in details["shape"][1:])]
            if shape != [int(n) for n in details["shape"]]:
                interpreter.resize_tensor_input(details["index"], shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(details["index"], np.zeros(shape, np.float32))
            interpreter.invoke()
        return interpreter


_mute_lock = threading.Lock()


@contextmanager
def _native_stderr_muted() -> Iterator[None]:
    """Keep LiteRT's INFO lines, which C++ writes straight to descriptor 2, out of commands and tests."""
    with _mute_lock:
        sys.stderr.flush()
        kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(nowhere)
            os.close(kept)
