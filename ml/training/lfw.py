"""Labeled Faces in the Wild (Huang et al., 2007), fetched by scikit-learn's loader. Online only, and on demand."""

import importlib
from pathlib import Path

from ml.errors import DatasetError

# The loader decodes everyone with so many pictures: one person, since only the folder it leaves behind is wanted.
_MANY = 500


def fetch_lfw() -> Path:
    """Return the folder of LFW's pictures, one folder a person; the first call downloads some 200 MB.

    Raises:
        DatasetError: `dataset_missing` if scikit-learn is not installed or the pictures cannot be fetched.
    """
    try:
        datasets = importlib.import_module("sklearn.datasets")
        datasets.fetch_lfw_people(min_faces_per_person=_MANY)
    except ImportError as error:
        raise DatasetError(
            "dataset_missing", "expected scikit-learn to be installed, to fetch LFW"
        ) from error
    except OSError as error:
        raise DatasetError(
            "dataset_missing",
            f"LFW could not be fetched ({error}); without a network, name the folder it lies in instead",
        ) from error
    return Path(datasets.get_data_home()) / "lfw_home" / "lfw_funneled"
