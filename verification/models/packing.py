"""Several files as one string of bytes, so that they are sealed together."""

LENGTH_BYTES = 4


def pack(files: list[bytes]) -> bytes:
    return b"".join(len(file).to_bytes(LENGTH_BYTES, "big") + file for file in files)


def unpack(packed: bytes) -> list[bytes]:
    files = []
    while packed:
        end = LENGTH_BYTES + int.from_bytes(packed[:LENGTH_BYTES], "big")
        files.append(packed[LENGTH_BYTES:end])
        packed = packed[end:]
    return files
