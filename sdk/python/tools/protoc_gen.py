"""The plugin by which buf generates `tenantry._gen`.

It hands what buf has parsed to the compilers of grpcio-tools and mypy-protobuf, and
moves what they write into the package: they know only import paths that begin where
the proto paths do, and `tenantry.v1` there is `tenantry._gen.v1` here.

Buf has no word for grpcio-tools' own generators, which is why there is a plugin.
"""

import re
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc

OURS = "tenantry/v1/"
IMPORT = re.compile(r"^from tenantry\.v1 import ", re.MULTILINE)
MYPY_GRPC = Path(sys.executable).parent / "protoc-gen-mypy_grpc"


def compile_into(request: plugin_pb2.CodeGeneratorRequest, out: Path) -> None:
    """Runs the compilers over the files of the request that are ours."""
    descriptors = out / "descriptors.bin"
    file_set = descriptor_pb2.FileDescriptorSet(file=request.proto_file)
    descriptors.write_bytes(file_set.SerializeToString())
    ours = [file for file in request.proto_file if file.name.startswith(OURS)]
    steps = {
        "python_out": ours,
        "pyi_out": ours,
        "grpc_python_out": [file for file in ours if file.service],
        "mypy_grpc_out": [file for file in ours if file.service],
    }
    for option, files in steps.items():
        arguments = [
            "protoc",
            f"--plugin=protoc-gen-mypy_grpc={MYPY_GRPC}",
            f"--descriptor_set_in={descriptors}",
            f"--{option}=quiet:{out}" if option == "mypy_grpc_out" else f"--{option}={out}",
            *(file.name for file in files),
        ]
        if protoc.main(arguments) != 0:
            raise SystemExit(f"{option} failed")


def main() -> None:
    """Answers the request on standard input, as plugins do."""
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = plugin_pb2.CodeGeneratorResponse(
        supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    response.file.add(name="__init__.py")
    response.file.add(name="v1/__init__.py")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        compile_into(request, out)
        for path in sorted((out / OURS).iterdir()):
            text = IMPORT.sub("from tenantry._gen.v1 import ", path.read_text())
            response.file.add(name=f"v1/{path.name}", content=text)
    sys.stdout.buffer.write(response.SerializeToString())


main()
