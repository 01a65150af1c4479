"""Packed sources: what is read, and that none that is cut off or damaged is taken for a whole one."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest

Read = Callable[..., Any]
SMALL = gzip.compress(b"1,2\n3,4\n")
BIG = gzip.compress(b"".join(b"%d,%d\n" % (n, n * 7919 % 10007) for n in range(200_000)))
CSV = {"delimiter": ","}


def zstd(plain: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(plain).to_pybytes()
    return packed


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


ZSTD = zstd(b"1,2\n3,4\n")


def test_gzip_is_known_by_the_end_of_the_name_or_said(read: Read) -> None:
    rows = [["1", "2"], ["3", "4"]]
    assert read({"in.csv.gz": SMALL}, ["a:string", "b:string"], **CSV) == rows
    assert read({"in.dat": SMALL}, ["a:string", "b:string"], compression="gzip", **CSV) == rows
    assert read({"plain.gz": b"1,2\n3,4\n"}, ["a:string", "b:string"], compression="none", **CSV) == rows


def test_gzip_of_several_members_and_padding_is_read_whole(read: Read) -> None:
    assert len(read({"in.csv.gz": SMALL + SMALL}, ["a:int"], **CSV)) == 4
    assert len(read({"in.csv.gz": BIG}, ["a:int"], **CSV)) == 200_000
    assert read({"in.csv.gz": SMALL + b"\0" * 500}, ["a:int"], **CSV) == [[1], [3]]
    padded = {"in.json.gz": gzip.compress(b'{"a": 1}\n') + b"\0"}
    assert read(padded, ["a:int"], record_type="json") == [[1]]
    assert read(padded, None, record_type="raw") == [['{"a": 1}']]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_gzip_of_text_in_utf_16(read: Read, encoding: str) -> None:
    content = {"in.csv.gz": gzip.compress("é,1\n".encode(encoding))}
    assert read(content, ["a:string", "b:int"], encoding="utf-16", **CSV) == [["é", 1]]


@pytest.mark.parametrize("kept", [0.001, 0.5, 0.999])
def test_gzip_that_is_cut_off_fails_the_job(read: Read, kept: float) -> None:
    said = read({"in.csv.gz": BIG[: int(len(BIG) * kept)]}, ["a:int"], **CSV)
    assert said == "Component 'in': in.csv.gz is cut off: its gzip stream does not end. Put the whole file there again."


@pytest.mark.parametrize("lost", [1, 2, 7, 8, 9, 12, 15, len(SMALL) - 3])
def test_no_byte_of_gzip_may_be_missing(read: Read, lost: int) -> None:
    assert "in.csv.gz is cut off" in read({"in.csv.gz": SMALL[:-lost]}, ["a:int"], **CSV)


def test_gzip_with_a_wrong_sum_or_more_at_its_end_fails_the_job(read: Read) -> None:
    for content, said in (
        (SMALL[:-8] + b"\0\0\0\0" + SMALL[-4:], "is damaged"),
        (SMALL + b"more", "holds more than gzip"),
        (b"1,2\n", "is no gzip file"),
        (b"", "is no gzip file"),
    ):
        assert said in read({"in.csv.gz": content}, ["a:int"], **CSV)


@pytest.mark.parametrize("more", [{"delimiter": ","}, {"record_type": "json"}, {"encoding": "shift_jis"}])
def test_a_packed_file_whose_name_does_not_say_so(read: Read, more: dict[str, str]) -> None:
    for packing, content in (("gzip", SMALL), ("zip", zipped({"a": b"1\n"})), ("zstd", ZSTD)):
        assert f"It begins as {packing} does: set 'compression'." in read({"in.csv": content}, ["a:int"], **more)


def test_json_lines_that_are_cut_off_fail_the_job(read: Read) -> None:
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    assert len(read({"in.json.gz": whole}, ["a:int"], record_type="json")) == 1000
    assert "is cut off" in read({"in.json.gz": whole[:-9]}, ["a:int"], record_type="json")


def test_every_ending_is_known_in_letters_of_any_case(read: Read) -> None:
    for name, content in (
        ("in.csv.GZ", SMALL),
        ("in.csv.bz2", bz2.compress(b"1,2\n3,4\n")),
        ("in.csv.Zip", zipped({"a.csv": b"1,2\n3,4\n"})),
        ("in.csv.zst", ZSTD),
    ):
        assert read({name: content}, ["a:int", "b:int"], **CSV) == [[1, 2], [3, 4]]


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "zip", "zstd"])
@pytest.mark.parametrize("record_type", ["delimited", "json"])
def test_every_packing_said(read: Read, packing: str, record_type: str) -> None:
    plain = b"1\n2\n" if record_type == "delimited" else b'{"a": 1}\n{"a": 2}\n'
    content = {"gzip": gzip.compress, "bzip2": bz2.compress, "zip": lambda it: zipped({"x": it}), "zstd": zstd}[packing]
    found = read({"in.dat": content(plain)}, ["a:int"], record_type=record_type, compression=packing)
    assert found == [[1], [2]]


def test_files_behind_one_another_are_read_whole(read: Read) -> None:
    one = bz2.compress(b"1\n")
    assert read({"in.bz2": one + one}, ["a:int"]) == [[1], [1]]
    assert read({"in.zst": zstd(b"1\n") + zstd(b"2\n")}, ["a:int"]) == [[1], [2]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.bz2", bz2.compress(b"1\n" * 100_000)[:-3], "is cut off: its bzip2 stream does not end"),
        ("in.bz2", bz2.compress(b"1\n") + bz2.compress(b"2\n")[:-4], "is cut off"),
        ("in.bz2", bz2.compress(b"1\n") + b"BZhmore", "is damaged"),
        ("in.bz2", b"1\n", "is no bzip2 file"),
        ("in.zip", b"1\n", "is no whole zip file"),
        ("in.zst", b"1\n", "is no whole zstd file"),
        ("in.zst", b"", "is no whole zstd file"),
        ("in.parquet.gz", b"", "is no gzip file"),
    ],
)
def test_what_is_not_whole_fails_the_job(read: Read, name: str, content: bytes, said: str) -> None:
    more = {"record_type": "parquet"} if "parquet" in name else {}
    found = read({name: content}, ["a:int"], **more)
    assert found.startswith(f"Component 'in': {name} ")
    assert said in found
    assert found.endswith("Put the whole file there again.")


def test_zstd_that_is_cut_off_fails_the_job(read: Read) -> None:
    whole = zstd(b"".join(b"%d\n" % (n * 7919) for n in range(100_000)))
    for lost in (1, 4, len(whole) // 2):
        assert "is no whole zstd file" in read({"in.zst": whole[:-lost]}, ["a:int"])


def test_a_zip_that_is_damaged_fails_the_job(read: Read) -> None:
    whole = bytearray(zipped({"a.csv": b"1\n2\n"}, zipfile.ZIP_STORED))
    whole[whole.index(b"1\n2\n")] ^= 1
    assert "is no whole zip file" in read({"in.zip": bytes(whole)}, ["a:int"])


def test_each_file_of_an_archive_has_its_own_first_line(read: Read) -> None:
    content = zipped({
        "b/one.csv": b"a\n1\n", "two.csv": b"a\n2\n3\n", "empty.csv": b"", "__MACOSX/x.csv": b"a\n9\n", "b/.x": b"9\n",
        "b/": b"",
    })  # fmt: skip
    fields = ["a:int", {"pseudo": "line_number", "alias": "n"}, {"pseudo": "file_path", "alias": "f"}]
    found = read({"in.zip": content}, fields, skip_header=True, **CSV)
    assert found == [[1, 2, "in.zip"], [2, 2, "in.zip"], [3, 3, "in.zip"]]


def test_names_in_an_archive_that_begin_with_the_folder_itself(read: Read) -> None:
    content = zipped({"./one.csv": b"1\n", "../two.csv": b"2\n", "./.x": b"9\n"})
    assert sorted(read({"in.zip": content}, ["a:int"])) == [[1], [2]]


def test_an_archive_without_files_has_no_records(read: Read) -> None:
    for record_type in ("delimited", "json", "parquet"):
        assert read({"in.zip": zipped({})}, ["a:int"], record_type=record_type) == []


AES_128 = (
    "UEsDBBQAAQBjALQRel0AAAAAHgAAAAgAAAAGAAsAaW4uY3N2AZkHAAIAQUUBCABQU20d5SbdrN8zCRQaEjge3uyYs6VvQwaP96etP6NQSwECFAMUAAEA"
    "YwC0EXpdAAAAAB4AAAAIAAAABgALAAAAAAAAAAAAgAEAAAAAaW4uY3N2AZkHAAIAQUUBCABQSwUGAAAAAAEAAQA/AAAATQAAAAAA"
)
AES_256 = (
    "UEsDBBQAAQBjALQRel0AAAAAJgAAAAgAAAAGAAsAaW4uY3N2AZkHAAIAQUUDCABUw0F1l+hg/KeVDAOR5Sln8P7m4WVgD/1HbMCUBDes5dPBl7e8WlBL"
    "AQIUAxQAAQBjALQRel0AAAAAJgAAAAgAAAAGAAsAAAAAAAAAAACAAQAAAABpbi5jc3YBmQcAAgBBRQMIAFBLBQYAAAAAAQABAD8AAABVAAAAAAA="
)
OLD = (
    "UEsDBAoACQAAALYRel1Hk2yvFAAAAAgAAAAGABwAaW4uY3N2VVQJAAPXlQdr15UHa3V4CwABBAAAAAAEAAAAAHFc1FP/Yrir78Ra9XCcxpQe+LDuUEsH"
    "CEeTbK8UAAAACAAAAFBLAQIeAwoACQAAALYRel1Hk2yvFAAAAAgAAAAGABgAAAAAAAEAAACkgQAAAABpbi5jc3ZVVAUAA9eVB2t1eAsAAQQAAAAABAAA"
    "AABQSwUGAAAAAAEAAQBMAAAAZAAAAAAA"
)


@pytest.mark.parametrize(
    ("archive", "password"), [(AES_128, "s3cret ü"), (AES_256, "s3cret ü"), (OLD, "old")], ids=["128", "256", "old"]
)
def test_archives_under_a_password(read: Read, archive: str, password: str) -> None:
    files = {"in.zip": base64.b64decode(archive)}
    fields = ["a:int", "b:int"]
    assert read(files, fields, compression_password=password, **CSV) == [[1, 2], [3, 4]]
    wrong = read(files, fields, compression_password="other", **CSV)
    assert wrong == "Component 'in': in.zip has another password. Correct 'compression_password'."
    assert "is under a password. Set 'compression_password'." in read(files, fields, **CSV)


OLD_DEFLATE = (
    "UEsDBBQAAQAIAAAAAABHk2yvFgAAAAgAAAAGAAAAaW4uY3N2f/9Iv+8upEpUPxedEMnjQAcow87XB1BLAQIUABQAAQAIAAAAAABHk2yvFgAAAAgAAAAGAAAA"
    "AAAAAAAAAAAAAAAAAABpbi5jc3ZQSwUGAAAAAAEAAQA0AAAAOgAAAAAA"
)
OLD_BZIP2 = (
    "UEsDBBQAAQAMAAAAAABHk2yvOgAAAAgAAAAGAAAAaW4uY3N2PiK72Xu9v62+MhxZ89UXJ3dGtnnB2pZhGLPiSJNObXvszl6YY7Q+3oybmDlSQ0vT7TFItRDs"
    "rIveaFBLAQIUABQAAQAMAAAAAABHk2yvOgAAAAgAAAAGAAAAAAAAAAAAAAAAAAAAAABpbi5jc3ZQSwUGAAAAAAEAAQA0AAAAXgAAAAAA"
)


@pytest.mark.parametrize(
    ("archive", "wrong"), [(OLD_DEFLATE, "wrong136"), (OLD_BZIP2, "wrong311")], ids=["deflate", "bzip2"]
)
def test_a_wrong_password_that_the_old_cipher_takes_is_said(read: Read, archive: str, wrong: str) -> None:
    files = {"in.zip": base64.b64decode(archive)}
    assert read(files, ["a:int"], compression_password="right", **CSV) == [[1], [3]]
    said = read(files, ["a:int"], compression_password=wrong, **CSV)
    assert said.endswith(
        "in.zip cannot be read: the password is wrong, or the file is damaged. Correct 'compression_password'."
    )


def test_an_encrypted_archive_that_is_damaged_fails_the_job(read: Read) -> None:
    archive = bytearray(base64.b64decode(AES_256))
    archive[75] ^= 1
    said = read({"in.zip": bytes(archive)}, ["a:int"], compression_password="s3cret ü", **CSV)
    assert "is damaged: the sum of an encrypted file differs" in said
