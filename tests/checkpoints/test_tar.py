"""Tars of any honest shape open; hostile ones are refused with one line and write nothing."""

from __future__ import annotations

import gzip
import io
import os
import pathlib
import shutil
import tarfile
import tempfile

import pytest
from small_model import WEIGHTS

from musicvae.checkpoints import open_checkpoint
from musicvae.errors import CheckpointError
from musicvae.formats import tar as archive_module

TERABYTE = 2**40


def _pack(path: pathlib.Path, folder: pathlib.Path, arcname: str, steps: tuple[int, ...]) -> None:
    mode = "w:gz" if path.suffix in (".gz", ".tgz") else "w"
    with tarfile.open(path, mode) as tar:
        if arcname:
            tar.add(folder, arcname, recursive=False)
        for step in steps:
            for file in sorted(folder.glob(f"model.ckpt-{step}.*"), reverse=True):
                tar.add(file, os.path.join(arcname, file.name))
        tar.add(__file__, os.path.join(arcname, "notes.txt"))


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tgz"])
@pytest.mark.parametrize("arcname", ["", "./", "model", "a/b"])
def test_members_may_lie_flat_or_in_a_folder(
    saved: pathlib.Path, tmp_path: pathlib.Path, suffix: str, arcname: str
) -> None:
    path = tmp_path / f"custom.{suffix}"
    _pack(path, saved, arcname, (10,))
    with open_checkpoint(path) as checkpoint:
        assert (checkpoint.step, checkpoint.weights) == (10, WEIGHTS)
        assert checkpoint.notes == ()
        unpacked = pathlib.Path(checkpoint.prefix).parent
        assert sorted(file.name for file in unpacked.iterdir()) == [
            "model.ckpt-10.data-00000-of-00001",
            "model.ckpt-10.index",
        ]
    assert not unpacked.exists()


def test_of_several_steps_the_newest_is_taken_and_said_so(
    saved: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    _pack(tmp_path / "two.tar", saved, "", (10, 9))
    with open_checkpoint(tmp_path / "two.tar") as checkpoint:
        assert checkpoint.step == 10
        assert "model.ckpt-9, model.ckpt-10" in checkpoint.notes[0]
        assert "using model.ckpt-10" in checkpoint.notes[0]


def test_files_that_macos_adds_are_passed_over(saved: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with tarfile.open(tmp_path / "mac.tar", "w") as tar:
        for file in saved.glob("model.ckpt-10.*"):
            _add(tar, f"._{file.name}", b"\0\5\26\7")
            tar.add(file, file.name)
    with open_checkpoint(tmp_path / "mac.tar") as checkpoint:
        assert checkpoint.step == 10


def test_the_tars_of_magentas_run_folder_open(shared: pathlib.Path) -> None:
    tars = sorted((shared / "golden" / "run" / "tars").iterdir())
    assert len(tars) == 3
    for path in tars:
        with open_checkpoint(path) as checkpoint:
            assert checkpoint.step == 150
            assert len(checkpoint.weights) == 16


def _absolute(tar: tarfile.TarFile) -> None:
    _add(tar, "/tmp/musicvae-was-here", b"x")


def _drive(tar: tarfile.TarFile) -> None:
    _add(tar, "C:\\Windows\\model.ckpt-1.index", b"x")


def _upwards(tar: tarfile.TarFile) -> None:
    _add(tar, "model/../../model.ckpt-1.index", b"x")


def _symlink(tar: tarfile.TarFile) -> None:
    _add(tar, "model.ckpt-1.index", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")


def _hardlink(tar: tarfile.TarFile) -> None:
    _add(tar, "model.ckpt-1.index", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd")


def _device(tar: tarfile.TarFile) -> None:
    _add(tar, "model.ckpt-1.index", b"", type=tarfile.CHRTYPE)


def _terabyte(tar: tarfile.TarFile) -> None:
    info = tarfile.TarInfo("model.ckpt-1.data-00000-of-00001")
    info.size = TERABYTE
    tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))


def _terabyte_name(tar: tarfile.TarFile) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type = tarfile.GNUTYPE_LONGNAME
    info.size = TERABYTE
    tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))


def _sparse(tar: tarfile.TarFile) -> None:
    headers = {"GNU.sparse.size": "1099511627776", "GNU.sparse.numblocks": "0"}
    _add(tar, "model.ckpt-1.index", b"x", pax_headers=headers)


def _sparse_nonsense(tar: tarfile.TarFile) -> None:
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    _add(tar, "model.ckpt-1.index", b"no number\n" * 60, pax_headers=headers)


def _endless_number(tar: tarfile.TarFile) -> None:
    _add(tar, "model.ckpt-1.index", b"x", pax_headers={"GNU.sparse.size": "9" * 5000})


def _negative(tar: tarfile.TarFile) -> None:
    _add(tar, "model.ckpt-1.index", b"", pax_headers={"size": "-512"})


def _names_in_names(tar: tarfile.TarFile) -> None:
    for _ in range(3000):
        info = tarfile.TarInfo("././@LongLink")
        info.type = tarfile.GNUTYPE_LONGNAME
        tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))


def _two_lines(tar: tarfile.TarFile) -> None:
    _add(tar, "a\nmusicvae-generate: all is well\x1b[2J\r/../b", b"x")


def _a_name_that_ends(tar: tarfile.TarFile) -> None:
    for end in ("index", "data-00000-of-00001"):
        _add(tar, f"model\0.ckpt-999.{end}", b"x", pax_headers={"path": f"m\0-999.{end}"})


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (_absolute, "absolute path"),
        (_drive, "absolute path"),
        (_upwards, "leads outside"),
        (_symlink, "not a plain file"),
        (_hardlink, "not a plain file"),
        (_device, "not a plain file"),
        (_terabyte, "claims 1,099,511,627,776 bytes"),
        (_terabyte_name, "headers are larger"),
        (_sparse, "not a plain file"),
        (_sparse_nonsense, "a broken archive"),
        (_endless_number, "a broken archive"),
        (_negative, "claims -512 bytes"),
        (_names_in_names, "a broken archive"),
        (_two_lines, r"'a\\nmusicvae-generate: all is well\\x1b\[2J\\r/../b' leads outside"),
        (_a_name_that_ends, r"m_-999.index: not the index"),
    ],
)
@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_fault_03_a_hostile_archive_is_refused_and_writes_nothing(
    saved: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    attack,
    reason: str,
    suffix: str,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path = tmp_path / f"hostile.{suffix}"
    mode = "w:gz" if suffix == "tar.gz" else "w"
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as tar:
        for file in saved.glob("model.ckpt-10.*"):
            tar.add(file, file.name)
        attack(tar)
    with pytest.raises(CheckpointError, match=reason) as caught:
        open_checkpoint(path)
    assert str(caught.value).isprintable()
    assert str(path) in str(caught.value)
    assert list(temporary.iterdir()) == []


def test_a_gzip_bomb_in_a_long_name_costs_no_memory(tmp_path: pathlib.Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type = tarfile.GNUTYPE_LONGNAME
    info.size = 2**31
    with gzip.open(tmp_path / "bomb.tgz", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(128):
            file.write(bytes(2**20))
    with pytest.raises(CheckpointError, match="headers are larger"):
        open_checkpoint(tmp_path / "bomb.tgz")


def test_only_as_much_is_unpacked_as_the_index_accounts_for(
    saved: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    data = (saved / "model.ckpt-10.data-00000-of-00001").read_bytes()
    with tarfile.open(tmp_path / "padded.tar.gz", "w:gz") as tar:
        tar.add(saved / "model.ckpt-10.index", "model.ckpt-10.index")
        _add(tar, "model.ckpt-10.data-00000-of-00001", data + bytes(2**24))
    with open_checkpoint(tmp_path / "padded.tar.gz") as checkpoint:
        assert os.path.getsize(f"{checkpoint.prefix}.data-00000-of-00001") == len(data)


def test_more_than_the_disk_has_free_is_not_begun(
    saved: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pack(tmp_path / "model.tar", saved, "", (10,))
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(CheckpointError, match=r"more than the disk has free; .*TMPDIR"):
        open_checkpoint(tmp_path / "model.tar")


def test_of_very_many_steps_only_the_last_are_listed(
    saved: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with tarfile.open(tmp_path / "many.tar", "w") as tar:
        for step in range(1, 200):
            for file in saved.glob("model.ckpt-10.*"):
                tar.add(file, file.name.replace("-10.", f"-{step}."))
    with open_checkpoint(tmp_path / "many.tar") as checkpoint:
        assert "199 checkpoints (..., model.ckpt-195, " in checkpoint.notes[0]
        assert len(checkpoint.notes[0]) < len(str(tmp_path)) + 200


def test_too_many_members_are_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_MAX_MEMBERS", 20)
    with tarfile.open(tmp_path / "many.tar", "w") as tar:
        for number in range(21):
            _add(tar, f"{number}.txt", b"")
    with pytest.raises(CheckpointError, match="more than any checkpoint"):
        open_checkpoint(tmp_path / "many.tar")


def test_an_archive_without_a_checkpoint_says_what_it_holds(tmp_path: pathlib.Path) -> None:
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        _add(tar, "song.mid", b"MThd")
    with pytest.raises(CheckpointError, match=r"no checkpoint inside \(it holds song.mid\)"):
        open_checkpoint(tmp_path / "other.tar")


@pytest.mark.parametrize("lost", ["index", "data-00000-of-00001"])
def test_half_a_checkpoint_in_an_archive_names_the_lost_half(
    saved: pathlib.Path, tmp_path: pathlib.Path, lost: str
) -> None:
    with tarfile.open(tmp_path / "half.tar", "w") as tar:
        for file in saved.glob("model.ckpt-10.*"):
            if not file.name.endswith(lost):
                tar.add(file, file.name)
    with pytest.raises(CheckpointError, match=f"but not model.ckpt-10.{lost}"):
        open_checkpoint(tmp_path / "half.tar")


def test_a_cut_archive_is_one_line(saved: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name in ("cut.tar", "cut.tar.gz"):
        _pack(tmp_path / name, saved, "", (10,))
        whole = (tmp_path / name).read_bytes()
        for share in (0.1, 0.5, 0.9):
            (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
            try:
                with open_checkpoint(tmp_path / name) as checkpoint:
                    assert checkpoint.weights == WEIGHTS
            except CheckpointError as error:
                assert str(tmp_path / name) in str(error)
                assert "\n" not in str(error)


def _add(tar: tarfile.TarFile, name: str, content: bytes, **fields: object) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    tar.addfile(info, io.BytesIO(content))
