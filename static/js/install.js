// Makes the site installable: its service worker keeps the offline page, and nothing else.
// Browsers offer this on https and on localhost only.

navigator.serviceWorker?.register("/service-worker.js").catch(() => {
  // Without it everything works; only the offline page is missing.
});
