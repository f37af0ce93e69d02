// The compare page: two pictures in, "Matched" or "Not matched" out.

import { ApiError, request } from "./api.js";
import { CompareResult } from "./compare_result.js";
import { CompareSlot } from "./compare_slot.js";
import { onKeys } from "./keys.js";
import { Stage } from "./stage.js";

const POLL_MS = 1000;
const HOLD = { Prefer: "wait=8" };
const GIVE_UP_AFTER_MS = 25_000;

class ComparePage {
  /** @type {CompareSlot | null} whose picture the camera takes */
  #aimed = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.url = root.dataset.comparisonsUrl;
    this.form = root.querySelector("[data-compare-form]");
    this.button = root.querySelector("[data-match]");
    this.camera = root.querySelector("[data-camera]");
    this.result = new CompareResult(root);
    this.stage = new Stage(root, (picture) => this.#took(picture));
    const options = {
      maxBytes: Number(root.dataset.maxBytes),
      onChange: () => this.#changed(),
      onCamera: (slot) => this.#aim(slot),
    };
    this.slots = [...root.querySelectorAll("[data-slot]")].map((slot) => new CompareSlot(slot, options));
    this.form.addEventListener("change", () => this.#changed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.match();
    });
    onKeys({ m: () => this.match(), c: () => this.#aimed && this.stage.take(), q: () => this.#closeCamera() });
    root.querySelector("[data-stage-stop]").addEventListener("click", () => this.#closeCamera());
  }

  get #ready() {
    return !this.root.hasAttribute("data-busy") && this.slots.every((slot) => slot.picture !== null);
  }

  #changed() {
    this.result.hide();
    this.button.disabled = !this.#ready;
  }

  /** @param {CompareSlot} slot */
  async #aim(slot) {
    this.result.hide();
    this.#setAim(slot);
    await this.stage.start();
    this.camera.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** @param {CompareSlot | null} slot */
  #setAim(slot) {
    this.#aimed = slot;
    this.camera.hidden = slot === null;
    for (const other of this.slots) other.aimed = other === slot;
    if (slot) this.root.querySelector("[data-stage-hint]").textContent = `For ${slot.title}: look straight ahead`;
  }

  /** @param {Blob} picture */
  async #took(picture) {
    const slot = this.#aimed;
    this.#closeCamera();
    await slot?.put(picture);
  }

  #closeCamera() {
    const slot = this.#aimed;
    if (!slot) return;
    this.stage.stop();
    this.#setAim(null);
    slot.focusCamera();
  }

  async match() {
    if (!this.#ready) return;
    this.#closeCamera();
    this.root.toggleAttribute("data-busy", true);
    this.button.disabled = true;
    for (const slot of this.slots) slot.refuse("");
    this.result.say("busy", "Comparing…");
    try {
      this.#tell(await this.#settled(await this.#send()));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.result.say("unavailable", "Not compared", error.message);
    } finally {
      this.root.removeAttribute("data-busy");
      this.button.disabled = false;
    }
  }

  #send() {
    const body = new FormData(this.form);
    for (const slot of this.slots) body.append(slot.name, slot.picture, slot.picture.name ?? "camera.jpg");
    return request(this.url, { method: "POST", headers: HOLD, body });
  }

  /** @param {any} comparison */
  async #settled(comparison) {
    const until = Date.now() + GIVE_UP_AFTER_MS;
    let latest = comparison;
    while (latest.state === "pending" && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      latest = await request(`${this.url}/${comparison.id}`, { headers: HOLD });
    }
    return latest;
  }

  /** @param {any} comparison */
  #tell(comparison) {
    if (comparison.state === "decided") return this.result.tell(comparison);
    for (const slot of this.slots) {
      const own = comparison.reasons.filter((reason) => reason.picture === slot.name);
      slot.refuse(own.map((reason) => reason.message).join(" "));
    }
    const refused = this.slots.filter((slot) => comparison.reasons.some((reason) => reason.picture === slot.name));
    if (refused.length === 0) return this.result.say("unavailable", "Not compared", comparison.reasons[0]?.message ?? "Please try again.");
    return this.result.say("refused", "One more picture", `${refused.map((slot) => slot.title).join(" and ")} cannot be compared. See what is wrong with it above.`);
  }
}

const root = document.querySelector("[data-compare]");
if (root) new ComparePage(root);
