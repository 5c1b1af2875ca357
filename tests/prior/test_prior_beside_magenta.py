"""Magenta 2.1.4 samples from what has a learned prior: it takes the weights and sees no prior.

Set MUSICVAE_PEER to the interpreter of an environment with Magenta 2.1.4 to run this.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

from musicvae.formats.midi import midi_to_note_sequence
from musicvae.generate import TrainedModel
from musicvae.model_choice import shipped_models
from musicvae.prior import prior_path

NAME = "cat-drums_2bar_small"
_PEER = os.environ.get("MUSICVAE_PEER")


def unpacked(folder: pathlib.Path) -> pathlib.Path:
    """The shipped archive's files with the prior beside them, as a run folder has them."""
    archive = shipped_models()[NAME]
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    [index] = folder.glob("*.index")
    prefix = index.with_suffix("")
    shutil.copy(prior_path(archive), prior_path(prefix))
    return prefix


def checkpoint(kind: str, folder: pathlib.Path) -> pathlib.Path:
    """The shipped model with its prior beside the archive, inside it, or beside plain files."""
    if kind == "beside":
        archive = shipped_models()[NAME]
        for path in (archive, prior_path(archive)):
            shutil.copy(path, folder)
        return folder / archive.name
    prefix = unpacked(folder / "files")
    if kind == "files":
        return prefix
    archive = folder / f"{NAME}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(prefix.parent.iterdir()):
            tar.add(path, path.name)
    return archive


@pytest.mark.slow
@pytest.mark.skipif(not _PEER, reason="MUSICVAE_PEER does not name Magenta's interpreter")
@pytest.mark.parametrize("kind", ["beside", "inside", "files"])
def test_magenta_samples_from_a_checkpoint_with_a_learned_prior(kind, tmp_path) -> None:
    path = checkpoint(kind, tmp_path)
    assert TrainedModel(NAME, 2, path).prior is not None
    command = pathlib.Path(str(_PEER)).parent / "music_vae_generate"
    made = subprocess.run(
        [
            *(command, f"--config={NAME}", f"--checkpoint_file={path}", "--mode=sample"),
            *("--num_outputs=2", f"--output_dir={tmp_path / 'out'}", "--log=ERROR"),
        ],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    written = sorted((tmp_path / "out").glob("*.mid"))
    assert len(written) == 2
    for file in written:
        assert midi_to_note_sequence(file.read_bytes()).notes
