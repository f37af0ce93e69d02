// The verdict on two pictures: in words, as a point on a scale, and in figures.

// A scale runs from alike to unlike: distances of unit vectors from 0 to 2, a learned probability from 1 down to 0.
const SCALES = {
  cosine: { near: "0, alike", far: "2, opposite", place: (distance) => distance / 2 },
  distance: { near: "0, alike", far: "2, opposite", place: (distance) => distance / 2 },
  probability: { near: "1, surely one person", far: "0", place: (probability) => 1 - probability },
};

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
    this.#fillFigures({ ...comparison, strangers: `1 in ${Math.round(1 / comparison.fmr).toLocaleString("en")}` });
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

  /** @param {any} figures named as the cells are */
  #fillFigures(figures) {
    for (const row of this.#panel.querySelectorAll("[data-measures]")) {
      row.hidden = !row.dataset.measures.split(" ").includes(figures.measure);
    }
    for (const cell of this.#panel.querySelectorAll("[data-figure]")) {
      const value = figures[cell.dataset.figure];
      cell.textContent = typeof value === "string" ? value : figure(value);
    }
  }

  /** @param {any} comparison */
  #drawScale(comparison) {
    const scale = this.#part("scale");
    const { near, far, place } = SCALES[comparison.measure];
    const [found, limit] = measured(comparison);
    scale.hidden = false;
    scale.querySelector("[data-scale-near]").textContent = near;
    scale.querySelector("[data-scale-far]").textContent = far;
    scale.style.setProperty("--distance", `${100 * place(found)}%`);
    scale.style.setProperty("--limit", `${100 * place(limit)}%`);
  }
}

/**
 * What was found and the threshold, in the measure of the model.
 * @param {any} comparison
 */
function measured({ measure, similarity, threshold, distance, threshold_distance: limit }) {
  return measure === "probability" ? [similarity, threshold] : [distance, limit];
}

/** @param {any} comparison */
function verdict(comparison) {
  const [found, limit] = measured(comparison).map((value) => value.toFixed(comparison.measure === "probability" ? 3 : 2));
  const who = comparison.matched ? "These look like one person" : "These do not look like one person";
  if (comparison.measure === "probability") {
    return `${who}: the network puts the probability that they are at ${found}, and ${limit} is needed.`;
  }
  return `${who}: a distance of ${found} is ${comparison.matched ? "within" : "beyond"} the threshold of ${limit}.`;
}
