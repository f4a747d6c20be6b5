"""Published protobuf files: what is committed is what they make, and what was published stays readable."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

PROTOS: Final = Path(__file__).parents[2] / "src/tradewind/contracts/proto"
GOLDEN: Final = Path(__file__).parent / "protos.json"
"""Every message, field and method that was ever published; lines are added, never changed."""
FILES: Final = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))


def compiled(folder: Path) -> list[FileDescriptorProto]:
    """The published files, compiled anew into `folder`."""
    everything = folder / "all.pb"
    arguments = ["-I.", f"--python_out={folder}", f"--pyi_out={folder}", f"--descriptor_set_out={everything}", *FILES]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments], cwd=PROTOS, check=True)
    return list(FileDescriptorSet.FromString(everything.read_bytes()).file)


def shape(files: list[FileDescriptorProto]) -> dict[str, Any]:
    """What readers and writers elsewhere rely on."""
    found: dict[str, Any] = {}
    for file in files:
        for message in file.message_type:
            found |= _of_message(file.package, message)
        for service in file.service:
            for method in service.method:
                name = f"{file.package}.{service.name}/{method.name}"
                found[name] = [method.input_type, method.output_type]
    return found


def _of_message(package: str, message: DescriptorProto) -> dict[str, Any]:
    fields = {
        str(one.number): [one.name, FieldDescriptorProto.Type.Name(one.type), one.type_name, one.label]
        for one in message.field
    }
    return {f"{package}.{message.name}#{number}": field for number, field in fields.items()}


def broken(published: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What was published and is not there any more, or is something else."""
    return [name for name, what in published.items() if now.get(name) != what]


def test_the_python_that_is_committed_is_what_the_files_make(tmp_path: Path) -> None:
    compiled(tmp_path)
    for name in FILES:
        for suffix in ("_pb2.py", "_pb2.pyi"):
            made = name.removesuffix(".proto") + suffix
            assert (PROTOS / made).read_text() == (tmp_path / made).read_text(), "run: make protos"


def test_what_was_published_stays_as_it_is(tmp_path: Path) -> None:
    published, now = json.loads(GOLDEN.read_text()), shape(compiled(tmp_path))
    assert broken(published, now) == []
    assert sorted(now.keys() - published.keys()) == [], f"new: add it to {GOLDEN.name}"


@pytest.mark.parametrize("change", ["renumbered", "retyped", "gone"])
def test_what_breaks_readers_is_noticed(tmp_path: Path, change: str) -> None:
    files = compiled(tmp_path)
    published = shape(files)
    field = files[0].message_type[0].field
    if change == "renumbered":
        field[0].number = 9
    elif change == "retyped":
        field[1].type = FieldDescriptorProto.TYPE_STRING
    else:
        del field[0]
    assert len(broken(published, shape(files))) == 1
