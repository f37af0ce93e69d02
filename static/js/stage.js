// The camera stage as people see it: start, stop, take; and a message when there is no camera.

import { Camera, CameraError } from "./camera.js";

export class Stage {
  #root;
  #camera;
  #onPicture;
  #onTake;
  /** Called once the camera shows a picture. */
  onLive = () => {};
  /** Called when the person takes a picture while being guided; without it, guidance has no shutter. */
  onInterrupt = null;

  /**
   * @param {ParentNode} page holds one [data-stage]
   * @param {(picture: Blob) => void} onPicture
   * @param {(() => void) | null} [onTake] called in place of taking one picture
   */
  constructor(page, onPicture, onTake = null) {
    this.#root = page.querySelector("[data-stage]");
    this.#camera = new Camera(this.#find("video"));
    this.#onPicture = onPicture;
    this.#onTake = onTake;
    this.#find("start").addEventListener("click", () => this.start());
    this.#find("start").disabled = false; // it waited for this script
    this.#find("stop").addEventListener("click", () => this.stop());
    this.#find("take").addEventListener("click", () => this.take());
    window.addEventListener("pagehide", () => this.stop());
  }

  /** @param {string} name */
  #find(name) {
    return this.#root.querySelector(`[data-stage-${name}]`);
  }

  get element() {
    return this.#root;
  }

  get live() {
    return this.#root.dataset.state === "live";
  }

  /** @param {"idle" | "starting" | "live" | "guide" | "busy" | "match" | "no_match"} state */
  set state(state) {
    this.#root.dataset.state = state;
    this.#find("controls").hidden = state !== "live" && !(state === "guide" && this.onInterrupt);
  }

  /** Opens the camera; a refusal is shown, never thrown. */
  async start() {
    if (this.#root.dataset.state === "starting") return;
    this.say("");
    this.showStill(null);
    this.state = "starting";
    const hadFocus = this.#root.contains(document.activeElement);
    try {
      await this.#camera.start(() => this.stop());
      if (!this.#camera.live) return;
      this.state = "live";
      if (hadFocus) this.#find("take").focus();
      this.onLive();
    } catch (error) {
      this.stop();
      const shown = error instanceof CameraError ? error : new CameraError("Unknown");
      this.say(`${shown.message} ${this.#root.dataset.instead}`, shown.code);
    }
  }

  stop() {
    const hadFocus = this.#find("controls").contains(document.activeElement);
    this.#camera.stop();
    this.state = "idle";
    if (hadFocus) this.#find("start").focus();
  }

  /** Takes one picture, if the camera is live; else opens the camera. */
  async take() {
    if (this.#root.dataset.state === "idle") return this.start();
    if (this.#root.dataset.state === "guide" && this.onInterrupt) {
      this.onInterrupt();
      this.state = "live";
    }
    if (!this.live) return undefined;
    if (this.#onTake) return this.#onTake();
    this.flash();
    return this.#onPicture(await this.#camera.snapshot());
  }

  /** Shows that a picture was taken. */
  flash() {
    const frame = this.#find("video").parentElement;
    frame.toggleAttribute("data-flash", true);
    setTimeout(() => frame.removeAttribute("data-flash"), 180);
  }

  snapshot() {
    return this.#camera.snapshot();
  }

  freeze() {
    this.#camera.freeze();
  }

  /** Back to the live picture, or to the start button where there is no camera. */
  async resume() {
    this.showStill(null);
    await this.#camera.resume();
    this.state = this.#camera.live ? "live" : "idle";
  }

  /** @param {Blob | null} picture shown in place of the camera's */
  showStill(picture) {
    const still = this.#find("still");
    if (still.src) URL.revokeObjectURL(still.src);
    still.removeAttribute("src");
    still.hidden = picture === null;
    if (picture) still.src = URL.createObjectURL(picture);
  }

  /**
   * @param {string} words empty hides the message
   * @param {string} [code]
   */
  say(words, code = "") {
    const box = this.#find("message");
    box.hidden = words === "";
    box.dataset.code = code;
    this.#find("message-text").textContent = words;
  }
}
