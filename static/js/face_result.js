// The panel that says what came of a picture, and counts down where one has to wait.

/** @param {number} seconds */
function span(seconds) {
  if (seconds < 60) return `${seconds} second${seconds === 1 ? "" : "s"}`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

export class FaceResult {
  #panel;
  #timer = 0;

  /** @param {ParentNode} page holds one [data-result-panel] */
  constructor(page) {
    this.#panel = page.querySelector("[data-result-panel]");
  }

  hide() {
    clearInterval(this.#timer);
    this.#panel.hidden = true;
    delete this.#panel.dataset.result;
  }

  /**
   * @param {"busy" | "match" | "no_match" | "retry" | "unavailable"} result
   * @param {{title: string, words?: string, code?: string}} content never a score
   */
  show(result, { title, words = "", code = "" }) {
    clearInterval(this.#timer);
    this.#panel.hidden = false;
    this.#panel.dataset.result = result;
    this.#panel.dataset.code = code;
    this.#panel.querySelector("[data-result-title]").textContent = title;
    this.#panel.querySelector("[data-result-words]").textContent = words;
  }

  /**
   * @param {number} seconds
   * @param {() => void} onEnd
   */
  countDown(seconds, onEnd) {
    const end = Date.now() + seconds * 1000;
    const words = this.#panel.querySelector("[data-result-words]");
    this.#panel.setAttribute("aria-live", "off"); // every second would be too much to listen to
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      words.textContent = `You can try again in ${span(Math.max(0, left))}.`;
      if (left > 0) return;
      clearInterval(this.#timer);
      this.#panel.setAttribute("aria-live", "polite");
      words.textContent = "You can try again now.";
      onEnd();
    };
    this.#timer = setInterval(tick, 1000);
    tick();
  }
}
