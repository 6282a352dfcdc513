"""A neural network in an ONNX file, run on the CPU: the door to onnxruntime, which no other file imports."""

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class OnnxNetwork:
    """Loaded; it takes one picture at a time."""

    def __init__(self, model: bytes) -> None:
        """`model` is the content of an ONNX file with one input."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # there is a process for each core
        options.inter_op_num_threads = 1
        # It would plan the memory of each size of picture anew, and take twice as much.
        options.enable_mem_pattern = False
        options.log_severity_level = 3  # errors
        self._session: Any = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def outputs_of(self, picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """By name. `picture` has the dimensions 1 × channels × height × width."""
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, {self._input: picture}), strict=True))
