// What to say to somebody in front of the camera, and which frames to keep: rules alone, no camera and no page.

const START_FRAMES = 3;
const ACTION_FRAMES = 2;
const PATIENCE_MS = 5000;

// The face as a share of the picture's height; its middle within this of the picture's.
const TOO_SMALL = 0.3;
const TOO_LARGE = 0.86;
const OFF_CENTRE = 0.22;
const TOO_DARK = 45;

// A little more than the server asks for; in eye distances, radians and mouth widths, against the first frame.
const TURN = 0.34;
const TILT = 0.3;
// Raised, the nose stands out further and seems to move aside.
const UP_TURN = 0.28;
const MOUTH = 0.45;
const REST_TURN = 0.13;
const REST_TILT = 0.13;
// Against the eyes of the first frame. Whoever has narrower eyes there than this is blinking.
const EYES_CLOSED = 0.45;
const EYES_OPEN = 0.75;
const MIN_EYES = 0.12;
const AHEAD_TURN = 0.2;
const AHEAD_TILT = 0.3;
// So long before, the head was nearer than this. A start in the middle of a movement could not be told from its end.
const STILL = 0.08;
const STILL_MS = 150;

/** @typedef {import("./face_tracker.js").Face} Face */
/** @typedef {"no_face" | "more_light" | "closer" | "further" | "centre" | "ahead" | "hold" | "turn_left" | "turn_right" | "look_up" | "open_mouth" | "blink" | "back" | "done"} Hint */

const SHOWS = {
  turn_left: ({ turn }) => turn >= TURN,
  turn_right: ({ turn }) => turn <= -TURN,
  look_up: ({ turn, tilt }) => tilt >= TILT && Math.abs(turn) < UP_TURN,
  open_mouth: ({ turn, tilt, mouth }) => mouth >= MOUTH && Math.abs(turn) < REST_TURN && Math.abs(tilt) < REST_TILT,
  // First the closed eyes, then the open ones.
  blink: ({ turn, tilt, eyes }, held) =>
    Math.abs(turn) < REST_TURN && Math.abs(tilt) < REST_TILT && (held ? eyes >= EYES_OPEN : eyes <= EYES_CLOSED),
};

/**
 * @param {Face | null} face
 * @param {number} light mean brightness of the picture, 0 to 255
 * @returns {Hint | null} what is in the way of a good start
 */
export function obstacle(face, light) {
  if (light < TOO_DARK) return "more_light";
  if (!face) return "no_face";
  if (face.height < TOO_SMALL) return "closer";
  if (face.height > TOO_LARGE) return "further";
  if (Math.abs(face.centre.x - 0.5) > OFF_CENTRE || Math.abs(face.centre.y - 0.5) > OFF_CENTRE) return "centre";
  return Math.abs(face.turn) > AHEAD_TURN || Math.abs(face.tilt) > AHEAD_TILT ? "ahead" : null;
}

export class Guide {
  #actions;
  #at = -1; // the start; then the index of the action
  #held = 0;
  /** @type {Face | null} the first frame that was kept */
  #base = null;
  /** @type {Face | null} the last frame that was kept */
  #last = null;
  /** @type {{face: Face, at: number} | null} the latest frame that was looked at so long ago that the head may have moved */
  #before = null;
  #since = 0;

  /** @param {string[]} actions in the order the server asks for */
  constructor(actions) {
    this.#actions = actions;
  }

  get done() {
    return this.#at >= this.#actions.length;
  }

  /** How much is done, 0 to 1. */
  get progress() {
    const all = START_FRAMES + this.#actions.length * ACTION_FRAMES;
    const before = this.#at < 0 ? 0 : START_FRAMES + this.#at * ACTION_FRAMES;
    return Math.min(1, (before + this.#held) / all);
  }

  /**
   * @param {Face | null} face
   * @param {number} light
   * @param {number} now milliseconds
   * @returns {{hint: Hint, keep: boolean}} what to say now, and whether this frame is one of those to send
   */
  step(face, light, now) {
    const keep = !this.#isLast(face) && (this.#at < 0 ? this.#starts(face, light, now) : this.#acts(face));
    if (keep) {
      this.#last = face;
      this.#advance(now);
    }
    if (!face) this.#before = null;
    else if (!this.#before || now - this.#before.at >= STILL_MS) this.#before = { face, at: now };
    return { hint: this.#hint(face, light, now), keep };
  }

  /**
   * Some cameras show one picture twice; the server wants no frame twice.
   * @param {Face | null} face
   */
  #isLast(face) {
    const last = this.#last;
    return !!face && !!last && ["turn", "tilt", "mouth", "height"].every((name) => face[name] === last[name]);
  }

  get #eyesCount() {
    return this.#actions.includes("blink");
  }

  /**
   * @param {Face | null} face
   * @param {number} light
   * @param {number} now
   */
  #starts(face, light, now) {
    if (obstacle(face, light) || !(this.#base ? this.#rests(face) : this.#isStill(face, now))) return false;
    if (this.#eyesCount && face.eyes < MIN_EYES) return false;
    this.#base ??= face;
    return true;
  }

  /**
   * @param {Face} face
   * @param {number} now
   */
  #isStill(face, now) {
    if (!this.#before || now - this.#before.at < STILL_MS) return false;
    const before = this.#before.face;
    return Math.max(Math.abs(face.turn - before.turn), Math.abs(face.tilt - before.tilt)) < STILL;
  }

  /** @param {Face | null} face */
  #acts(face) {
    return face !== null && SHOWS[this.#actions[this.#at]](this.#moved(face), this.#held);
  }

  /** @param {Face} face */
  #moved(face) {
    return {
      turn: face.turn - this.#base.turn,
      tilt: face.tilt - this.#base.tilt,
      mouth: face.mouth,
      eyes: this.#eyesCount ? face.eyes / this.#base.eyes : 1,
    };
  }

  /** @param {Face} face */
  #rests(face) {
    const { turn, tilt, mouth, eyes } = this.#moved(face);
    return Math.abs(turn) < REST_TURN && Math.abs(tilt) < REST_TILT && mouth < MOUTH / 2 && eyes >= EYES_OPEN;
  }

  /** @param {number} now */
  #advance(now) {
    this.#held += 1;
    if (this.#held < (this.#at < 0 ? START_FRAMES : ACTION_FRAMES)) return;
    this.#at += 1;
    this.#held = 0;
    this.#since = now;
  }

  /**
   * @param {Face | null} face
   * @param {number} light
   * @param {number} now
   * @returns {Hint}
   */
  #hint(face, light, now) {
    if (this.done) return "done";
    if (this.#at < 0) return obstacle(face, light) ?? "hold";
    if (!face && now - this.#since > PATIENCE_MS) return "no_face";
    return /** @type {Hint} */ (this.#actions[this.#at]);
  }
}
