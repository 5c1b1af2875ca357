"""writes a trained model for a web page, a phone, a Raspberry Pi or a plug-in.

    musicvae-export --config=cat-drums_2bar_small --format=magenta-js --output_dir=drums
    musicvae-export --config=cat-mel_2bar_small --demo --output_dir=page
    musicvae-export --run_dir=run --format=onnx --decoder_only --output_dir=plugin

Formats (--format):
  magenta-js   for @magenta/music in a web page or Node
  onnx         encoder.onnx, decoder.onnx, prior.onnx, for onnxruntime and onnxruntime-web
  tflite       encoder.tflite, decoder.tflite, prior.tflite, for LiteRT (ai-edge-litert)
  savedmodel   for TensorFlow: the signatures encode, decode and draw

The prior is there where the model has a learned one. The last three come with model.json, which
says what goes in, what comes out and how steps become notes. docs/export.md has programs that use
them.
"""

from __future__ import annotations

import os

from absl import flags, logging

from musicvae.cli.document import record
from musicvae.cli.flags import command_flags, define_path, require_flags, run_command
from musicvae.cli.model_loading import define_choice_flags, define_prior

_NAME = "musicvae-export"
_FORMATS = ("magenta-js", "onnx", "tflite", "savedmodel")

FLAGS = command_flags()
define_choice_flags(FLAGS)
flags.DEFINE_boolean("list_configs", False, "List all configurations.", flag_values=FLAGS)
flags.DEFINE_enum("format", None, _FORMATS, "File format; see above.", flag_values=FLAGS)
define_path("output_dir", None, "Folder to write to; created if missing.", FLAGS)
flags.DEFINE_enum(
    "quantize",
    None,
    ["float32", "float16", "uint16", "uint8"],
    "Type of stored weights; float16 for magenta-js and float32 for the others by default.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "decoder_only",
    False,
    "Leave out the encoder: half the size, enough to sample and decode.",
    flag_values=FLAGS,
)
flags.DEFINE_boolean(
    "demo",
    False,
    "Write a web page that plays the model, too; implies --format=magenta-js.",
    flag_values=FLAGS,
)
define_prior(FLAGS, "new music is")


def main(_: list[str]) -> int:
    """Exports the model and says what was written."""
    values = FLAGS.flag_values_dict()
    if values["list_configs"]:
        from musicvae.cli.config_list import print_configs

        print_configs()
        return 0
    values["format"] = values["format"] or ("magenta-js" if values["demo"] else None)
    require_flags(FLAGS, *([] if values["format"] else ["format"]), "output_dir")
    from musicvae.model_choice import choose_model
    from musicvae.tensorflow_start import quiet_start

    choice = choose_model(
        values["config"], values["run_dir"], values["checkpoint_file"], values["hparams"]
    )
    logging.info("exporting %s from %s", choice.config.name, choice.checkpoint)
    with quiet_start():
        from musicvae.export import export_model

        exported = export_model(
            choice,
            values["format"],
            values["output_dir"],
            quantization=values["quantize"],
            decoder_only=values["decoder_only"],
            demo=values["demo"],
            prior=values["prior"],
        )
    for note in exported.notes:
        logging.info("%s", note)
    names = ", ".join(os.path.relpath(file, values["output_dir"]) for file in exported.files)
    if values["demo"]:
        folder = values["output_dir"]
        print(
            f"To play it: python3 -m http.server --directory {folder}, then http://localhost:8000"
        )
    record(
        model={"config": choice.config.name, "checkpoint": choice.checkpoint},
        format=values["format"],
        files=exported.files,
        bytes=exported.size,
    )
    print(f"{exported.size / 1e6:.1f} MB written to {values['output_dir']}: {names}")
    return 0


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
