"""Times one package on pictures: `python -m benchmarks.others.clock NAME DIR PICTURE...`, DIR being its environment.

Prints one JSON object: mean milliseconds a picture, `total_ms` from its bytes to its embedding, or `embed_ms` from an
aligned face where a package cannot find faces without files that it downloads.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

Run = Callable[[bytes], object]
WARM = 3


def dlib_pipeline(folder: Path) -> Run:
    """As the package face_recognition does: HOG on the picture enlarged once, five landmarks, 128 numbers."""
    import io

    import dlib
    from PIL import Image

    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(folder / "models/shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(folder / "models/dlib_face_recognition_resnet_model_v1.dat"))

    def run(data: bytes) -> object:
        rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        height, width = rgb.shape[:2]
        middle = dlib.rectangle(int(0.28 * width), int(0.28 * height), int(0.72 * width), int(0.72 * height))
        faces = detector(rgb, 1) or [middle]
        return network.compute_face_descriptor(rgb, landmarks(rgb, faces[0]))

    return run


def opencv_lbph(folder: Path) -> Run:
    """OpenCV without downloads: Haar cascade, and the histogram of local patterns compared with a hundred others."""
    cascade = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_default.xml")
    known = np.random.default_rng(0).integers(0, 256, (100, 112, 112), dtype=np.uint8)
    recognizer = cv2.face.LBPHFaceRecognizer_create()
    recognizer.train(list(known), np.arange(len(known), dtype=np.int32))

    def run(data: bytes) -> object:
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        found = cascade.detectMultiScale(grey, 1.1, 5, minSize=(48, 48))
        left, top, width, height = found[0] if len(found) else (70, 70, 110, 110)
        return recognizer.predict(cv2.resize(grey[top : top + height, left : left + width], (112, 112)))

    return run


def deepface(folder: Path) -> Run:
    """`DeepFace.represent` as it comes: Haar cascades for face and eyes, VGG-Face, whose weights are chance."""
    os.environ["DEEPFACE_HOME"] = tempfile.mkdtemp()
    from deepface import DeepFace
    from deepface.commons import weight_utils

    weight_utils.download_weights_if_necessary = lambda file_name, **_: file_name
    weight_utils.load_model_weights = lambda model, **_: model

    def run(data: bytes) -> object:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return DeepFace.represent(bgr, enforce_detection=False)

    return run


def insightface(folder: Path) -> Run:
    """The recognizer of `buffalo_l` alone, whose weights are chance."""
    from insightface.model_zoo.arcface_onnx import ArcFaceONNX

    network = ArcFaceONNX(_resnet())
    return lambda data: network.get_feat(_face(data))


def uniface(folder: Path) -> Run:
    """The recognizer `ArcFace` on the same network, whose weights are chance."""
    from uniface.recognition import arcface

    arcface.verify_model_weights = lambda name: _resnet()
    network = arcface.ArcFace(providers=["CPUExecutionProvider"])
    return lambda data: network.get_embedding(_face(data))


def _resnet() -> str:
    from benchmarks.others import resnet

    path = Path(tempfile.mkdtemp()) / "iresnet50.onnx"
    resnet.write(path)
    return str(path)


def _face(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """The middle of a picture, as if it had been aligned."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    top, left = (bgr.shape[0] - 112) // 2, (bgr.shape[1] - 112) // 2
    return np.ascontiguousarray(bgr[top : top + 112, left : left + 112])


WHOLE: dict[str, Callable[[Path], Run]] = {
    "dlib": dlib_pipeline,
    "opencv": opencv_lbph,
    "deepface": deepface,
}
EMBED_ONLY: dict[str, Callable[[Path], Run]] = {"insightface": insightface, "uniface": uniface}


def main(name: str, folder: str, *paths: str) -> None:
    run = (WHOLE | EMBED_ONLY)[name](Path(folder))
    pictures = [Path(path).read_bytes() for path in paths]
    for picture in pictures[:WARM]:
        run(picture)
    start = time.perf_counter()
    for picture in pictures:
        run(picture)
    took = 1e3 * (time.perf_counter() - start) / len(pictures)
    print(json.dumps({"total_ms" if name in WHOLE else "embed_ms": took}))


if __name__ == "__main__":
    main(*sys.argv[1:])
