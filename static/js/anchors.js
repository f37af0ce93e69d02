// The capture page: pictures go up two at a time, and each card shows what came of its picture.

import { AnchorCard } from "./anchor_card.js";
import { isFull, showProgress, spoken } from "./anchor_progress.js";
import { ApiError, postImage, request } from "./api.js";
import { onFiles } from "./drop.js";
import { prepareImage } from "./images.js";
import { onKeys } from "./keys.js";
import { Stage } from "./stage.js";
import { UploadQueue } from "./upload_queue.js";

const POLL_MS = 500;

class AnchorsPage {
  /** @type {AnchorCard[]} */
  #cards = [];
  #queue = new UploadQueue(2);
  #polling = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.url = root.dataset.samplesUrl;
    this.maxBytes = Number(root.dataset.maxBytes);
    this.stage = new Stage(root, (picture) => this.add(picture));
    onFiles(root, (files) => files.forEach((file) => this.add(file)));
    onKeys({ a: () => this.capture(), q: () => this.stage.stop() });
    for (const element of this.#list.children) this.#adopt(new AnchorCard(element));
    if (this.#anyPending()) this.poll();
  }

  get #list() {
    return this.root.querySelector("[data-anchor-list]");
  }

  get #full() {
    return this.root.hasAttribute("data-full");
  }

  capture() {
    if (!this.#full) this.stage.take();
  }

  /** @param {Blob} picture a photo from the camera or a chosen file */
  add(picture) {
    const card = AnchorCard.fromPicture(this.root.querySelector("[data-anchor-template]"), picture);
    this.#list.prepend(card.element);
    this.#adopt(card);
    this.#showEmpty();
    this.#queue.add(() => this.#send(card, picture));
  }

  /** @param {AnchorCard} card */
  #adopt(card) {
    this.#cards.push(card);
    card.onRemove(() => this.#remove(card));
  }

  /**
   * @param {AnchorCard} card
   * @param {Blob} picture
   */
  async #send(card, picture) {
    if (!this.#cards.includes(card)) return; // removed while it waited
    try {
      const answer = await postImage(this.url, await prepareImage(picture, this.maxBytes));
      card.update(answer.samples[0]);
      this.#show(answer.anchors);
      this.poll();
    } catch (error) {
      card.fail(error.message, error instanceof ApiError && canRetry(error) ? () => this.#retry(card, picture) : null);
      this.#announce(`Picture not used. ${error.message}`);
    }
  }

  /**
   * @param {AnchorCard} card
   * @param {Blob} picture
   */
  #retry(card, picture) {
    card.wait();
    this.#queue.add(() => this.#send(card, picture));
  }

  #anyPending() {
    return this.#cards.some((card) => card.state === "pending" && card.id);
  }

  /** Asks until every picture has its answer. */
  async poll() {
    if (this.#polling) return;
    this.#polling = true;
    while (this.#anyPending()) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      await this.#refresh().catch(() => {}); // a missed poll is made up for by the next
    }
    this.#polling = false;
  }

  async #refresh() {
    const answer = await request(this.url);
    for (const sample of answer.samples) {
      const card = this.#cards.find((candidate) => candidate.id === sample.id);
      if (!card || card.state !== "pending") continue;
      card.update(sample);
      if (sample.state === "accepted") this.#announce(`Picture accepted. ${spoken(answer.anchors)}`);
      if (sample.state === "rejected") this.#announce(`Picture not used. ${sample.reasons[0]?.message ?? ""}`);
    }
    this.#show(answer.anchors);
  }

  /** @param {AnchorCard} card */
  async #remove(card) {
    if (card.state === "accepted" && !(await this.#confirmed())) return;
    try {
      if (card.id) await request(`${this.url}/${card.id}`, { method: "DELETE" });
    } catch (error) {
      if (error.status !== 404) return this.#announce(error.message);
    }
    this.#cards = this.#cards.filter((other) => other !== card);
    card.remove();
    this.#showEmpty();
    this.#announce("Picture removed.");
    return this.#refresh().catch(() => {});
  }

  /** @returns {Promise<boolean>} */
  #confirmed() {
    const dialog = this.root.querySelector("[data-remove-dialog]");
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "remove"), { once: true });
    });
  }

  /** @param {import("./anchor_progress.js").Anchors} anchors */
  #show(anchors) {
    showProgress(this.root, anchors);
    this.root.toggleAttribute("data-full", isFull(anchors));
    if (this.#full) this.stage.stop();
  }

  #showEmpty() {
    this.root.querySelector("[data-empty]").hidden = this.#cards.length > 0;
  }

  /** @param {string} words */
  #announce(words) {
    this.root.querySelector("[data-announce]").textContent = words;
  }
}

/** @param {ApiError} error */
function canRetry(error) {
  return error.status === 0 || error.status === 429 || error.status >= 500;
}

const root = document.querySelector("[data-anchors-page]");
if (root) new AnchorsPage(root);
