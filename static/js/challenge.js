// The liveness challenge as people meet it: one instruction at a time, a ring that fills, and the frames to send.

import { FaceTracker } from "./face_tracker.js";
import { Guide } from "./guide.js";
import { jpegOf, Viewfinder } from "./viewfinder.js";

const GIVE_UP_AFTER_MS = 60_000;
const SPACING_MS = 110;

export class Challenge {
  #view;
  #tracker = new FaceTracker({ eyes: true });
  #running = false;

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.#view = new Viewfinder(stage);
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
    this.#view.say("loading");
    this.#view.fill(0);
    await this.#tracker.load();
    const guide = new Guide(actions);
    const frames = [];
    const end = performance.now() + GIVE_UP_AFTER_MS;
    let last = 0;
    while (this.#running && !guide.done && performance.now() < end) {
      await this.#view.next();
      if (!this.#running || performance.now() - last < SPACING_MS) continue;
      this.#view.draw(maxSide);
      const face = await this.#tracker.look(this.#view.canvas);
      const now = performance.now();
      const { hint, keep } = guide.step(face, this.#view.brightness(), now);
      if (keep) {
        frames.push(await jpegOf(this.#view.canvas));
        last = now;
      }
      this.#view.say(hint);
      this.#view.fill(guide.progress);
    }
    this.#running = false;
    return guide.done ? frames : null;
  }
}
