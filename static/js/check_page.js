// What the sign-in page and "Verify me now" share: one picture in, one answer out.

import { ApiError } from "./api.js";
import { Challenge } from "./challenge.js";
import { onFiles } from "./drop.js";
import { refusal } from "./face_check.js";
import { FaceResult } from "./face_result.js";
import { ImageError, prepareImage } from "./images.js";
import { onKeys } from "./keys.js";
import { Stage } from "./stage.js";

const LOCKED = "too_many_attempts";
// The browser cannot run the face tracker.
const NO_GUIDE = { result: "unavailable", code: "no_guide", words: "", session: "", retryAfter: 0 };

/** @typedef {import("./face_check.js").Outcome} Outcome */
/** @typedef {{title: string, words: string}} Words */

export class CheckPage {
  #root;
  #result;
  #again;
  #texts;
  #onMatch;
  /** @type {Challenge | null} */
  #challenge = null;
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
    const guided = root.hasAttribute("data-challenge");
    this.stage = new Stage(root, (picture) => this.#decide([picture]), guided ? () => this.#guide() : null);
    if (guided) this.#challenge = new Challenge(this.stage.element);
    this.#again.querySelector("button").addEventListener("click", () => this.reset());
    if (!guided) onFiles(root, ([file]) => file && this.#upload(file));
    onKeys({ v: () => this.#onV(), q: () => this.quit() });
    this.stage.element.querySelector("[data-stage-quit]").addEventListener("click", () => this.quit());
  }

  get #busy() {
    return this.#root.hasAttribute("data-busy") || this.#root.hasAttribute("data-waiting");
  }

  #onV() {
    if (this.#busy || !this.check) return;
    if (this.#again.hidden) this.stage.take();
    else this.reset();
  }

  /** Gets the face tracker while the person is still typing. */
  warmUp() {
    this.#challenge?.warmUp();
  }

  quit() {
    this.#challenge?.cancel();
    if (!this.#busy && this.check) this.stage.stop();
  }

  /** Ready for the next picture. */
  async reset() {
    this.#challenge?.cancel();
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
      const picture = await prepareImage(file, Number(this.#root.dataset.maxBytes));
      await this.#decide([picture], picture);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      this.#show({ result: "retry", code: error.code, words: error.message, session: "", retryAfter: 0 });
    }
  }

  /** Leads through the challenge of a new session, and sends what it took. */
  async #guide() {
    this.#again.hidden = true;
    this.#result.hide();
    this.stage.say("");
    this.stage.state = "guide";
    try {
      const challenge = await this.check.challenge();
      if (!challenge) return this.#decide([await this.stage.snapshot()]);
      const frames = await this.#challenge.run(challenge);
      if (frames) return await this.#decide(frames);
      this.#stopped();
    } catch (error) {
      this.#show(error instanceof ApiError ? refusal(error) : NO_GUIDE);
    }
  }

  /** It was cancelled, or took too long. */
  #stopped() {
    this.check?.forget();
    if (this.stage.element.dataset.state !== "guide") return;
    this.stage.stop();
    this.stage.say("That took too long. Start the camera to try again.", "gave_up");
  }

  /**
   * @param {Blob[]} pictures
   * @param {Blob | null} [uploaded] shown while it is looked at
   */
  async #decide(pictures, uploaded = null) {
    this.#again.hidden = true;
    this.#root.toggleAttribute("data-busy", true);
    this.stage.say("");
    this.stage.freeze();
    this.stage.showStill(uploaded);
    this.stage.state = "busy";
    this.#result.show("busy", { title: this.#texts.busy });
    const outcome = await this.check.decide(pictures);
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
    if (result === "retry") return { title: this.#challenge ? "Once more" : "One more picture", words };
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
