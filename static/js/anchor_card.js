// One picture on the capture page, from "Checking…" to its answer.

/** @typedef {{id: string, state: string, reasons: {code: string, message: string}[], crop_url: string | null}} Sample */

const LABELS = { pending: "Checking…", accepted: "Accepted", rejected: "Not used" };
export const SLOW_AFTER_MS = 15_000;

export class AnchorCard {
  /** @type {string | null} */
  #thumbnail = null;
  #since = Date.now();

  /** @param {HTMLElement} element an [data-testid=anchor-card] */
  constructor(element) {
    this.element = element;
  }

  /**
   * @param {HTMLTemplateElement} template
   * @param {Blob} picture shown until the answer is there
   */
  static fromPicture(template, picture) {
    const card = new AnchorCard(template.content.firstElementChild.cloneNode(true));
    const image = card.#find("image");
    card.#thumbnail = URL.createObjectURL(picture);
    image.addEventListener("error", () => (image.hidden = true)); // a file that is no picture
    image.src = card.#thumbnail;
    image.hidden = false;
    return card;
  }

  /** @param {string} name */
  #find(name) {
    return this.element.querySelector(`[data-anchor-${name}]`);
  }

  get id() {
    return this.element.dataset.sample;
  }

  get state() {
    return this.element.dataset.state;
  }

  /** @param {Sample} sample what the server says */
  update(sample) {
    this.element.dataset.sample = sample.id;
    if (sample.state === this.state && sample.state !== "pending") return;
    const slow = sample.state === "pending" && Date.now() - this.#since > SLOW_AFTER_MS;
    const reasons = slow
      ? ["Taking longer than usual. Your picture is safe and will be processed."]
      : sample.reasons.map((reason) => reason.message);
    this.#show(sample.state, reasons);
    if (sample.state === "accepted" && sample.crop_url) this.#showCrop(sample.crop_url);
  }

  /**
   * The picture never became a sample.
   * @param {string} message
   * @param {(() => void) | null} retry offered where trying again may help
   */
  fail(message, retry) {
    this.#show("rejected", [message]);
    const button = this.#find("retry");
    button.hidden = retry === null;
    button.onclick = retry;
  }

  wait() {
    this.#since = Date.now();
    this.#find("retry").hidden = true;
    this.#show("pending", []);
  }

  /** @param {() => void} action */
  onRemove(action) {
    this.#find("remove").addEventListener("click", action);
  }

  remove() {
    if (this.#thumbnail) URL.revokeObjectURL(this.#thumbnail);
    this.element.remove();
  }

  /**
   * @param {"pending" | "accepted" | "rejected"} state
   * @param {string[]} reasons
   */
  #show(state, reasons) {
    this.element.dataset.state = state;
    this.#find("state").textContent = LABELS[state];
    this.#find("remove").textContent = state === "rejected" ? "Dismiss" : "Remove";
    const list = this.#find("reasons");
    list.hidden = reasons.length === 0;
    if (reasons.join() === [...list.children].map((item) => item.textContent).join()) return;
    list.replaceChildren(
      ...reasons.map((words) => Object.assign(document.createElement("li"), { textContent: words })),
    );
  }

  /** @param {string} url */
  #showCrop(url) {
    const image = this.#find("image");
    image.hidden = false;
    image.src = url;
    if (this.#thumbnail) URL.revokeObjectURL(this.#thumbnail);
    this.#thumbnail = null;
  }
}
