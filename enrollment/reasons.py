"""Why a picture is not used: stable codes, each with words a person can act on."""

from django.db import models


class Reason(models.TextChoices):
    """Codes are part of the API; the label is what people read."""

    # The file
    EMPTY_FILE = "empty_file", "This file is empty. Choose another picture."
    FILE_TOO_LARGE = "file_too_large", "This file is larger than 5 MB. Choose a smaller picture."
    UNSUPPORTED_TYPE = "unsupported_type", "This is not a JPEG, PNG or WebP picture."
    TOO_MANY_PIXELS = "too_many_pixels", "This picture has more than 25 megapixels. Choose a smaller one."
    ANIMATED_IMAGE = "animated_image", "This picture is animated. Choose a still one."
    UNREADABLE_IMAGE = "unreadable_image", "This picture is damaged and cannot be read. Choose another one."
    HIDDEN_CONTENT = (
        "hidden_content",
        "There is more in this file than a picture. Save the picture anew as a JPEG, or choose another one.",
    )
    TOO_MUCH_MEMORY = "too_much_memory", "This picture takes too much memory to read. Choose a smaller one."
    # The face
    NO_FACE = "no_face", "No face found. Look into the camera, with your whole face in view."
    SEVERAL_FACES = "several_faces", "More than one face is in the picture. Make sure you are alone in view."
    FACE_TOO_SMALL = "face_too_small", "Your face is too small. Come closer."
    CUT_OFF = "cut_off", "Your face is cut off by the edge of the picture. Move to the middle, or step back."
    BLURRED = "blurred", "The picture is blurred. Hold still, or wipe the lens."
    TOO_DARK = "too_dark", "It is too dark. Turn towards a light."
    TOO_BRIGHT = "too_bright", "It is too bright. Step out of direct light."
    EXTREME_POSE = "extreme_pose", "Your head is turned too far. Look straight into the camera."
    # The person
    NOT_SAME_PERSON = (
        "not_same_person",
        "This does not look like the person in your earlier pictures. Try another picture, or remove the earlier ones.",
    )
    DUPLICATE_IMAGE = "duplicate_image", "You have already given this very picture. Choose a different one."
    # The place it was sent to
    TOO_MANY_ANCHORS = "too_many_anchors", "There are as many pictures of this person as can be kept."
    BAD_NAME = (
        "bad_name",
        "Name the person by the folder or the name of the file: 1 to 128 printable characters, one folder a person.",
    )
    # The machine
    PROCESSING_FAILED = (
        "processing_failed",
        "Something went wrong on our side with this picture. Please try again.",
    )


def reason_messages(codes: list[str]) -> list[str]:
    """The words for each code."""
    return [str(Reason(code).label) for code in codes]


def reasons_json(codes: list[str]) -> list[dict[str, str]]:
    """Codes and words, as API answers carry them."""
    return [{"code": code, "message": str(Reason(code).label)} for code in codes]
