// Anchors taken by themselves: straight ahead, a little to the left, a little to the right; of each the sharpest frame.

import { FaceTracker } from "./face_tracker.js";
import { PoseGuide } from "./pose_guide.js";
import { jpegOf, Viewfinder } from "./viewfinder.js";

const GIVE_UP_AFTER_MS = 60_000;
const MAX_SIDE_PX = 1280;

export class GuidedCapture {
  #tracker = new FaceTracker();
  /** The capture that runs; another one, or none, ends it. */
  #current = null;

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.view = new Viewfinder(stage);
  }

  get running() {
    return this.#current !== null;
  }

  cancel() {
    this.#current = null;
  }

  /**
   * @param {(picture: Blob) => void} onPicture
   * @returns {Promise<"done" | "gave_up" | "cancelled">}
   * @throws where the tracker cannot run
   */
  async run(onPicture) {
    const own = (this.#current = {});
    this.view.say("loading");
    this.view.fill(0);
    await this.#tracker.load();
    const guide = new PoseGuide();
    const best = new Sharpest(this.view);
    const end = performance.now() + GIVE_UP_AFTER_MS;
    while (!guide.done && performance.now() < end) {
      await this.view.next();
      if (this.#current !== own || !this.view.live) return "cancelled";
      this.view.draw(MAX_SIDE_PX);
      const face = await this.#tracker.look(this.view.canvas);
      if (this.#current !== own) return "cancelled";
      const { hint, candidate, complete } = guide.step(face, this.view.brightness());
      if (candidate) best.offer(face);
      if (complete) onPicture(await best.take());
      this.view.say(hint);
      this.view.fill(guide.progress);
    }
    if (this.#current === own) this.#current = null;
    return guide.done ? "done" : "gave_up";
  }
}

/** Holds the sharpest picture offered. */
class Sharpest {
  #view;
  #sharpness = -1;
  #canvas = document.createElement("canvas");

  /** @param {Viewfinder} view */
  constructor(view) {
    this.#view = view;
  }

  /** @param {import("./face_tracker.js").Face} face in the present picture */
  offer(face) {
    const sharpness = this.#view.sharpness(face);
    if (sharpness <= this.#sharpness) return;
    this.#sharpness = sharpness;
    this.#canvas.width = this.#view.canvas.width;
    this.#canvas.height = this.#view.canvas.height;
    this.#canvas.getContext("2d").drawImage(this.#view.canvas, 0, 0);
  }

  /** @returns {Promise<Blob>} */
  take() {
    this.#sharpness = -1;
    return jpegOf(this.#canvas);
  }
}
