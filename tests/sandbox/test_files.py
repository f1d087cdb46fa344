"""Promises about files, made to the unmodified SDK and to plain HTTP."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import time

import e2b
import httpx
import pytest
from e2b import FileType

from tests.sandbox.helpers import until

FIFTY_MB = os.urandom(1024 * 1024) * 50
FIFTY_MB_DIGEST = hashlib.sha256(FIFTY_MB).hexdigest()


def test_text_comes_back_as_it_was_written(sandbox):
    """Unicode text survives; parents are made; the answer says where it is."""
    written = sandbox.files.write("new/dir/ü.txt", "grün\r\n\u2028")
    assert (written.path, written.name) == ("/home/user/new/dir/ü.txt", "ü.txt")
    assert sandbox.files.read("new/dir/ü.txt") == "grün\r\n\u2028"


@pytest.mark.parametrize("use_octet_stream", [False, True])
def test_every_byte_survives_both_ways_of_upload(sandbox, use_octet_stream):
    """All bytes, also those that look like a multipart delimiter, come back; an overwrite leaves nothing of the old."""
    data = bytes(range(256)) + b"\r\n--boundary\r\n--" * 3 + b"\r\n"
    sandbox.files.write("x", b"much longer than what follows" * 100, use_octet_stream=use_octet_stream)
    sandbox.files.write("x", data, use_octet_stream=use_octet_stream)
    assert bytes(sandbox.files.read("x", format="bytes")) == data
    sandbox.files.write("empty", b"", use_octet_stream=use_octet_stream)
    assert sandbox.files.read("empty") == ""


@pytest.mark.parametrize(
    "options",
    [{"data": FIFTY_MB}, {"data": FIFTY_MB, "use_octet_stream": True}, {"data": None}],
    ids=["multipart", "octet-stream", "stream"],
)
def test_fifty_megabytes_go_there_and_back(sandbox, options):
    """A large file is the same inside, and as a stream again outside."""
    sandbox.files.write("big", **(options if options["data"] else {"data": io.BytesIO(FIFTY_MB)}))
    assert sandbox.commands.run("sha256sum < big").stdout == f"{FIFTY_MB_DIGEST}  -\n"
    digest = hashlib.sha256()
    for piece in sandbox.files.read("big", format="stream"):
        digest.update(piece)
    assert digest.hexdigest() == FIFTY_MB_DIGEST


def test_many_files_go_in_one_request(sandbox, http):
    """200 files are one request, each at its own path, names with quotes, backslashes and spaces among them."""
    names = ['a "quoted" name', "back\\slash", "with space", "ünï/cödé", "per%22cent"]
    files = [{"path": f"many/{i:03}/{names[i % 5]}", "data": f"{i}"} for i in range(200)]
    before = http.get("/osiris/stats").json()["requests"]
    written = sandbox.files.write_files(files[:4] + files[5:])
    assert http.get("/osiris/stats").json()["requests"] - before == 1
    assert len(written) == 199
    assert [sandbox.files.read(f"many/{i:03}/{names[i]}") for i in range(4)] == ["0", "1", "2", "3"]


def test_gzip_bodies_are_unpacked_and_packed(sandbox, envd):
    """A gzip upload is stored unpacked; gzip is sent when nothing else is accepted."""
    sandbox.files.write("z", "compress me " * 1000, gzip=True)
    assert sandbox.files.read("z", gzip=True) == "compress me " * 1000
    with envd(sandbox).stream("GET", "/files", params={"path": "z"}, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == b"compress me " * 1000


@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"x" * 1000)[:-9]], ids=["not gzip", "cut short"])
def test_a_broken_gzip_body_is_refused(sandbox, envd, body):
    """What cannot be unpacked wholly is an error, never a silently shorter file."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"}
    answer = envd(sandbox).post("/files", params={"path": "z"}, content=body, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "body"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=-2", 206, "bytes 8-9/10", b"89"),
        ("bytes=5-500", 206, "bytes 5-9/10", b"56789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=1-2,4-5", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
    ],
)
def test_a_range_of_a_file_can_be_read(sandbox, envd, *, asked, status, content_range, body):
    """Resuming a download works; a range behind the end is an error, one that is not understood means the whole."""
    sandbox.files.write("digits", "0123456789")
    answer = envd(sandbox).get("/files", params={"path": "digits"}, headers={"Range": asked})
    assert (answer.status_code, answer.headers.get("content-range"), answer.content) == (status, content_range, body)


def test_metadata_is_kept_and_replaced_as_a_whole(sandbox):
    """Metadata is shown where the file is, and is gone with the next overwrite."""
    written = sandbox.files.write("m", "1", metadata={"Owner": "me", "stage": "raw"})
    assert written.metadata == {"owner": "me", "stage": "raw"}
    assert sandbox.files.get_info("m").metadata == {"owner": "me", "stage": "raw"}
    sandbox.files.write("m", "2", metadata={"stage": "done"}, use_octet_stream=True)
    assert sandbox.files.get_info("m").metadata == {"stage": "done"}
    sandbox.files.write("m", "3")
    assert sandbox.files.get_info("m").metadata is None


def test_signed_urls_work_without_headers(sandbox):
    """Any HTTP client can use them, for exactly the operation and path that they were made for."""
    url = sandbox.upload_url("signed.txt")
    assert httpx.post(url, files={"file": ("ignored", b"by url")}).status_code == 200
    assert sandbox.files.read("signed.txt") == "by url"
    assert httpx.get(sandbox.download_url("signed.txt", use_signature_expiration=60)).text == "by url"
    assert httpx.get(sandbox.download_url("signed.txt", user="root")).status_code == 404  # root's home is another
    assert httpx.get(url).status_code == 401
    assert httpx.get(sandbox.download_url("signed.txt").replace("signed.txt", "/etc/passwd")).status_code == 401


def test_an_expired_signature_is_refused(sandbox):
    """A URL past its time is a 401 that says so, not a missing sandbox."""
    answer = httpx.get(sandbox.download_url("x", use_signature_expiration=-10))
    assert (answer.status_code, answer.json()["message"]) == (401, "signature is already expired")


def test_a_missing_file_is_not_found(sandbox):
    """Reading and describing it raise; asking whether it exists does not; removing it is done already."""
    with pytest.raises(e2b.FileNotFoundException, match="path '/home/user/none' does not exist"):
        sandbox.files.read("none")
    with pytest.raises(e2b.FileNotFoundException):
        sandbox.files.get_info("none")
    with pytest.raises(e2b.FileNotFoundException):
        sandbox.files.list("none")
    with pytest.raises(e2b.FileNotFoundException):
        sandbox.files.rename("none", "other")
    assert sandbox.files.exists("none") is False
    sandbox.files.remove("none")


@pytest.mark.parametrize(
    ("path", "means"),
    [
        ("", "/home/user"),
        ("~", "/home/user"),
        ("~/f", "/home/user/f"),
        ("f", "/home/user/f"),
        ("./a/../f", "/home/user/f"),
        ("//home//user///f", "/home/user/f"),
        ("/home/user/f/", "/home/user/f"),
        ("../../etc/passwd", "/etc/passwd"),
        ("../../../../..", "/"),
    ],
)
def test_paths_mean_what_envd_takes_them_for(sandbox, path, means):
    """Relative paths start at the home; dots and slashes are cleaned; nothing leads above the root."""
    sandbox.files.write("f", "x")
    assert sandbox.files.get_info(path).path == means


@pytest.mark.parametrize("path", ["~other/x", "a\0b", "x" * 300])
def test_paths_that_make_no_sense_are_refused(sandbox, path):
    """They are argument errors, in both interfaces, and the sandbox lives on."""
    with pytest.raises(e2b.InvalidArgumentException):
        sandbox.files.get_info(path)
    with pytest.raises(e2b.InvalidArgumentException):
        sandbox.files.write(path, "x")
    assert sandbox.is_running()


def test_entries_say_what_envd_says(sandbox):
    """Type, size, mode, Go's permission string, owner, and where a link leads."""
    sandbox.commands.run("mkdir d; printf 12345 > d/f; chmod 640 d/f; ln -s d/f l; ln -s nowhere broken; chmod 1777 d")
    entries = {entry.name: entry for entry in sandbox.files.list("", depth=2)}
    assert list(entries) == ["d", "f", "l"]  # the SDK leaves out what has no type: see below
    entries["broken"] = sandbox.files.get_info("broken")
    shown = {
        name: (entry.type, entry.mode, entry.permissions, entry.owner, entry.group, entry.symlink_target)
        for name, entry in entries.items()
    }
    assert shown == {
        "broken": (None, 0o777, "Lrwxrwxrwx", "user", "user", "/home/user/broken"),
        "d": (FileType.DIR, 0o1777, "dtrwxrwxrwx", "user", "user", None),
        "f": (FileType.FILE, 0o640, "-rw-r-----", "user", "user", None),
        "l": (FileType.FILE, 0o640, "Lrwxrwxrwx", "user", "user", "/home/user/d/f"),
    }
    assert entries["f"].size == 5
    assert abs(entries["f"].modified_time.timestamp() - time.time()) < 60


def test_list_goes_as_deep_as_asked_and_follows_no_link(sandbox):
    """Each directory is in lexical order, followed by what is in it; a loop of links ends nothing."""
    sandbox.commands.run("mkdir -p a/b/c; touch a/b/c/deep a/z; ln -s .. a/b/up")
    paths = [entry.path.removeprefix("/home/user/") for entry in sandbox.files.list(".", depth=3)]
    assert paths == ["a", "a/b", "a/b/c", "a/b/up", "a/z"]
    assert [entry.name for entry in sandbox.files.list(".")] == ["a"]


def test_directories_are_made_moved_and_removed(sandbox):
    """make_dir says whether it was new; rename makes parents; remove takes all below."""
    assert sandbox.files.make_dir("one/two") is True
    assert sandbox.files.make_dir("one/two") is False
    sandbox.files.write("one/two/f", "moved")
    assert sandbox.files.rename("one", "/tmp/far/away").path == "/tmp/far/away"
    assert sandbox.files.read("/tmp/far/away/two/f") == "moved"
    sandbox.files.remove("/tmp/far")
    assert not sandbox.files.exists("/tmp/far")
    sandbox.files.write("plain", "x")
    with pytest.raises(e2b.InvalidArgumentException):
        sandbox.files.make_dir("plain")


def test_the_home_and_the_temporary_directory_are_one_file_system(sandbox):
    """A program can rename from /tmp to its home, as on E2B's one disk."""
    sandbox.commands.run("python3 -c \"import os; open('/tmp/t','w').close(); os.rename('/tmp/t', 't')\"")
    assert sandbox.files.exists("t")


@pytest.mark.parametrize("make", ["mkdir odd", "mkfifo odd", "ln -s /dev/zero odd", "ln -s odd odd"])
def test_what_is_no_file_cannot_be_read_or_written_as_one(sandbox, make):
    """Directories, pipes, devices and loops are argument errors at once; nothing waits for them."""
    sandbox.commands.run(make)
    with pytest.raises(e2b.InvalidArgumentException):
        sandbox.files.read("odd")
    with pytest.raises(e2b.InvalidArgumentException):
        sandbox.files.write("odd", "x")


def test_a_name_that_is_not_utf8_is_shown_with_replacements(sandbox):
    """A strange name hides neither itself nor its neighbours."""
    sandbox.commands.run(r"touch $'bad\xff' good")
    assert [entry.name for entry in sandbox.files.list(".")] == ["bad\ufffd", "good"]


def test_what_the_user_may_not_write_is_refused(sandbox):
    """Permissions are the user's, in the file interface too."""
    with pytest.raises(e2b.SandboxException, match="Permission denied"):
        sandbox.files.write("/etc/passwd", "mine")
    with pytest.raises(e2b.SandboxException, match="Permission denied"):
        sandbox.files.make_dir("/new")


def test_a_growing_file_is_sent_up_to_the_size_it_had(sandbox):
    """A download of a log that is being written to ends, whole up to its size when it began."""
    handle = sandbox.commands.run("while :; do echo 0123456789; done > log", background=True, timeout=0)
    until(lambda: sandbox.files.exists("log"))
    for _ in range(5):
        data = bytes(sandbox.files.read("log", format="bytes"))
        assert data == (b"0123456789\n" * (len(data) // 11 + 1))[: len(data)]
    handle.kill()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B\r\n",
        b"--B\r\nContent-Type: x\r\n\r\ndata\r\n--B--",
        b"--B\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\nda",
    ],
)
def test_a_malformed_multipart_body_is_refused(sandbox, envd, body):
    """A body that ends early or lacks its heads is a 400."""
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    assert envd(sandbox).post("/files", params={"path": "x"}, content=body, headers=headers).status_code == 400
