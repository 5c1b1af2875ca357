from __future__ import annotations

import json
import os
import shutil
import signal
import stat

import midi_files as files
import pytest

from musicvae.data import conversion, workers
from musicvae.data.conversion import ConversionOptions, convert
from musicvae.data.splits import HashSplit, TableSplit
from musicvae.errors import InputError
from musicvae.formats.tfrecord import read_note_sequences

TUNEBOOK = "X:4\nM:4/4\nL:1/4\nK:C\nCDEF|\n\nX:5\nK:C\nC]|$\n\nX:6\nM:4/4\nL:1/4\nK:C\nGABc|\n"


@pytest.fixture
def music(tmp_path):
    """A folder with music of several kinds, broken files and other things."""
    folder = tmp_path / "music"
    (folder / "b" / "deep").mkdir(parents=True)
    for index in range(6):
        (folder / "b" / f"{index}.mid").write_bytes(files.scale(index + 1))
    (folder / "b" / "deep" / "LOUD.MIDI").write_bytes(files.scale(3))
    (folder / "a.mid").write_bytes(files.scale(2, channel=9))
    (folder / "empty.mid").write_bytes(files.midi(files.END))
    (folder / "bad.mid").write_bytes(b"junk")
    (folder / "cut.mid").write_bytes(files.scale(4)[:20])
    (folder / "tunes.abc").write_text(TUNEBOOK)
    (folder / "readme.txt").write_text("not music")
    return folder


def _ids(path) -> list[str]:
    return [sequence.id for sequence in read_note_sequences(path)]


def _names(path) -> list[str]:
    return [sequence.filename for sequence in read_note_sequences(path)]


def test_all_kinds_come_out_in_order_of_name_with_magentas_ids(music, tmp_path):
    totals = convert(
        ConversionOptions(music, tmp_path / "x.tfrecord", recursive=True, num_workers=1)
    )
    sequences = list(read_note_sequences(tmp_path / "x.tfrecord"))
    assert [sequence.filename for sequence in sequences] == [
        "a.mid", "b/0.mid", "b/1.mid", "b/2.mid", "b/3.mid", "b/4.mid", "b/5.mid",
        "b/deep/LOUD.MIDI", "empty.mid", "tunes.abc", "tunes.abc",
    ]  # fmt: skip
    assert {sequence.collection_name for sequence in sequences} == {"music"}
    assert sequences[0].id == "/id/midi/music/d7e0e2b60e4b6b124e635f12edb60e23f3e87903"
    assert len({sequence.id for sequence in sequences}) == len(sequences)
    assert [sequence.reference_number for sequence in sequences[-2:]] == [4, 6]
    assert totals.num_files == 12
    assert totals.num_sequences == 11
    assert totals.num_empty == 1
    assert totals.num_notes == 2 + 21 + 3 + 8
    assert totals.seconds == pytest.approx(0.5 * totals.num_notes)
    assert {reason: count for reason, (count, _) in totals.skipped.items()} == {
        "not_midi": 1,
        "no_tracks": 1,
    }
    assert {reason: count for reason, (count, _) in totals.skipped_tunes.items()} == {
        "abc_invalid_character": 1
    }


def test_fault_14_the_output_is_the_same_for_any_number_of_processes(music, tmp_path):
    outputs = []
    for num_workers in (1, 3):
        path = tmp_path / f"{num_workers}.tfrecord"
        convert(ConversionOptions(music, path, recursive=True, num_workers=num_workers))
        outputs.append(path.read_bytes())
    assert outputs[0] == outputs[1]


def test_without_recursive_subfolders_are_left_alone(music, tmp_path):
    convert(ConversionOptions(f"{music}/", tmp_path / "x", num_workers=1))
    assert _names(tmp_path / "x") == ["a.mid", "empty.mid", "tunes.abc", "tunes.abc"]
    assert _ids(tmp_path / "x")[0].startswith("/id/midi/music/")


def test_shards_and_parts_have_every_sequence_once(music, tmp_path):
    split = HashSplit((0.5, 0.25, 0.25))
    job = ConversionOptions(
        music, tmp_path / "x.tfrecord", recursive=True, output_shards=2, split=split, num_workers=1
    )
    totals = convert(job)
    names = []
    for part in split.parts:
        found = _names(tmp_path / f"x-{part}@2.tfrecord")
        assert {split.part_of(name) for name in found} <= {part}
        assert totals.parts[part] == len(found)
        names += found
    assert len(names) == totals.num_sequences == 11


def test_a_table_decides_and_what_it_lacks_is_skipped(music, tmp_path):
    (tmp_path / "info.csv").write_text("filename,split\na.mid,test\nb/0.mid,train\n")
    split = TableSplit(tmp_path / "info.csv", music)
    totals = convert(
        ConversionOptions(
            music, tmp_path / "x.tfrecord", recursive=True, split=split, num_workers=1
        )
    )
    assert _names(tmp_path / "x-test.tfrecord") == ["a.mid"]
    assert _names(tmp_path / "x-train.tfrecord") == ["b/0.mid"]
    assert totals.skipped["not_in_split_csv"][0] == 8
    assert totals.num_sequences == 2


def test_the_report_lists_every_file(music, tmp_path):
    job = ConversionOptions(
        music, tmp_path / "x", recursive=True, report=tmp_path / "r.json", num_workers=1
    )
    convert(job)
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert report["totals"]["files"] == len(report["files"]) == 12
    by_name = {file["name"]: file for file in report["files"]}
    assert by_name["bad.mid"]["reason"] == "not_midi"
    assert by_name["a.mid"] == {
        "name": "a.mid", "num_sequences": 1, "num_notes": 2, "seconds": 1.0,
    }  # fmt: skip
    assert by_name["tunes.abc"]["tune_errors"][0][:2] == [5, "abc_invalid_character"]


@pytest.mark.skipif(os.name != "posix", reason="file names are text elsewhere")
def test_names_that_are_not_utf_8_are_taken(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/caf\xe9.mid", "wb") as file:
        file.write(files.scale())
    convert(ConversionOptions(folder, tmp_path / "x", report=tmp_path / "r.json", num_workers=1))
    assert _names(tmp_path / "x") == ["caf\N{REPLACEMENT CHARACTER}.mid"]
    json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))


def test_an_interrupted_run_goes_on_where_it_stopped(music, tmp_path, monkeypatch):
    output = tmp_path / "x.tfrecord"
    output.write_bytes(b"old")
    job = ConversionOptions(music, output, recursive=True, num_workers=1)
    done = []

    def interrupt(progress):
        done.append(progress)
        if progress.num_done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(job, interrupt)
    assert output.read_bytes() == b"old"
    done.clear()
    convert(job, done.append)
    assert done[0].num_done > 4
    assert done[-1].num_done == 12
    whole = tmp_path / "whole.tfrecord"
    convert(ConversionOptions(music, whole, recursive=True, num_workers=1))
    assert output.read_bytes() == whole.read_bytes()
    assert not (tmp_path / "x.tfrecord.partial").exists()


def test_a_changed_folder_is_read_anew(music, tmp_path):
    output = tmp_path / "x.tfrecord"
    job = ConversionOptions(music, output, num_workers=1)

    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(job, interrupt)
    (music / "a.mid").write_bytes(files.scale(7))
    convert(job)
    first = next(read_note_sequences(output))
    assert len(first.notes) == 7


def test_a_folder_in_which_nothing_can_be_read_leaves_the_old_output(tmp_path):
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "bad.mid").write_bytes(b"junk")
    (tmp_path / "x").write_bytes(b"old")
    job = ConversionOptions(folder, tmp_path / "x", report=tmp_path / "r.json", num_workers=1)
    assert convert(job).num_sequences == 0
    assert (tmp_path / "x").read_bytes() == b"old"
    assert (tmp_path / "r.json").exists()


def test_inputs_and_outputs_that_do_not_serve_are_named(music, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        convert(ConversionOptions(tmp_path / "nowhere", tmp_path / "x"))
    with pytest.raises(InputError, match="is a file, not a folder"):
        convert(ConversionOptions(music / "a.mid", tmp_path / "x"))
    with pytest.raises(InputError, match=r"no music file .*; --recursive looks into"):
        (tmp_path / "outer").mkdir()
        shutil.copytree(music, tmp_path / "outer" / "inner")
        convert(ConversionOptions(tmp_path / "outer", tmp_path / "x"))
    with pytest.raises(InputError, match="it is a folder"):
        convert(ConversionOptions(music, tmp_path))
    with pytest.raises(InputError, match="in the way"):
        (tmp_path / "x.partial").write_bytes(b"somebody's")
        convert(ConversionOptions(music, tmp_path / "x"))


def test_two_runs_do_not_write_one_output(music, tmp_path):
    job = ConversionOptions(music, tmp_path / "x.tfrecord", num_workers=1)

    def again(progress):
        convert(job)

    pytest.importorskip("fcntl")
    with pytest.raises(InputError, match=r"another musicvae-convert is writing 'x\.tfrecord'"):
        convert(job, again)


def test_links_that_lead_in_circles_end(music, tmp_path):
    try:
        (music / "b" / "loop").symlink_to(music, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    totals = convert(ConversionOptions(music, tmp_path / "x", recursive=True, num_workers=1))
    assert totals.num_files == 12


def test_a_full_disk_is_an_error_of_one_line(music, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conversion.PartialFolder, "add", full)
    with pytest.raises(InputError, match="No space left on device"):
        convert(ConversionOptions(music, tmp_path / "x", num_workers=1))


def test_every_broken_file_that_pretty_midi_reads_is_converted(shared, tmp_path):
    folder = shared / "data/badmidi"
    rows = (folder / "OUTCOMES.tsv").read_text().splitlines()[1:]
    readable = {row.split("\t")[0] for row in rows if row.split("\t")[3].startswith("ok")}
    assert len(rows) == 420
    assert len(readable) > 150
    job = ConversionOptions(folder, tmp_path / "x", recursive=True, report=tmp_path / "r.json")
    totals = convert(job)
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    converted = {file["name"] for file in report["files"] if "reason" not in file}
    assert readable <= converted
    assert len(converted - readable) > 100
    assert not {"timeout", "memory", "worker_died", "reader_failed"} & set(totals.skipped)
    again = tmp_path / "y"
    convert(ConversionOptions(folder, again, recursive=True, num_workers=1))
    assert again.read_bytes() == (tmp_path / "x").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="needs links and devices")
def test_a_report_to_a_device_leaves_the_device_and_a_linked_output_its_link_and_mode(
    music, tmp_path
):
    target, link = tmp_path / "there.tfrecord", tmp_path / "x.tfrecord"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    device = os.stat(os.devnull)
    convert(ConversionOptions(music, link, report=os.devnull, num_workers=1))
    assert link.is_symlink()
    assert len(list(read_note_sequences(target))) > 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert (os.stat(os.devnull).st_mode, os.stat(os.devnull).st_ino) == (
        device.st_mode,
        device.st_ino,
    )


def _work_that_dies_of_a_file(connection, folder, *_):
    connection.send("ready")
    while True:
        for task in connection.recv():
            if task.name == "b.mid":
                os.kill(os.getpid(), signal.SIGKILL)
            connection.send(workers.ReadResult(task.index, (b"",), num_notes=1))


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_the_report_names_the_files_that_were_lost_to_a_killed_worker(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_work", _work_that_dies_of_a_file)
    (tmp_path / "music").mkdir()
    for name in ("a.mid", "b.mid", "c.mid"):
        (tmp_path / "music" / name).write_bytes(files.scale(2))
    report = tmp_path / "r.json"
    totals = convert(
        ConversionOptions(tmp_path / "music", tmp_path / "x", report=report, num_workers=1)
    )
    (count, _) = totals.skipped.pop("worker_died")
    assert (count, totals.skipped) == (1, {})
    by_name = {file["name"]: file for file in json.loads(report.read_text())["files"]}
    assert by_name["b.mid"]["reason"] == "worker_died"
    assert "died twice, with status -9" in by_name["b.mid"]["detail"]
    assert [name for name, file in by_name.items() if "reason" not in file] == ["a.mid", "c.mid"]
