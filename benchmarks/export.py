"""How large is each exported format, how fast does it decode, and how soon does it play?

    python benchmarks/export.py --sizes                 # of every model that ships
    python benchmarks/export.py [--only NAME] [--batches 1,8]
    python benchmarks/export.py --start                 # from process start to the first notes

Times are those of the decoder alone with given z and noise, the median of seven calls after a first
one, in a process of its own each, on all cores; TensorFlow is `MusicVAE.decode`, as
`musicvae-generate` calls it. --start is the wall clock of a new process that loads a model and
decodes one piece to its steps: onnxruntime on decoder.onnx, beside `musicvae-generate` to a MIDI
file.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import common
import numpy as np

from musicvae.errors import MusicVAEError
from musicvae.export import FORMATS, export_model
from musicvae.export.source import read_source
from musicvae.model_choice import choose_model, shipped_models

CASES = ("cat-drums_2bar_small", "groovae_2bar_humanize", "hierdec-trio_16bar_small")
RUNTIMES = ("tensorflow", "onnx", "tflite", "savedmodel")
CALLS, ROUNDS = 7, 3
FIRST_NOTES = """
import json, sys, numpy as np, onnxruntime
folder = sys.argv[1]
model = json.load(open(f"{folder}/model.json"))
session = onnxruntime.InferenceSession(f"{folder}/decoder.onnx")
rng = np.random.default_rng(1)
shape = (1, model["num_steps"], model["decoder"]["inputs"]["noise"]["shape"][-1])
z = rng.standard_normal((1, model["z_size"])).astype(np.float32)
noise = rng.gumbel(size=shape).astype(np.float32)
session.run(None, {"z": z, "noise": noise, "temperature": np.array(0.5, np.float32)})
"""


def print_sizes() -> None:
    """Prints a table of the sizes of the models that ship, in MB."""
    kinds = "magenta-js | ONNX | TFLite | SavedModel | ONNX, float16, decoder alone"
    print(f"| model | TensorFlow's weights | {kinds} |")
    print("|---|---|---|---|---|---|---|")
    for name in shipped_models():
        row = [f"{read_source(choose_model(name)).size / 1e6:.1f}"]
        row += [_size(name, kind) for kind in ("magenta-js", "onnx", "tflite", "savedmodel")]
        row.append(_size(name, "onnx", quantization="float16", decoder_only=True))
        print(f"| {name} | {' | '.join(row)} |", flush=True)


def _size(name: str, kind: Any, **options: Any) -> str:
    """Returns the size of an export in MB; of the decoder alone where the encoder does not fit."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return f"{export_model(choose_model(name), kind, folder, **options).size / 1e6:.1f}"
        except MusicVAEError:
            size = export_model(choose_model(name), kind, folder, decoder_only=True).size
            return f"{size / 1e6:.1f} (decoder)"


def decoder(name: str, runtime: str, folder: str) -> Any:
    """Returns a function of z, noise and temperature that decodes in a runtime."""
    if runtime == "tensorflow":
        from musicvae.generate import TrainedModel

        model = TrainedModel(name, 64, decoder_only=True)
        length = model.config.hparams.max_seq_len
        return lambda given: model.network.decode(
            given["z"], length, temperature=given["temperature"], seed=[1, 2]
        ).outputs.numpy()
    if runtime == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(f"{folder}/decoder.onnx")
        return lambda given: session.run(None, given)
    if runtime == "tflite":
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(f"{folder}/decoder.tflite")
        runner = interpreter.get_signature_runner()
        return lambda given: runner(**given)
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)
    return lambda given: {
        key: value.numpy()
        for key, value in loaded.signatures["decode"](
            **{key: tf.constant(value) for key, value in given.items()}
        ).items()
    }


def measure(name: str, runtime: str, folder: str, batch: int) -> None:
    """Prints the seconds of seven calls as JSON."""
    described = json.loads((pathlib.Path(folder) / "model.json").read_text())
    generator = np.random.default_rng(1)
    shape = (batch, described["num_steps"], described["decoder"]["inputs"]["noise"]["shape"][-1])
    given = {
        "z": generator.standard_normal((batch, described["z_size"])).astype(np.float32),
        "noise": generator.uniform(0.01, 0.99, shape).astype(np.float32),
        "temperature": np.array(0.5, np.float32),
    }
    decode = decoder(name, runtime, folder)
    seconds = []
    for _ in range(CALLS + 1):
        start = time.perf_counter()
        decode(given)
        seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds[1:]))


def print_times(names: list[str], batches: list[int]) -> None:
    """Prints a line for each model, batch and runtime; runtimes take turns."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for kind in FORMATS[1:]:
                export_model(choose_model(name), kind, f"{folder}/{kind}", decoder_only=True)
            for batch in batches:
                seconds: dict[str, list[float]] = {runtime: [] for runtime in RUNTIMES}
                for _ in range(ROUNDS):
                    for runtime in RUNTIMES:
                        kind = "onnx" if runtime == "tensorflow" else runtime
                        call = ["--child", name, runtime, f"{folder}/{kind}", str(batch)]
                        done = subprocess.run(
                            [sys.executable, __file__, *call],
                            stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL,
                            check=True,
                        )
                        seconds[runtime] += json.loads(done.stdout.splitlines()[-1])
                for runtime, times in seconds.items():
                    middle = 1e3 * statistics.median(times)
                    spread = f"{1e3 * min(times):.1f} to {1e3 * max(times):.1f}"
                    print(f"{name}, batch {batch}, {runtime}: {middle:.1f} ms ({spread})")


def print_start(name: str) -> None:
    """Prints how long a new process takes to its first notes, ONNX beside TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        export_model(choose_model(name), "onnx", folder, decoder_only=True)

        def onnx() -> float:
            return _wall([sys.executable, "-c", FIRST_NOTES, folder])

        def tensorflow() -> float:
            module = ["-m", "musicvae.cli.generate", f"--config={name}", "--num_outputs=1"]
            return _wall([sys.executable, *module, f"--output_dir={folder}/out"])

        ours, theirs = common.in_turn(onnx, tensorflow, 2 * ROUNDS)
    for what, times in (("onnxruntime", ours), ("musicvae-generate", theirs)):
        spread = f"{min(times):.2f} to {max(times):.2f}"
        print(f"{name}, first notes, {what}: {statistics.median(times):.2f} s ({spread})")


def _wall(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measures what the flags ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    flags = parser.parse_args()
    if flags.child:
        name, runtime, folder, batch = flags.child
        measure(name, runtime, folder, int(batch))
        return
    if flags.sizes:
        print_sizes()
        return
    print(common.machine_line())
    print(common.versions_line("tensorflow", "numpy", "onnxruntime", "ai-edge-litert"))
    if flags.start:
        print_start(flags.only or CASES[0])
        return
    batches = [int(batch) for batch in flags.batches.split(",")]
    print_times([flags.only] if flags.only else list(CASES), batches)


if __name__ == "__main__":
    main()
