"""What was handed in, by student: each way it may be collected, and what is meant to do harm."""

import io
import os
import stat
import sys
import zipfile

import classes
import pytest

from bptt_lab.teaching import submissions
from bptt_lab.teaching.submissions import SubmissionsError, find, handed_out_to

BOOK = classes.saved(classes.book({"07.2": classes.answer_source("07.2", "h1(0)")}))


def written(root, *names, data=BOOK):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zipped(path, *names, data=BOOK):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, data)
    return path


def students(where, others=("week7", "week8")):
    found, nobody = find(where, "week7", others)
    return {one.student: one.file for one in found}, nobody


@pytest.mark.parametrize("top", ["", "submitted/"])
def test_nbgraders_tree(tmp_path, top):
    written(tmp_path, f"{top}ada/week7/week7.ipynb", f"{top}ada/week8/week8.ipynb", f"{top}grace/week7/x.ipynb")
    assert students(tmp_path)[0] == {"ada": f"{top}ada/week7/week7.ipynb", "grace": f"{top}grace/week7/x.ipynb"}


def test_a_plain_folder(tmp_path):
    written(tmp_path, "ada.ipynb", "grace/solved.ipynb", "list.txt", ".ipynb_checkpoints/ada-checkpoint.ipynb")
    assert students(tmp_path) == ({"ada": "ada.ipynb", "grace": "grace/solved.ipynb"}, ["list.txt"])


@pytest.mark.parametrize("is_unpacked", [False, True])
def test_a_zip_of_canvas_and_the_same_unpacked(tmp_path, is_unpacked):
    names = ["lovelaceada_12345_67890_week7.ipynb", "hoppergrace_LATE_12_67891_week7-1.ipynb",
             "hoppergrace_LATE_12_67892_week7-2.ipynb", "curiemarie_3_4_essay.pdf"]  # fmt: skip
    where = written(tmp_path / "all", *names) if is_unpacked else zipped(tmp_path / "all.zip", *names)
    found = {one.student: one for one in find(where, "week7")[0]}
    assert found["lovelaceada"].file == names[0] and found["hoppergrace"].file == names[2]
    assert found["curiemarie"].reason == "No notebook was handed in, but curiemarie_3_4_essay.pdf."
    assert found["lovelaceada"].read() == ((names[0], BOOK),)


def test_a_zip_of_moodle(tmp_path):
    names = ["Ada Lovelace_123_assignsubmission_file_/week7.ipynb", "José Ñ_124_assignsubmission_file/a/week7.ipynb"]
    assert students(zipped(tmp_path / "all.zip", *names))[0] == {"Ada Lovelace": names[0], "José Ñ": names[1]}


def test_files_of_moodle_without_folders(tmp_path):
    names = ["Ada Lovelace_123_assignsubmission_file_week7.ipynb", "José Ñ_124_assignsubmission_file_week7.ipynb"]
    for where in (zipped(tmp_path / "all.zip", *names), written(tmp_path / "all", *names)):
        assert students(where)[0] == {"Ada Lovelace": names[0], "José Ñ": names[1]}


def test_two_students_of_one_name_are_two(tmp_path):
    names = ["smithanna_1_10_week7.ipynb", "smithanna_2_11_week7.ipynb"]
    assert set(students(zipped(tmp_path / "all.zip", *names))[0]) == {"smithanna_1", "smithanna_2"}


def test_a_folder_around_all_of_them_is_no_student(tmp_path):
    assert set(students(zipped(tmp_path / "all.zip", "week7/ada.ipynb", "week7/grace.ipynb"))[0]) == {"ada", "grace"}


def test_nothing_to_be_found_says_what_was_expected(tmp_path):
    for where in (tmp_path, tmp_path / "none", written(tmp_path, "no.zip", data=b"PK") / "no.zip"):
        with pytest.raises(SubmissionsError):
            find(where, "week7")


# What is meant to do harm


def test_paths_out_of_a_zip_are_only_names(tmp_path):
    where = zipped(tmp_path / "all.zip", "../../ada.ipynb", "/etc/grace.ipynb", "a/../b/../../x.ipynb")
    found = find(where, "week7")[0]
    assert all(".." not in one.file and not one.file.startswith("/") for one in found)
    assert not (tmp_path.parent / "ada.ipynb").exists()


def test_a_file_larger_than_is_read_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST", 100)
    written(tmp_path / "all", "ada.ipynb")
    for where in (tmp_path / "all", zipped(tmp_path / "all.zip", "ada.ipynb")):
        (one,) = find(where, "week7")[0]
        assert "larger" in one.reason
        with pytest.raises(SubmissionsError, match="larger"):
            one.read()


def test_a_member_that_lies_about_its_size_is_not_read_beyond_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "LARGEST", 1000)
    where = zipped(tmp_path / "all.zip", "ada.ipynb", data=b"0" * 10**6)
    raw = bytearray(where.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (500).to_bytes(4, "little")  # the size that the directory tells
    where.write_bytes(raw)
    (one,) = find(where, "week7")[0]
    assert not one.reason
    try:
        assert len(one.read()[0][1]) <= 1000
    except SubmissionsError as error:
        assert "larger" in str(error) or "damaged" in str(error)


def test_damaged_locked_and_linked_members_say_so(tmp_path):
    where = zipped(tmp_path / "all.zip", "ada.ipynb", data=os.urandom(5000))
    raw = bytearray(where.read_bytes())
    raw[100:200] = bytes(100)
    where.write_bytes(raw)
    (one,) = find(where, "week7")[0]
    with pytest.raises(SubmissionsError, match="damaged"):
        one.read()
    linked = zipfile.ZipInfo("ada.ipynb")
    linked.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr(linked, "/etc/passwd")
    assert "a link" in find(tmp_path / "links.zip", "week7")[0][0].reason


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_out_of_the_folder_and_what_is_no_file_are_not_read(tmp_path):
    written(tmp_path, "secret.ipynb")
    root = written(tmp_path / "all", "grace.ipynb")
    (root / "ada.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (root / "eve.ipynb").symlink_to("gone.ipynb")
    (root / "twin.ipynb").symlink_to("grace.ipynb")
    os.mkfifo(root / "pipe.ipynb")
    (root / "loop").symlink_to(root)
    found = {one.student: one for one in find(root, "week7")[0]}
    assert "a link out of the folder" in found["ada"].reason
    assert "cannot be read" in found["eve"].reason and "no file" in found["pipe"].reason
    assert found["twin"].read()[0][1] == BOOK and not found["grace"].reason


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_that_are_no_utf_8_are_shown_and_told_apart(tmp_path):
    for raw in (b"ad\xe9.ipynb", b"ad\xe8.ipynb"):
        with open(os.path.join(os.fsencode(tmp_path), raw), "wb") as file:
            file.write(BOOK)
    found = students(tmp_path)[0]
    assert len(found) == 2
    for name in found:
        name.encode()


def test_names_in_a_zip_without_the_mark_of_utf_8(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("José.ipynb", BOOK)
    raw = bytearray(data.getvalue())
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(start) + flags + 1] &= ~0x08
    (tmp_path / "all.zip").write_bytes(raw)
    assert set(students(tmp_path / "all.zip")[0]) == {"José"}


def test_to_whom_a_notebook_was_handed_out():
    book = classes.book({})
    book["metadata"]["bptt_lab"] = {"course": "c", "student": 'Ada "é"'}
    assert handed_out_to(classes.saved(book)) == 'Ada "é"'
    said = classes.book({"07.2": '"bptt_lab": {"student": "eve"}'})
    assert handed_out_to(classes.saved(said)) == ""
