"""Challenge liveness: has one living head done, in this order, what it was asked to do?

It hinders printed photos and still images. It is not tested against masks, deepfakes or injected video.
"""

from ml.faces.liveness.challenge import Action, Code, Verdict, judge
from ml.faces.liveness.frames import Frame

__all__ = ["Action", "Code", "Frame", "Verdict", "judge"]
