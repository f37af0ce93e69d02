// One question to the server: is this picture of that person? Sessions are opened behind the scenes.

import { ApiError, postImages, postJson, request } from "./api.js";

const POLL_MS = 1000;
const HOLD = { Prefer: "wait=8" };
const GIVE_UP_AFTER_MS = 25_000;
const OVER = ["session_closed", "not_found"];
const TAKE_ANOTHER = [
  ...OVER,
  "frame_in_progress",
  "empty_file",
  "file_too_large",
  "unsupported_type",
  "too_many_pixels",
  "animated_image",
  "unreadable_image",
  "hidden_content",
  "too_much_memory",
];

/**
 * @typedef {object} Outcome
 * @property {"match" | "no_match" | "retry" | "unavailable"} result
 * @property {string} code
 * @property {string} words empty where the page has its own
 * @property {string} session
 * @property {number} retryAfter seconds, 0 for at once
 */

export class FaceCheck {
  /** @type {{id: string, challenge: object | null} | null} a session that takes a picture */
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
   * The challenge of the session that takes the next pictures, which is opened if need be.
   * @returns {Promise<{actions: string[], max_side_px: number} | null>}
   * @throws {ApiError}
   */
  async challenge() {
    this.#open ??= await postJson(this.#url, this.#question);
    return this.#open.challenge;
  }

  /** A challenge that nobody answered is not asked again. */
  forget() {
    this.#open = null;
  }

  /**
   * @param {Blob[]} pictures one, or the frames of the challenge
   * @returns {Promise<Outcome>} errors are outcomes too
   */
  async decide(pictures) {
    try {
      return this.#outcome(await this.#settled(await this.#send(pictures)));
    } catch (error) {
      if (error instanceof ApiError) return refusal(error);
      throw error;
    }
  }

  /**
   * Into the session that asked for another picture, unless it has run out meanwhile; else into a new one.
   * @param {Blob[]} pictures
   */
  async #send(pictures) {
    const open = this.#open;
    this.#open = null;
    if (open) {
      try {
        return await this.#post(open, pictures);
      } catch (error) {
        if (open.challenge || !OVER.includes(error.code)) throw error;
      }
    }
    return this.#post(await postJson(this.#url, this.#question), pictures);
  }

  /**
   * @param {{id: string}} session
   * @param {Blob[]} pictures
   */
  #post(session, pictures) {
    return postImages(`${this.#url}/${session.id}/frames`, pictures, HOLD);
  }

  /** @param {any} session */
  async #settled(session) {
    const until = Date.now() + GIVE_UP_AFTER_MS;
    let latest = session;
    while (latest.state === "in_progress" && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      latest = await request(`${this.#url}/${session.id}`, { headers: HOLD });
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
export function refusal(error) {
  const outcome = { code: error.code, words: error.message, session: "", retryAfter: error.retryAfter };
  const again = error.status === 429 || TAKE_ANOTHER.includes(error.code);
  return { ...outcome, result: again ? "retry" : "unavailable" };
}
