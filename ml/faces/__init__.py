"""From bytes to an aligned face: decoding, detection, landmarks, alignment, quality."""
