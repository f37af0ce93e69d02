// One question to the server: is this picture of that person? Sessions are opened behind the scenes.

import { ApiError, postImage, postJson, request } from "./api.js";

const POLL_MS = 400;
const GIVE_UP_AFTER_MS = 25_000;
const REFUSED_PICTURE = ["empty_file", "file_too_large", "unsupported_type", "too_many_pixels", "animated_image", "unreadable_image"];

/**
 * @typedef {object} Outcome
 * @property {"match" | "no_match" | "retry" | "unavailable"} result
 * @property {string} code
 * @property {string} words empty where the page has its own
 * @property {string} session
 * @property {number} retryAfter seconds, 0 for at once
 */

export class FaceCheck {
  /** @type {{id: string} | null} a session whose picture was refused and that takes another */
  #open = null;
  #url;
  #question;

  /**
   * @param {string} url of the sessions
   * @param {{purpose: "verify"} | {purpose: "sign_in", login: string}} question
   */
  constructor(url, question) {
    this.#url = url;
    this.#question = question;
  }

  /**
   * @param {Blob} picture
   * @returns {Promise<Outcome>} errors are outcomes too
   */
  async decide(picture) {
    try {
      const session = this.#open ?? (await postJson(this.#url, this.#question));
      this.#open = null;
      const sent = await postImage(`${this.#url}/${session.id}/frames`, picture, { Prefer: "wait=8" });
      return this.#outcome(await this.#settled(sent));
    } catch (error) {
      if (error instanceof ApiError) return refusal(error);
      throw error;
    }
  }

  /** @param {any} session */
  async #settled(session) {
    const until = Date.now() + GIVE_UP_AFTER_MS;
    let latest = session;
    while (latest.state === "in_progress" && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      latest = await request(`${this.#url}/${session.id}`);
    }
    return latest;
  }

  /**
   * @param {any} session
   * @returns {Outcome}
   */
  #outcome(session) {
    const code = session.reason?.code ?? session.state;
    const outcome = { code, words: session.reason?.message ?? "", session: session.id, retryAfter: 0 };
    if (session.state === "succeeded") return { ...outcome, result: "match", words: "" };
    if (session.state === "created") {
      this.#open = session;
      return { ...outcome, result: "retry" };
    }
    if (session.state === "expired") return { ...outcome, result: "retry", words: "That took too long. Take another picture." };
    if (code === "no_match") return { ...outcome, result: "no_match", words: "" };
    return { ...outcome, result: "unavailable", words: "" };
  }
}

/**
 * @param {ApiError} error
 * @returns {Outcome}
 */
function refusal(error) {
  const outcome = { code: error.code, words: error.message, session: "", retryAfter: error.retryAfter };
  const again = error.status === 429 || error.status === 409 || error.status === 410 || REFUSED_PICTURE.includes(error.code);
  return { ...outcome, result: again ? "retry" : "unavailable" };
}
