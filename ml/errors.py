"""Errors of the package. Each carries a stable `code`; the message says what was expected and what came."""


class MLError(Exception):
    """Base of every error raised on purpose in `ml`."""

    def __init__(self, code: str, message: str) -> None:
        """Keep a stable code for programs beside the message for people.

        Args:
            code: Stable, lower case, words joined by underscores.
            message: What was expected and what came.
        """
        super().__init__(message)
        self.code = code


class ImageError(MLError):
    """The bytes are no usable picture.

    Codes: `empty_file`, `file_too_large`, `unsupported_type`, `too_many_pixels`, `unreadable_image`,
    `animated_image`, `too_much_memory`.
    """


class ArtifactError(MLError):
    """A model artifact cannot be used: `artifact_missing`, `artifact_altered`, `artifact_incompatible`."""


class ComparatorError(MLError):
    """Embeddings cannot be compared.

    Codes: `invalid_embedding`, `unknown_comparator`, `unreadable_weights`, `unknown_rule`.
    """


class CalibrationError(MLError, ValueError):
    """No threshold was calibrated for what was asked: `no_threshold`."""


class DatasetError(MLError):
    """A set of faces is not as it is needed.

    Codes: `dataset_missing`, `dataset_too_small`, `dataset_unreadable`; `too_few_subjects` to set a threshold on.
    """


class TrainingError(MLError):
    """A training cannot start or go on.

    Codes: `unknown_network`, `unknown_loss`, `checkpoint_missing`, `checkpoint_incompatible`, `loss_not_finite`,
    `teacher_missing`, `invalid_blend`; `training_exists` where another one was to be written.
    """
