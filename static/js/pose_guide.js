// What to say to somebody whose anchors are taken, and which frames show the wanted pose: rules alone, no camera.

import { obstacle } from "./guide.js";

/** Frames to choose the sharpest of. */
const CANDIDATES = 4;
// Against the first frame, in eye distances and radians: about 9 and 28 degrees. Further turns make poor anchors.
const LITTLE = 0.14;
const TOO_FAR = 0.42;
const REST_TURN = 0.1;
const LEVEL = 0.3;

/** @typedef {import("./face_tracker.js").Face} Face */

const POSES = [
  { hint: "hold", side: 0 },
  { hint: "little_left", side: 1 },
  { hint: "little_right", side: -1 },
];

export class PoseGuide {
  #at = 0;
  #held = 0;
  /** @type {Face | null} the first frame that looked ahead */
  #base = null;

  get done() {
    return this.#at >= POSES.length;
  }

  /** How much is done, 0 to 1. */
  get progress() {
    return (this.#at + this.#held / CANDIDATES) / POSES.length;
  }

  /**
   * @param {Face | null} face
   * @param {number} light mean brightness of the picture, 0 to 255
   * @returns {{hint: string, candidate: boolean, complete: boolean}} what to say now, whether this frame shows the wanted
   *   pose, and whether it was the last one to choose from
   */
  step(face, light) {
    const { hint, candidate } = this.#judge(face, light);
    if (!candidate) return { hint, candidate, complete: false };
    this.#held += 1;
    const complete = this.#held === CANDIDATES;
    if (complete) {
      this.#at += 1;
      this.#held = 0;
    }
    return { hint: this.done ? "done" : POSES[this.#at].hint, candidate, complete };
  }

  /**
   * @param {Face | null} face
   * @param {number} light
   */
  #judge(face, light) {
    const { hint, side } = POSES[this.#at];
    const hindrance = obstacle(face && side ? { ...face, turn: 0, tilt: 0 } : face, light);
    if (hindrance) return { hint: hindrance, candidate: false };
    this.#base ??= face;
    if (side === 0 && Math.abs(face.turn - this.#base.turn) >= REST_TURN) this.#startWith(face);
    const turn = face.turn - this.#base.turn;
    if (Math.abs(face.tilt - this.#base.tilt) > LEVEL) return { hint: "ahead", candidate: false };
    if (side === 0) return { hint, candidate: true };
    if (side * turn > TOO_FAR) return { hint: "not_so_far", candidate: false };
    return { hint, candidate: side * turn >= LITTLE };
  }

  /**
   * The head still moved, or is held otherwise now.
   * @param {Face} face
   */
  #startWith(face) {
    this.#base = face;
    this.#held = 0;
  }
}
