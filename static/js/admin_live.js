/* Keeps what changes while a run or a promotion is under way up to date: fetches the page itself, takes its live parts. */

const EVERY_MS = 2000;
const isOpen = () => document.querySelector('[data-live][data-open="yes"]') !== null;

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${part.dataset.live}"]`);
    if (fresh) part.replaceWith(fresh);
  }
}

async function watch() {
  if (!isOpen()) return;
  if (!document.hidden) {
    try {
      await refresh();
      if (!isOpen()) location.reload(); // over: its buttons and figures change with it
    } catch {
      // The site is away for a moment: try again.
    }
  }
  setTimeout(watch, EVERY_MS);
}

document.addEventListener("DOMContentLoaded", () => setTimeout(watch, EVERY_MS));
