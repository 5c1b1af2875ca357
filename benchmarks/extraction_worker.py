"""Extracts examples on demand; benchmarks/extraction.py starts one of these for each side.

    python extraction_worker.py ours|peer SEQUENCES

SEQUENCES is a pickle: serialized NoteSequences by set. Each line on stdin, `CONFIG SET`, is
answered by a
line: the seconds that extraction took, and the number of examples. Runs on Python 3.8, too.
"""

import os
import pickle
import sys
import time
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")


def our_extraction(config):
    from musicvae.config import load_config
    from musicvae.converters import build_converter

    converter = build_converter(load_config(config).converter)
    return lambda sequence: len(converter.extract(sequence).examples)


def peer_extraction(config):
    from magenta.models.music_vae import configs

    converter = configs.CONFIG_MAP[config].data_converter
    converter.set_mode("eval")
    converter.max_tensors_per_notesequence = None
    return lambda sequence: len(converter.to_tensors(sequence)[0])


def note_sequence(side):
    if side == "ours":
        from musicvae.lazy_note_seq import NoteSequence
    else:
        import tensorflow.compat.v1 as tf

        tf.logging.set_verbosity("ERROR")
        from note_seq import NoteSequence
    return NoteSequence


def main(side, path):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    message = note_sequence(side)
    make = our_extraction if side == "ours" else peer_extraction
    with open(path, "rb") as file:
        sets = {
            name: [message.FromString(text) for text in texts]
            for name, texts in pickle.load(file).items()
        }
    made = {}
    for line in sys.stdin:
        config, name = line.split()
        if config not in made:
            made[config] = make(config)
        count_examples = made[config]
        started = time.perf_counter()
        examples = sum(count_examples(sequence) for sequence in sets[name])
        answers.write(f"{time.perf_counter() - started:.6f} {examples}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
