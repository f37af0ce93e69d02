"""What the tests of evaluation share: a little of Labeled Faces in the Wild, laid out like the whole."""

import shutil

import pytest

from tests.faces import LFW, lfw_people


@pytest.fixture(scope="session")
def small_lfw(tmp_path_factory):
    """Ten people of LFW with 4 pictures each, and a list of 20 pairs in their order."""
    if not LFW.is_dir():
        pytest.skip("needs the research faces in ../shared/data/lfw")
    root = tmp_path_factory.mktemp("lfw")
    names = lfw_people(10, images=4)
    lines = ["10\t1"]
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        (root / "images" / name).mkdir(parents=True)
        for number, picture in enumerate(sorted((LFW / name).glob("*.jpg"))[:4], start=1):
            shutil.copy(picture, root / "images" / name / f"{name}_{number:04d}.jpg")
        lines += [f"{name}\t1\t2", f"{name}\t1\t{other}\t1"]
    (root / "pairs.txt").write_text("\n".join(lines) + "\n")
    return root
