// The account menu is a <details>; this closes it when attention moves elsewhere.

const menu = document.querySelector("[data-menu]");

function close() {
  if (menu) menu.open = false;
}

document.addEventListener("click", (event) => {
  if (!menu?.contains(event.target)) close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  close();
  menu.querySelector("summary").focus();
});
