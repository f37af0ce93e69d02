// How far the enrollment is: the row of ovals, its words, and what to do next.

/** @typedef {{accepted: number, pending: number, minimum: number, maximum: number, usable: boolean}} Anchors */

/** @param {Anchors} anchors */
function title({ accepted, minimum, usable }) {
  return usable ? `${accepted} anchor${accepted === 1 ? "" : "s"}` : `${accepted} of ${minimum} anchors`;
}

/** @param {Anchors} anchors */
export function isFull({ accepted, pending, maximum }) {
  return accepted + pending >= maximum;
}

/** @param {Anchors} anchors */
function words(anchors) {
  if (isFull(anchors)) return "That is all there is room for. Remove one to take another.";
  if (anchors.usable) return "Enough to sign in. More pictures make it surer.";
  return "Each picture that is accepted becomes an anchor: what you are compared with when you sign in.";
}

/**
 * @param {HTMLElement} page
 * @param {Anchors} anchors
 */
export function showProgress(page, anchors) {
  const meter = page.querySelector("[data-progress]");
  meter.setAttribute("aria-valuenow", String(anchors.accepted));
  meter.setAttribute("aria-valuetext", title(anchors));
  page.querySelector("[data-progress-title]").textContent = title(anchors);
  page.querySelector("[data-progress-words]").textContent = words(anchors);
  page.querySelector("[data-ready]").hidden = !anchors.usable;
  page.querySelectorAll("[data-ovals] li").forEach((oval, index) => {
    oval.toggleAttribute("data-filled", index < anchors.accepted);
    oval.toggleAttribute("data-pending", index >= anchors.accepted && index < anchors.accepted + anchors.pending);
  });
}

/** @param {Anchors} anchors */
export function spoken(anchors) {
  return anchors.usable ? `${title(anchors)}. You can now sign in with your face.` : title(anchors);
}
