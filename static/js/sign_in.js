// Sign in with a face: the account name, then what the challenge asks for.

import { CheckPage } from "./check_page.js";
import { FaceCheck } from "./face_check.js";

/** @param {string} instead what does in place of the face */
const texts = (instead) => ({
  busy: "Checking…",
  match: { title: "Welcome back", words: "Signing you in…" },
  noMatch: { title: "That did not work", words: `Face the camera in good light and try again, or use ${instead}.` },
  unavailable: { title: "Sign-in by face is not available now", words: `Please use ${instead}.` },
});

/** @param {HTMLElement} root */
function start(root) {
  const loginForm = root.querySelector("[data-login-form]");
  const login = root.querySelector("[data-login]");
  const step = root.querySelector("[data-step=picture]");
  const finish = root.querySelector("[data-finish-form]");

  const page = new CheckPage(root, texts(root.dataset.instead), (outcome) => {
    finish.elements.session.value = outcome.session;
    finish.requestSubmit();
  });

  loginForm.querySelector("[type=submit]").disabled = false; // it waited for this script
  page.warmUp();
  loginForm.addEventListener("submit", (event) => {
    event.preventDefault();
    page.check = new FaceCheck(root.dataset.sessionsUrl, { purpose: "sign_in", login: login.value.trim() });
    root.querySelector("[data-login-shown]").textContent = login.value.trim();
    loginForm.hidden = true;
    step.hidden = false;
    step.querySelector("h1").focus();
    page.stage.start();
  });

  root.querySelector("[data-change-login]")?.addEventListener("click", async () => {
    page.check = null;
    await page.reset();
    page.stage.stop();
    step.hidden = true;
    loginForm.hidden = false;
    login.select();
  });
}

const root = document.querySelector("[data-sign-in]");
if (root) start(root);
