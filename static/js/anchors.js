// The capture page: pictures go up two at a time, and each card shows what came of its picture.

import { AnchorCard, SLOW_AFTER_MS } from "./anchor_card.js";
import { isFull, showProgress, spoken } from "./anchor_progress.js";
import { ApiError, postImage, request } from "./api.js";
import { onFiles } from "./drop.js";
import { GuidedCapture } from "./guided_capture.js";
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
  #usable = false;
  /** Some pictures of the first round were not accepted: no more are taken than are needed. */
  #untilUsable = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.url = root.dataset.samplesUrl;
    this.maxBytes = Number(root.dataset.maxBytes);
    this.stage = new Stage(root, (picture) => this.add(picture));
    this.guided = new GuidedCapture(this.stage.element);
    this.stage.onLive = () => this.guide();
    this.stage.onInterrupt = () => this.guided.cancel();
    onFiles(root, (files) => files.forEach((file) => this.add(file)));
    onKeys({ a: () => this.capture(), q: () => this.stop() });
    this.stage.element.querySelector("[data-stage-stop]").addEventListener("click", () => this.guided.cancel());
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

  stop() {
    this.guided.cancel();
    this.stage.stop();
  }

  /** Takes pictures in turn until the face is usable; where that cannot be, the shutter is left. */
  async guide() {
    this.stage.state = "guide";
    this.#untilUsable = false;
    try {
      let outcome = await this.#guideOnce();
      while (outcome === "done" && !this.#usable) {
        this.#untilUsable = true;
        outcome = await this.#guideOnce();
      }
      if (outcome === "done") this.stop();
      if (outcome === "gave_up") this.stage.state = "live";
    } catch {
      if (this.stage.element.dataset.state !== "guide") return;
      this.stage.state = "live";
      this.stage.say("Guidance does not run in this browser. Take the pictures yourself.", "no_guide");
    }
  }

  async #guideOnce() {
    const outcome = await this.guided.run((picture) => {
      this.stage.flash();
      this.add(picture);
    });
    if (outcome !== "done") return outcome;
    this.guided.view.say("checking");
    await this.#settled();
    return this.stage.element.dataset.state === "guide" ? "done" : "cancelled";
  }

  /** Resolves when every picture has its answer, or takes longer than people wait for. */
  async #settled() {
    const end = Date.now() + SLOW_AFTER_MS;
    while (Date.now() < end && this.#cards.some((card) => card.state === "pending")) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS / 2));
    }
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
    this.#usable = anchors.usable;
    if (this.#full || (this.#untilUsable && this.#usable && this.guided.running)) this.stop();
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
