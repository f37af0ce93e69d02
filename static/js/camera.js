// The webcam: start, stop, and one picture at a time.

const MESSAGES = {
  NotAllowedError: "This page may not use your camera. Allow it in the browser’s address bar.",
  NotFoundError: "No camera was found. Connect one.",
  NotReadableError: "Your camera is in use by another program. Close that.",
  InsecureContext: "Browsers open the camera only over a secure connection (https).",
  Unknown: "The camera could not be started. Try again.",
};

/** Why there is no camera. `code` is a DOMException name, "InsecureContext" or "Unknown". */
export class CameraError extends Error {
  /** @param {string} code */
  constructor(code) {
    const known = code in MESSAGES ? code : "Unknown";
    super(MESSAGES[known]);
    this.code = known;
  }
}

/** @returns {Promise<MediaStream>} */
async function openStream() {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("InsecureContext");
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    throw new CameraError(error.name);
  }
}

/** @param {MediaStream | null} stream */
function release(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

export class Camera {
  /** @type {MediaStream | null} */
  #stream = null;
  /** False once it was stopped, which may be before the person has answered the browser's question. */
  #wanted = false;
  #video;

  /** @param {HTMLVideoElement} video where the live picture is shown */
  constructor(video) {
    this.#video = video;
  }

  get live() {
    return this.#stream !== null;
  }

  /**
   * Resolves once a picture can be taken, or once it was stopped again: see `live`.
   * @param {() => void} onLost called when the camera goes away by itself
   * @throws {CameraError}
   */
  async start(onLost) {
    if (this.live) return;
    this.#wanted = true;
    const stream = await openStream();
    if (!this.#wanted || this.live) return release(stream);
    this.#stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", onLost);
    this.#video.srcObject = stream;
    try {
      await this.#video.play();
    } catch (error) {
      if (this.live) throw error; // else it was stopped while it started
    }
  }

  stop() {
    this.#wanted = false;
    release(this.#stream);
    this.#stream = null;
    this.#video.srcObject = null;
  }

  /** Holds the picture still while it is being judged. */
  freeze() {
    this.#video.pause();
  }

  async resume() {
    if (this.live) await this.#video.play();
  }

  /**
   * The present frame at the sensor's resolution, not mirrored.
   * @returns {Promise<Blob>} JPEG
   */
  snapshot() {
    const canvas = document.createElement("canvas");
    canvas.width = this.#video.videoWidth;
    canvas.height = this.#video.videoHeight;
    canvas.getContext("2d").drawImage(this.#video, 0, 0);
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new CameraError("Unknown"))), "image/jpeg", 0.92);
    });
  }
}
