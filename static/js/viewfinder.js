// What the camera shows, as the guidance needs it: a picture to look for the face in, its light and sharpness; and what
// people see of it: one instruction and a ring that fills.

const WORDS = {
  loading: "One moment…",
  no_face: "Put your face into the oval",
  more_light: "More light, please",
  closer: "Come a little closer",
  further: "Move back a little",
  centre: "Move your face into the middle",
  ahead: "Look straight into the camera",
  hold: "Hold still",
  turn_left: "Turn your head to your left",
  turn_right: "Turn your head to your right",
  look_up: "Look up",
  open_mouth: "Open your mouth wide",
  blink: "Close your eyes for a moment",
  little_left: "Now turn a little to your left",
  little_right: "Now turn a little to your right",
  not_so_far: "Not quite so far",
  checking: "Checking your pictures…",
  done: "Thank you",
};
const QUALITY = 0.9;
const LIGHT_SIDE_PX = 16;
const SHARP_SIDE_PX = 96;

/**
 * @param {HTMLCanvasElement} canvas
 * @returns {Promise<Blob>} JPEG
 */
export function jpegOf(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
  });
}

/**
 * @param {CanvasImageSource} source
 * @param {number[]} area left, top, width, height
 * @param {HTMLCanvasElement} canvas a small square
 * @returns {number[]} brightness of each of its pixels, 0 to 255
 */
function grays(source, area, canvas) {
  const side = canvas.width;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [left, top, width, height] = area;
  context.drawImage(source, left, top, width, height, 0, 0, side, side);
  const { data } = context.getImageData(0, 0, side, side);
  return Array.from({ length: side * side }, (_, at) => (data[4 * at] + data[4 * at + 1] + data[4 * at + 2]) / 3);
}

/** @param {number} side */
function square(side) {
  return Object.assign(document.createElement("canvas"), { width: side, height: side });
}

export class Viewfinder {
  #root;
  #video;
  #said;
  #ring;
  #light = square(LIGHT_SIDE_PX);
  #sharp = square(SHARP_SIDE_PX);
  /** The picture that is looked at. */
  canvas = document.createElement("canvas");

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.#root = stage;
    this.#video = stage.querySelector("video");
    this.#said = stage.querySelector("[data-stage-instruction]");
    this.#ring = stage.querySelector("[data-stage-ring]");
  }

  get live() {
    return this.#video.srcObject !== null;
  }

  /** Resolves with the camera's next picture. */
  next() {
    if (!this.#video.requestVideoFrameCallback) return new Promise((resolve) => setTimeout(resolve, 100));
    return new Promise((resolve) => {
      const late = setTimeout(resolve, 1000);
      this.#video.requestVideoFrameCallback(() => {
        clearTimeout(late);
        resolve(undefined);
      });
    });
  }

  /**
   * Takes the present picture.
   * @param {number} maxSide in pixels
   */
  draw(maxSide) {
    const { videoWidth, videoHeight } = this.#video;
    const scale = Math.min(1, maxSide / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.#video, 0, 0, this.canvas.width, this.canvas.height);
  }

  /** @returns {number} mean of the picture's middle, 0 to 255 */
  brightness() {
    const { width, height } = this.canvas;
    const pixels = grays(this.canvas, [width / 4, height / 6, width / 2, (height * 2) / 3], this.#light);
    return pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  }

  /**
   * @param {import("./face_tracker.js").Face} face
   * @returns {number} mean square of the Laplacian within the face; larger is sharper
   */
  sharpness(face) {
    const { width, height } = this.canvas;
    const side = 0.7 * face.height * height;
    const area = [face.centre.x * width - side / 2, face.centre.y * height - side / 2, side, side];
    const pixels = grays(this.canvas, area, this.#sharp);
    const n = SHARP_SIDE_PX;
    let sum = 0;
    for (let at = n + 1; at < n * (n - 1) - 1; at += 1) {
      sum += (4 * pixels[at] - pixels[at - 1] - pixels[at + 1] - pixels[at - n] - pixels[at + n]) ** 2;
    }
    return sum / pixels.length;
  }

  /** @param {string} hint said aloud by screen readers once, as it changes */
  say(hint) {
    if (this.#said.dataset.hint === hint) return;
    this.#said.dataset.hint = hint;
    this.#said.textContent = WORDS[hint];
  }

  /** @param {number} share */
  fill(share) {
    this.#root.dataset.progress = share.toFixed(2);
    this.#ring.setAttribute("stroke-dasharray", `${100 * share} 100`);
  }
}
