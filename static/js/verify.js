// "Verify me now", for somebody who is signed in.

import { CheckPage } from "./check_page.js";
import { FaceCheck } from "./face_check.js";

const TEXTS = {
  busy: "Comparing…",
  match: { title: "Match", words: "This is you, as far as this site can tell." },
  noMatch: { title: "No match", words: "This picture was not recognised as you. Try better light, or look straight into the camera." },
  unavailable: { title: "Not available now", words: "The comparison could not be made. Please try again in a moment." },
};

const root = document.querySelector("[data-verify]");
if (root) {
  const page = new CheckPage(root, TEXTS, () => page.offerAgain());
  page.check = new FaceCheck(root.dataset.sessionsUrl, { purpose: "verify" });
}
