"""fetches trained models that others published into a cache.

    musicvae-download groovae_4bar
    musicvae-download https://example.org/my_model.tar
    musicvae-download --list

A download that breaks off goes on where it stopped. `musicvae-generate --checkpoint_file=NAME` does
the same by itself. The cache is the folder that the environment variable MUSICVAE_CACHE names.
"""

from __future__ import annotations

from absl import flags

from musicvae.cli.document import append
from musicvae.cli.flags import command_flags, define_path, run_command
from musicvae.errors import InputError

FLAGS = command_flags()
define_path("cache_dir", None, "Cache folder; the user's by default.", FLAGS)
flags.DEFINE_integer(
    "max_megabytes", 4096, "Largest file that is downloaded, in MB.", 1, flag_values=FLAGS
)
flags.DEFINE_float(
    "max_hours", 12.0, "Longest download; it resumes the next time.", 0.0, 1000.0, flag_values=FLAGS
)
flags.DEFINE_boolean("list", False, "List the models that Magenta published.", flag_values=FLAGS)

_NAME = "musicvae-download"


def main(names: list[str]) -> int:
    """Fetches each model and prints where it is."""
    from musicvae import download
    from musicvae.cli.progress import ProgressLine, is_quiet

    if FLAGS["list"].value:
        for name, description in download.PUBLISHED.items():
            print(f"{name:34}{description}")
            append("models", {"name": name, "description": description})
        return 0
    if not names:
        raise InputError("no model named; `musicvae-download --list` shows those of Magenta")
    for name in names:
        download.address_of(name)
    values = FLAGS.flag_values_dict()
    for name in names:
        line = ProgressLine(quiet=is_quiet(values["log"]))
        try:
            path = download.fetch(
                name,
                folder=values["cache_dir"],
                on_progress=line.show_bytes,
                max_megabytes=values["max_megabytes"],
                max_hours=values["max_hours"],
            )
        finally:
            line.close()
        print(path)
        append("files", path)
    return 0


def run() -> None:
    """Runs the command."""
    run_command(_NAME, __doc__, FLAGS, main, takes_arguments=True)


if __name__ == "__main__":
    run()
