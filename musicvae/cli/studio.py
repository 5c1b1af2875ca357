"""opens the studio: a page in the browser to play a model's latent space.

    musicvae-studio
    musicvae-studio --config=cat-mel_2bar_small
    musicvae-studio --run_dir=run --port=8080 --no-open
    musicvae-studio --style=mine.style.npz

The page plays samples, morphs between your own files, plays drums with feeling, and sends MIDI to
any program. Everything stays on this machine: the server listens on 127.0.0.1 and uses no network.
The same server is a JSON API for other programs; its address /api lists it. Ctrl-C ends it.
"""

from __future__ import annotations

import logging as python_logging
import os
import sys
from typing import TYPE_CHECKING, Any

from absl import flags

from musicvae.cli.document import publish, record
from musicvae.cli.flags import command_flags, define_path, run_command
from musicvae.cli.model_loading import define_model_flags, load_chosen_model

if TYPE_CHECKING:
    from musicvae.generate import TrainedModel
    from musicvae.model_choice import ModelChoice
    from musicvae.studio.models import GivenStyle

DEFAULT_CONFIG = "cat-drums_2bar_small"

FLAGS = command_flags()
define_model_flags(FLAGS, batch_size=32)
flags.DEFINE_integer(
    "port",
    8000,
    "Port to listen on; the next free one if it is taken.",
    0,
    65_535,
    flag_values=FLAGS,
)
define_path(
    "style",
    None,
    "Style to play within: a file from musicvae-style; its model is loaded where none is named.",
    FLAGS,
)
flags.DEFINE_boolean("open", True, "Open the page in the browser.", flag_values=FLAGS)

_NAME = "musicvae-studio"


def main(_: list[str]) -> int:
    """Loads the model, opens the page and serves until Ctrl-C."""
    from musicvae.errors import MissingExtraError
    from musicvae.model_choice import choose_model

    values = FLAGS.flag_values_dict()
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as missing:
        raise MissingExtraError("the studio", "fastapi and uvicorn", "studio") from missing
    style = _given_style(values["style"])
    given = values["config"] or values["run_dir"] or values["checkpoint_file"]
    usual = DEFAULT_CONFIG if style is None else style.style.config
    config = values["config"] if given else usual
    choice = choose_model(config, values["run_dir"], values["checkpoint_file"], values["hparams"])
    return _serve(choice, style, values)


def _given_style(path: str | None) -> GivenStyle | None:
    if path is None:
        return None
    from musicvae.studio.models import GivenStyle
    from musicvae.styles import load_style

    return GivenStyle(load_style(path), os.path.basename(path))


def _serve(choice: ModelChoice, style: GivenStyle | None, values: dict[str, Any]) -> int:
    from musicvae.studio.serving import StudioServer, free_socket, open_soon
    from musicvae.studio.session import Studio

    # Several encoders of different shapes are no mistake here.
    python_logging.getLogger("tensorflow").setLevel(python_logging.ERROR)

    def load(chosen: ModelChoice) -> TrainedModel:
        if "tensorflow" not in sys.modules:
            return load_chosen_model(chosen, {**values, "seed": None})
        from musicvae.generate import TrainedModel

        return TrainedModel(
            chosen.config,
            values["max_batch_size"],
            chosen.checkpoint,
            device=values["device"],
            keep_hparams=chosen.keep_hparams,
        )

    listener = free_socket(values["port"])
    server = StudioServer(studio := Studio(choice, load, style), listener)
    if values["port"] not in (0, server.port):
        print(f"port {values['port']} is not free; the studio uses {server.port}")
    try:
        studio.models.get()
        print(f"The studio is at {server.address} (Ctrl-C ends it)", flush=True)
        record(address=server.address)
        publish()
        if values["open"]:
            open_soon(server.address)
        server.run()
    except KeyboardInterrupt:
        print("\nThe studio is closed.")
    return 0


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main)


if __name__ == "__main__":
    run()
