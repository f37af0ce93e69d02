// A file input and, around it, an optional drop zone.

/**
 * @param {ParentNode} root holds [data-files] and perhaps [data-drop]
 * @param {(files: File[]) => void} onFiles
 */
export function onFiles(root, onFiles) {
  const input = root.querySelector("[data-files]");
  const take = () => {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    if (files.length > 0) onFiles(files);
  };
  input.addEventListener("change", take);
  queueMicrotask(take); // chosen while the page was still loading

  const zone = root.querySelector("[data-drop]");
  if (!zone) return;
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.toggleAttribute("data-over", true);
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.removeAttribute("data-over");
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.removeAttribute("data-over");
    onFiles([...event.dataTransfer.files]);
  });
}
