"""Words for pictures that somebody brings: unlike those of `enrollment.reasons`, the face need not be one's own."""

from enrollment.reasons import Reason

WORDS = {
    "no_face": "No face was found in it.",
    "several_faces": "It shows more than one face. Choose a picture of one person, or cut it out.",
    "face_too_small": "The face in it is too small. Choose a closer picture.",
    "cut_off": "The face in it is cut off by the edge.",
    "blurred": "The face in it is blurred.",
    "too_dark": "The face in it is too dark.",
    "too_bright": "The face in it is too bright.",
    "extreme_pose": "The head is turned too far away. Choose a picture that shows the face from the front.",
    "expired": "It was not looked at in time. Please send it again.",
    "service_unavailable": "Face checks are not answering at the moment. Please try again later.",
}


def reasons_of(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    """An inquiry's reasons with their words."""
    return [entry | {"message": words(entry["code"])} for entry in entries]


def words(code: str) -> str:
    return WORDS.get(code) or str(Reason(code).label)
