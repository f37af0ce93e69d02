// Single-letter keys that never get in the way of typing.

/**
 * @param {EventTarget | null} target
 * @returns {boolean} whether letters belong to this element
 */
function takesText(target) {
  return target instanceof Element && target.closest("input:not([type=file]), textarea, select, [contenteditable], dialog") !== null;
}

/** @param {Record<string, () => void>} actions by lower-case letter */
export function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || takesText(event.target)) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
