// What the sign-in page and "Verify me now" share: one picture in, one answer out.

import { onFiles } from "./drop.js";
import { FaceResult } from "./face_result.js";
import { ImageError, prepareImage } from "./images.js";
import { onKeys } from "./keys.js";
import { Stage } from "./stage.js";

const LOCKED = "too_many_attempts";
const MAX_BYTES = 5 * 1024 * 1024;

/** @typedef {import("./face_check.js").Outcome} Outcome */
/** @typedef {{title: string, words: string}} Words */

export class CheckPage {
  #root;
  #result;
  #again;
  #texts;
  #onMatch;
  /** @type {import("./face_check.js").FaceCheck | null} who is asked; none until it is known about whom */
  check = null;

  /**
   * @param {HTMLElement} root
   * @param {{busy: string, match: Words, noMatch: Words, unavailable: Words}} texts
   * @param {(outcome: Outcome) => void} [onMatch]
   */
  constructor(root, texts, onMatch = () => {}) {
    this.#root = root;
    this.#texts = texts;
    this.#onMatch = onMatch;
    this.#result = new FaceResult(root);
    this.#again = root.querySelector("[data-again]");
    this.stage = new Stage(root, (picture) => this.#decide(picture, false));
    this.#again.querySelector("button").addEventListener("click", () => this.reset());
    onFiles(root, ([file]) => file && this.#upload(file));
    onKeys({ v: () => this.#onV(), q: () => !this.#busy && this.check && this.stage.stop() });
  }

  get #busy() {
    return this.#root.hasAttribute("data-busy") || this.#root.hasAttribute("data-waiting");
  }

  #onV() {
    if (this.#busy || !this.check) return;
    if (this.#again.hidden) this.stage.take();
    else this.reset();
  }

  /** Ready for the next picture. */
  async reset() {
    this.#root.removeAttribute("data-waiting");
    this.#result.hide();
    this.#again.hidden = true;
    await this.stage.resume();
    this.#root.querySelector("[data-stage-take]").focus();
  }

  /** @param {File} file */
  async #upload(file) {
    if (this.#busy || !this.check) return;
    try {
      await this.#decide(await prepareImage(file, MAX_BYTES), true);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      this.#show({ result: "retry", code: error.code, words: error.message, session: "", retryAfter: 0 });
    }
  }

  /**
   * @param {Blob} picture
   * @param {boolean} uploaded
   */
  async #decide(picture, uploaded) {
    this.#again.hidden = true;
    this.#root.toggleAttribute("data-busy", true);
    this.stage.say("");
    this.stage.freeze();
    this.stage.showStill(uploaded ? picture : null);
    this.stage.state = "busy";
    this.#result.show("busy", { title: this.#texts.busy });
    const outcome = await this.check.decide(picture);
    this.#root.removeAttribute("data-busy");
    this.#show(outcome);
  }

  /** @param {Outcome} outcome */
  #show(outcome) {
    const { result, code, retryAfter } = outcome;
    this.stage.state = result === "match" ? "match" : "no_match";
    this.#result.show(result, { ...this.#content(outcome), code });
    if (result === "match") return this.#onMatch(outcome);
    if (retryAfter > 0) return this.#wait(retryAfter);
    return this.offerAgain(code !== LOCKED);
  }

  /**
   * @param {Outcome} outcome
   * @returns {Words}
   */
  #content({ result, words, code }) {
    if (code === LOCKED) return { title: "Too many attempts", words };
    if (result === "match") return this.#texts.match;
    if (result === "no_match") return this.#texts.noMatch;
    if (result === "retry") return { title: "One more picture", words };
    return words ? { ...this.#texts.unavailable, words } : this.#texts.unavailable;
  }

  /** @param {number} seconds */
  #wait(seconds) {
    this.#root.toggleAttribute("data-waiting", true);
    this.#result.countDown(seconds, () => {
      this.#root.removeAttribute("data-waiting");
      this.offerAgain();
    });
  }

  /** @param {boolean} [possible] false leaves only the other ways */
  offerAgain(possible = true) {
    const button = this.#again.querySelector("button");
    this.#again.hidden = false;
    button.hidden = !possible;
    if (possible) button.focus();
  }
}
