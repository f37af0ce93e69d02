// The verdict on two pictures: in words, as a point on a scale, and in figures.

const FARTHEST = 2; // distance of opposite unit vectors

/** @param {number | null} value */
const figure = (value) => (value === null ? "–" : value.toFixed(3));

export class CompareResult {
  #panel;

  /** @param {ParentNode} page holds one [data-verdict] */
  constructor(page) {
    this.#panel = page.querySelector("[data-verdict]");
  }

  /** @param {string} selector */
  #find(selector) {
    return this.#panel.querySelector(selector);
  }

  hide() {
    this.#panel.hidden = true;
    delete this.#panel.dataset.result;
  }

  /**
   * Words without figures: busy, or why there is no verdict.
   * @param {"busy" | "refused" | "unavailable"} result
   * @param {string} title
   * @param {string} [text]
   */
  say(result, title, text = "") {
    this.#show(result, title, text);
    for (const part of ["faces", "figures", "scale"]) this.#part(part).hidden = true;
  }

  /** @param {any} comparison decided, as the API answers it */
  tell(comparison) {
    this.#show(comparison.matched ? "match" : "no_match", comparison.matched ? "Matched" : "Not matched", verdict(comparison));
    this.#part("faces").hidden = false;
    this.#part("figures").hidden = false;
    this.#panel.querySelectorAll("[data-verdict-crop]").forEach((image, number) => {
      image.src = comparison.crops[number];
    });
    for (const cell of this.#panel.querySelectorAll("[data-figure]")) {
      const value = comparison[cell.dataset.figure];
      cell.textContent = typeof value === "string" ? value : figure(value);
    }
    this.#drawScale(comparison);
    this.#panel.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** @param {"faces" | "figures" | "scale"} name */
  #part(name) {
    return this.#find({ faces: "[data-verdict-faces]", figures: "[data-figures]", scale: "[data-scale]" }[name]);
  }

  /**
   * @param {string} result
   * @param {string} title
   * @param {string} text
   */
  #show(result, title, text) {
    this.#panel.hidden = false;
    this.#panel.dataset.result = result;
    this.#find("[data-verdict-title]").textContent = title;
    this.#find("[data-verdict-text]").textContent = text;
  }

  /** @param {{distance: number | null, threshold_distance: number | null}} comparison */
  #drawScale({ distance, threshold_distance: limit }) {
    const scale = this.#part("scale");
    scale.hidden = distance === null;
    scale.style.setProperty("--distance", `${(100 * distance) / FARTHEST}%`);
    scale.style.setProperty("--limit", `${(100 * limit) / FARTHEST}%`);
  }
}

/** @param {any} comparison */
function verdict({ matched, distance, threshold_distance: limit }) {
  if (distance === null) return matched ? "Alike enough to be one person." : "Not alike enough to be one person.";
  const place = matched ? "within" : "beyond";
  const who = matched ? "These look like one person" : "These do not look like one person";
  return `${who}: a distance of ${distance.toFixed(2)} is ${place} the threshold of ${limit.toFixed(2)}.`;
}
