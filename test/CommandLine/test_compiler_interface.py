"""libfovea-compiler.so: what it exports, and how it behaves by way of C."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from pathlib import Path

import pytest
from build_tree import BUILD
from small_models import gather, linear

EXPORTS = Path(__file__).with_name("compiler_exports.txt")
LIBRARY = BUILD / "lib" / "libfovea-compiler.so"


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    if not LIBRARY.exists():
        pytest.skip(f"{LIBRARY} is not built")
    loaded = ctypes.CDLL(str(LIBRARY))
    handle, text = POINTER(c_void_p), c_char_p
    signatures: dict[str, tuple[object, ...]] = {
        "status_code": (c_int, c_void_p), "status_message": (text, c_void_p),
        "status_node": (text, c_void_p), "status_free": (None, c_void_p),
        "options_create": (c_void_p,), "options_free": (None, c_void_p),
        "options_set": (c_void_p, c_void_p, text, text),
        "compile_file": (c_void_p, text, c_void_p, handle),
        "compile_text": (c_void_p, text, c_size_t, text, c_void_p, handle),
        "compile_onnx": (c_void_p, text, c_size_t, text, c_void_p, handle),
        "artifact_bytes": (c_void_p, c_void_p, POINTER(c_size_t)),
        "artifact_manifest": (text, c_void_p), "artifact_ledger": (text, c_void_p),
        "artifact_text": (text, c_void_p, text), "artifact_free": (None, c_void_p),
        "compiler_target": (text, c_int64), "query_file": (c_void_p, text, c_void_p, handle),
        "query_targets": (c_void_p, handle), "query_operators": (c_void_p, handle),
        "text_data": (text, c_void_p), "text_free": (None, c_void_p),
    }  # fmt: skip
    for name, (result, *arguments) in signatures.items():
        function = getattr(loaded, f"fovea_{name}")
        function.restype, function.argtypes = result, list(arguments)
    return loaded


def compile_text(library: ctypes.CDLL, text: str, **options: str) -> tuple[int, str, c_void_p]:
    """Code, message and artefact."""
    handle, made = library.fovea_options_create(), c_void_p()
    for key, value in options.items():
        assert not library.fovea_options_set(handle, key.encode(), value.encode())
    data = text.encode()
    status = library.fovea_compile_text(data, len(data), b"model", handle, byref(made))
    library.fovea_options_free(handle)
    message = library.fovea_status_message(status).decode()
    code = library.fovea_status_code(status)
    library.fovea_status_free(status)
    return code, message, made


def test_exports_are_those_listed(library: ctypes.CDLL) -> None:
    command = ["nm", "-D", "--defined-only", "--format=just-symbols", str(LIBRARY)]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(names) == EXPORTS.read_text().split()


def test_protobuf_is_built_in_and_hidden() -> None:
    """A process with another protobuf must not meet the compiler's."""
    for path in (LIBRARY, BUILD / "bin" / "fovea"):
        dynamic = subprocess.check_output(["readelf", "--dynamic", path], text=True)
        assert "(NEEDED)" in dynamic
        assert "protobuf" not in dynamic
    defined = subprocess.check_output(["nm", "--dynamic", "--defined-only", LIBRARY], text=True)
    assert "protobuf" not in defined
    assert b"N6google8protobuf" in LIBRARY.read_bytes()  # names of its classes for RTTI


def test_artefact_has_bytes_manifest_and_ledger(library: ctypes.CDLL) -> None:
    code, message, made = compile_text(library, linear(), dim="n=3", keep="asm")
    assert (code, message) == (0, "")
    size = c_size_t()
    data = library.fovea_artifact_bytes(made, byref(size))
    assert ctypes.string_at(data, size.value)[1:4] == b"FVM"
    manifest = json.loads(library.fovea_artifact_manifest(made))
    assert manifest["entries"][0]["inputs"][0]["name"] == "x"
    assert len(json.loads(library.fovea_artifact_ledger(made))["kernels"]) == 1
    assert b".text" in library.fovea_artifact_text(made, b"asm")
    assert library.fovea_artifact_text(made, b"llvm") == b""
    library.fovea_artifact_free(made)


@pytest.mark.parametrize(
    ("options", "emulated"),
    [
        ({"target": "cuda", "emulate": "true"}, True),
        ({"emulate": "true", "target": "cuda"}, True),
        ({"target": "cuda:sm_90", "emulate": "1", "threads": "1"}, True),
        ({"target": "cuda-emulated", "emulate": "true"}, True),
        ({"emulate": "false", "target": "cuda-emulated"}, True),
        ({"emulate": "false", "target": "cuda"}, False),
    ],
)
def test_emulation_is_an_option_in_any_order(
    library: ctypes.CDLL, options: dict[str, str], emulated: bool
) -> None:
    code, message, made = compile_text(library, linear(), ptxas="none", **options)
    assert (code, message) == (0, "")
    size = c_size_t()
    data = library.fovea_artifact_bytes(made, byref(size))
    # Of PTX, and of kernels for the emulator.
    assert (b".target sm_80" not in ctypes.string_at(data, size.value)) == emulated
    library.fovea_artifact_free(made)


@pytest.mark.parametrize("target", ["host", "reference"])
def test_what_has_no_kernels_is_not_emulated(library: ctypes.CDLL, target: str) -> None:
    code, message, made = compile_text(library, linear(), emulate="true", target=target)
    assert (code, made.value) == (1, None)
    assert f"error[FV0310]: target '{target}' has no kernels to emulate" in message


def test_all_problems_are_in_the_message(library: ctypes.CDLL) -> None:
    text = linear().replace("%sum, %add : f32", "%nothing, %neither : f32")
    code, message, made = compile_text(library, text)
    assert (code, made.value) == (1, None)
    assert message.startswith("model:")
    assert message.count("error[FV0061]") == 2


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("target", "cuda:sm_70", "is not known"),
        ("threads", "-1", "a number from 0"),
        ("dim", "n", "NAME=N"),
        ("colour", "red", "is not known"),
        ("require_fused", "maybe", "true or false"),
    ],
)
def test_wrong_options_are_refused(library: ctypes.CDLL, key: str, value: str, text: str) -> None:
    handle = library.fovea_options_create()
    status = library.fovea_options_set(handle, key.encode(), value.encode())
    assert library.fovea_status_code(status) == 1
    assert text in library.fovea_status_message(status).decode()
    library.fovea_status_free(status)
    library.fovea_options_free(handle)


def test_null_arguments_are_refused(library: ctypes.CDLL) -> None:
    for status in (
        library.fovea_compile_file(None, None, byref(c_void_p())),
        library.fovea_compile_file(b"x.onnx", None, None),
        library.fovea_compile_text(None, 0, None, None, byref(c_void_p())),
        library.fovea_options_set(None, b"target", b"host"),
        library.fovea_compile_onnx(None, 0, None, None, byref(c_void_p())),
        library.fovea_query_targets(None),
        library.fovea_query_operators(None),
    ):
        assert library.fovea_status_code(status) == 1
        assert b"is null" in library.fovea_status_message(status)
        library.fovea_status_free(status)
    library.fovea_artifact_free(None)
    library.fovea_options_free(None)


def test_query_lists_problems_without_compiling(library: ctypes.CDLL, tmp_path: Path) -> None:
    text = c_void_p()
    assert not library.fovea_query_file(bytes(tmp_path / "absent.onnx"), None, byref(text))
    assert [item["code"] for item in json.loads(library.fovea_text_data(text))] == ["FV0001"]
    library.fovea_text_free(text)
    (tmp_path / "good.mlir").write_text(linear())
    assert not library.fovea_query_file(bytes(tmp_path / "good.mlir"), None, byref(text))
    assert json.loads(library.fovea_text_data(text)) == []
    library.fovea_text_free(text)


def test_targets_are_listed(library: ctypes.CDLL) -> None:
    assert library.fovea_compiler_target(0) == b"host"
    assert library.fovea_compiler_target(-1) is None
    assert library.fovea_compiler_target(99) is None
    text = c_void_p()
    assert not library.fovea_query_targets(byref(text))
    targets = json.loads(library.fovea_text_data(text))
    library.fovea_text_free(text)
    names = [target["name"] for target in targets]
    processors = ["host", "x86-64-v3", "x86-64-v4", "armv8-a"]
    assert names == [*processors, "cuda", "cuda-emulated", "reference"]
    for index, target in enumerate(targets):
        assert library.fovea_compiler_target(index).decode() == target["name"]
        on_gpu = target["name"] == "cuda"
        where = ("cuda", "device", True) if on_gpu else ("cpu", "host", False)
        assert (target["device"], target["memory"], target["streams"]) == where
        assert target["artifacts"] == (target["name"] != "reference") == bool(target["phases"])


def test_a_target_that_evaluates_makes_no_artefact(library: ctypes.CDLL) -> None:
    code, message, made = compile_text(library, linear(), target="reference")
    assert (code, made.value) == (1, None)
    assert "error[FV0322]: target 'reference' makes no artefact" in message


def test_operators_are_listed(library: ctypes.CDLL) -> None:
    text = c_void_p()
    assert not library.fovea_query_operators(byref(text))
    answer = json.loads(library.fovea_text_data(text))
    library.fovea_text_free(text)
    rows = {row["name"]: row for row in answer["operators"]}
    assert rows["LSTM"]["first_opset"] == 7
    assert set(rows["Add"]["types"].split(", ")) <= set(answer["types"])


def test_threads_compile_at_the_same_time(library: ctypes.CDLL) -> None:
    def one(index: int) -> bytes:
        code, _, made = compile_text(library, gather() if index % 2 else linear())
        assert code == 0
        size = c_size_t()
        data = library.fovea_artifact_bytes(made, byref(size))
        content = ctypes.string_at(data, size.value)
        library.fovea_artifact_free(made)
        return content

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(8)))
    assert len(set(made)) == 2
