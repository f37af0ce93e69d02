// One of the two pictures to compare: chosen, dropped, taken with the camera, or one of the drawn faces.

import { onFiles } from "./drop.js";
import { prepareImage } from "./images.js";

export class CompareSlot {
  #root;
  #maxBytes;
  #onChange;
  /** @type {Blob | null} */
  picture = null;

  /**
   * @param {HTMLElement} root
   * @param {{maxBytes: number, onChange: () => void, onCamera: (slot: CompareSlot) => void}} options
   */
  constructor(root, { maxBytes, onChange, onCamera }) {
    this.#root = root;
    this.#maxBytes = maxBytes;
    this.#onChange = onChange;
    onFiles(root, ([file]) => file && this.put(file));
    const camera = this.#find("camera");
    camera.disabled = false; // it waited for this script
    camera.addEventListener("click", () => onCamera(this));
    for (const sample of root.querySelectorAll("[data-slot-sample]")) {
      sample.disabled = false;
      sample.addEventListener("click", () => this.#fetch(sample.querySelector("img").src));
    }
  }

  /** @param {string} url of a drawn face that came with the site */
  async #fetch(url) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) await this.put(await answer.blob());
    else this.refuse("This picture did not arrive. Please try again.");
  }

  /** @param {string} part */
  #find(part) {
    return this.#root.querySelector(`[data-slot-${part}]`);
  }

  /** The API's name of this picture. */
  get name() {
    return this.#root.dataset.slot;
  }

  /** What people read. */
  get title() {
    return this.#root.querySelector("h2").textContent;
  }

  /** @param {boolean} wanted whether the camera is taking this slot's picture */
  set aimed(wanted) {
    this.#root.toggleAttribute("data-aimed", wanted);
  }

  focusCamera() {
    this.#find("camera").focus();
  }

  /** @param {Blob} picture */
  async put(picture) {
    this.refuse("");
    this.#show(picture);
    try {
      this.picture = await prepareImage(picture, this.#maxBytes);
    } catch (error) {
      this.picture = null;
      this.refuse(error.message);
    }
    this.#onChange();
  }

  /** @param {Blob} picture */
  #show(picture) {
    const image = this.#find("picture");
    if (image.src) URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture);
    image.hidden = false;
    this.#find("empty").hidden = true;
  }

  /** @param {string} words why this picture does not do; empty takes that back */
  refuse(words) {
    const message = this.#find("message");
    message.textContent = words;
    message.hidden = words === "";
    this.#root.toggleAttribute("data-refused", words !== "");
  }
}
