// The liveness challenge as people meet it: one instruction at a time, a ring that fills, and the frames to send.

import { FaceTracker } from "./face_tracker.js";
import { Guide } from "./guide.js";

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
  done: "Thank you",
};
const GIVE_UP_AFTER_MS = 60_000;
const SPACING_MS = 110;
const QUALITY = 0.9;
const LIGHT_SIDE_PX = 16;

/** @param {HTMLVideoElement} video */
function nextFrame(video) {
  if (!video.requestVideoFrameCallback) return new Promise((resolve) => setTimeout(resolve, 100));
  return new Promise((resolve) => {
    const late = setTimeout(resolve, 1000);
    video.requestVideoFrameCallback(() => {
      clearTimeout(late);
      resolve(undefined);
    });
  });
}

export class Challenge {
  #root;
  #video;
  #said;
  #ring;
  #tracker = new FaceTracker();
  #canvas = document.createElement("canvas");
  #light = document.createElement("canvas");
  #running = false;

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.#root = stage;
    this.#video = stage.querySelector("video");
    this.#said = stage.querySelector("[data-stage-instruction]");
    this.#ring = stage.querySelector("[data-stage-ring]");
    this.#light.width = this.#light.height = LIGHT_SIDE_PX;
  }

  /** Loads the tracker ahead of time; what fails here is told when it is needed. */
  warmUp() {
    this.#tracker.load().catch(() => {});
  }

  cancel() {
    this.#running = false;
  }

  /**
   * Guides through the actions.
   * @param {{actions: string[], max_side_px: number}} challenge
   * @returns {Promise<Blob[] | null>} the frames in order; null when it was cancelled or took too long
   */
  async run({ actions, max_side_px: maxSide }) {
    this.#running = true;
    this.#say("loading");
    this.#fill(0);
    await this.#tracker.load();
    const guide = new Guide(actions);
    const frames = [];
    const end = performance.now() + GIVE_UP_AFTER_MS;
    let last = 0;
    while (this.#running && !guide.done && performance.now() < end) {
      await nextFrame(this.#video);
      if (!this.#running || performance.now() - last < SPACING_MS) continue;
      this.#draw(maxSide);
      const face = await this.#tracker.look(this.#canvas);
      const now = performance.now();
      const { hint, keep } = guide.step(face, this.#brightness(), now);
      if (keep) {
        frames.push(await this.#jpeg());
        last = now;
      }
      this.#say(hint);
      this.#fill(guide.progress);
    }
    this.#running = false;
    return guide.done ? frames : null;
  }

  /** @param {number} maxSide */
  #draw(maxSide) {
    const { videoWidth, videoHeight } = this.#video;
    const scale = Math.min(1, maxSide / Math.max(videoWidth, videoHeight));
    this.#canvas.width = Math.round(videoWidth * scale);
    this.#canvas.height = Math.round(videoHeight * scale);
    this.#canvas.getContext("2d", { willReadFrequently: true }).drawImage(this.#video, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** @returns {number} mean of the picture's middle, 0 to 255 */
  #brightness() {
    const { width, height } = this.#canvas;
    const context = this.#light.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.#canvas, width / 4, height / 6, width / 2, (height * 2) / 3, 0, 0, LIGHT_SIDE_PX, LIGHT_SIDE_PX);
    const { data } = context.getImageData(0, 0, LIGHT_SIDE_PX, LIGHT_SIDE_PX);
    return data.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value), 0) / (3 * LIGHT_SIDE_PX ** 2);
  }

  /** @returns {Promise<Blob>} */
  #jpeg() {
    return new Promise((resolve, reject) => {
      this.#canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
    });
  }

  /** @param {string} hint said aloud by screen readers once, as it changes */
  #say(hint) {
    if (this.#said.dataset.hint === hint) return;
    this.#said.dataset.hint = hint;
    this.#said.textContent = WORDS[hint];
  }

  /** @param {number} share */
  #fill(share) {
    this.#root.dataset.progress = share.toFixed(2);
    this.#ring.setAttribute("stroke-dasharray", `${100 * share} 100`);
  }
}
